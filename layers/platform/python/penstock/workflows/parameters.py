"""What is wrong with a node's parameters before it runs.

Values that an expression stands in are left for the run to check; everything around them is checked now.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from penstock.json import JSON, JSONObject
from penstock.workflows.errors import Problem
from penstock.workflows.expressions import ExpressionLimitError, check, references
from penstock.workflows.node import NodeParameters, NodeType

_MARK = "{{"
_ALWAYS_WRONG = frozenset({"missing", "extra_forbidden", "required", "additionalProperties"})
"""Kinds of error that no value of an expression can mend."""

_DEEPEST = 64
_SUBJECT = re.compile(r"^(?:Input|String|Value|List|Tuple|Dictionary|Set|Number|Keys) should ")
_PHRASES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "missing": lambda _: "is required",
    "extra_forbidden": lambda _: "is not known here",
    "value_error": lambda error: str(error["ctx"]["error"]),
    "string_pattern_mismatch": lambda error: f"must match the pattern {error['ctx']['pattern']}",
    "union_tag_not_found": lambda error: f"needs {error['ctx']['discriminator']}, which says what it is",
}


def parameter_problems(path: str, parameters: JSONObject, node_type: NodeType) -> Iterator[Problem]:
    """What does not fit the type: by its model where its code is here, else by its JSON Schema."""
    if _too_deep(parameters):
        return
    by = _by_schema if node_type.parameters is None else _by_model
    for loc, kind, message in by(parameters, node_type):
        where, value = place(parameters, loc)
        if kind in _ALWAYS_WRONG or not _has_expression(value):
            yield Problem(_joined(path, where), "parameter", message)


def expression_problems(path: str, parameters: JSONObject) -> Iterator[Problem]:
    """Every expression that is not JavaScript."""
    try:
        for problem in check(parameters):
            yield Problem(
                _joined(path, problem.parameter),
                "expression",
                f"{{{{ {problem.expression[:200]} }}}}: {problem.reason}",
            )
    except ExpressionLimitError as limit:
        yield Problem(path, "expression", limit.reason)


def expression_places(path: str, parameters: JSONObject) -> Iterator[str]:
    """The path of every text that holds an expression."""
    if not _too_deep(parameters):
        yield from (where for where, text in _texts(parameters, path) if _MARK in text)


def node_references(path: str, parameters: JSONObject) -> Iterator[tuple[str, str]]:
    """Every node that an expression reads by its name, with the parameter's path."""
    if _too_deep(parameters):
        return
    for where, text in _texts(parameters, path):
        for name in sorted(references(text)):
            yield where, name


def place(value: JSON, loc: Sequence[int | str]) -> tuple[str, JSON]:
    """The path of an error's location, and what stands there.

    Steps that are not in the document, as the tags of unions, are left out, but for a last one, which is a field that
    is missing. A location inside a text ends at the text.
    """
    path = ""
    for number, step in enumerate(loc, 1):
        if _holds(value, step):
            value = value[step]
        elif isinstance(value, dict) and number == len(loc):
            value = None
        else:
            continue
        path = _joined(path, f"[{step}]" if isinstance(step, int) else step)
    return path, value


def phrase(error: Mapping[str, Any]) -> str:
    """A pydantic error as a clause about the value: `must be greater than 0`."""
    if found := _PHRASES.get(error["type"]):
        return found(error)
    return _SUBJECT.sub("must ", error["msg"]) if _SUBJECT.match(error["msg"]) else f"{error['msg']}"


def _by_model(parameters: JSONObject, node_type: NodeType) -> Iterator[tuple[Sequence[int | str], str, str]]:
    model = node_type.parameters or NodeParameters
    try:
        model.model_validate(parameters)
    except ValidationError as invalid:
        for error in invalid.errors(include_url=False, include_input=False):
            yield error["loc"], error["type"], phrase(error)


def _by_schema(parameters: JSONObject, node_type: NodeType) -> Iterator[tuple[Sequence[int | str], str, str]]:
    import jsonschema_rs

    for error in jsonschema_rs.validator_for(node_type.schema).iter_errors(parameters):
        yield list(error.instance_path), error.kind.name, error.message


def _holds(value: JSON, step: int | str) -> bool:
    if isinstance(step, int):
        return isinstance(value, list | tuple) and 0 <= step < len(value)
    return isinstance(value, dict) and step in value


def _joined(path: str, step: str) -> str:
    return f"{path}.{step}" if path and step and not step.startswith("[") else path + step


def _has_expression(value: JSON) -> bool:
    return any(_MARK in text for _, text in _texts(value, ""))


def _texts(value: JSON, path: str) -> Iterator[tuple[str, str]]:
    """Every text in a value, with its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from _texts(part, _joined(path, str(name)))
    elif isinstance(value, list | tuple):
        for index, part in enumerate(value):
            yield from _texts(part, f"{path}[{index}]")


def _too_deep(parameters: JSONObject) -> bool:
    """Whether the parameters are nested beyond what expressions may stand in; `expression_problems` says so."""
    depth, level = 0, [parameters]
    while level and depth <= _DEEPEST:
        depth += 1
        level = [part for value in level for part in _parts(value)]
    return bool(level)


def _parts(value: JSON) -> list[Any]:
    entries = value.values() if isinstance(value, dict) else value
    return [part for part in entries if isinstance(part, dict | list)]
