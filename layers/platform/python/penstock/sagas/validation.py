"""Every problem of a saga definition at once, each with the path of what is wrong.

A rule is a function from the definition's outline to its problems; `RULES` holds them all.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from penstock.json import JSON, JSONObject, dumps
from penstock.sagas.definition import SagaDefinition
from penstock.sagas.errors import InvalidSaga
from penstock.sagas.plan import Plan
from penstock.sagas.states_language import RESERVED
from penstock.sagas.states_language import compile as compile_machine
from penstock.workflows.catalogue import Catalogue
from penstock.workflows.errors import Problem
from penstock.workflows.node import Kind
from penstock.workflows.parameters import expression_problems, node_references, parameter_problems, phrase, place

_KINDS = frozenset({Kind.ACTION, Kind.QUERY, Kind.COMPLIANCE})
_DERIVED = (" done?", " in doubt")
LARGEST_MACHINE = 1_000_000
"""Bytes of a state machine's definition: Step Functions takes 1 MB, our function's ARN in every task with it."""

_LONGEST_ARN = "x" * 140


def parse(definition: JSON, catalogue: Catalogue) -> SagaDefinition:
    """The definition, valid. Raises InvalidSaga with every problem."""
    if problems := validate(definition, catalogue):
        raise InvalidSaga(problems)
    return SagaDefinition.model_validate(definition)


def validate(definition: JSON, catalogue: Catalogue) -> list[Problem]:
    """All that is wrong with a definition, in the order of the rules; empty when it can run."""
    shape = list(_shape(definition)) or list(_size(definition))
    outline = _Outline(definition if isinstance(definition, dict) else {}, catalogue)
    return [*shape, *(problem for rule in RULES for problem in rule(outline))]


@dataclass(frozen=True, slots=True)
class _Action:
    """An action or a compensation as it stands in the document. `stage` counts from 0; `step` is whose it is."""

    path: str
    entry: JSONObject
    stage: int
    step: str
    is_compensation: bool

    @property
    def name(self) -> str:
        return _text(self.entry, "name")


@dataclass(frozen=True)
class _Outline:
    """What could be read of a definition: a step that is misspelt hides no other's problem."""

    document: JSONObject
    catalogue: Catalogue

    @cached_property
    def stages(self) -> Sequence[tuple[str, JSONObject]]:
        """Steps and groups with their paths."""
        return [(f"steps[{index}]", entry) for index, entry in enumerate(_objects(self.document.get("steps")))]

    @cached_property
    def actions(self) -> Sequence[_Action]:
        """Every action and compensation."""
        return [action for index, (path, entry) in enumerate(self.stages) for action in _actions(index, path, entry)]

    @cached_property
    def pivots(self) -> Sequence[int]:
        """The places of the pivots."""
        return [index for index, (_, entry) in enumerate(self.stages) if entry.get("pivot") is True]


def _actions(stage: int, path: str, entry: JSONObject) -> Iterator[_Action]:
    steps = [(path, entry)]
    if "parallel" in entry:
        steps = [(f"{path}.parallel[{index}]", step) for index, step in enumerate(_objects(entry["parallel"]))]
    for at, step in steps:
        yield _Action(at, step, stage, _text(step, "name"), False)
        if isinstance(compensation := step.get("compensation"), dict):
            yield _Action(f"{at}.compensation", compensation, stage, _text(step, "name"), True)


def _objects(value: JSON) -> Sequence[JSONObject]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _text(entry: JSONObject, name: str) -> str:
    value = entry.get(name)
    return value if isinstance(value, str) else ""


def _parameters(entry: JSONObject) -> JSONObject:
    value = entry.get("parameters", {})
    return value if isinstance(value, dict) else {}


def _shape(document: JSON) -> Iterator[Problem]:
    try:
        SagaDefinition.model_validate(document)
    except ValidationError as invalid:
        for error in invalid.errors(include_url=False, include_input=False):
            path, _ = place(document, error["loc"])
            yield Problem(path or "$", "shape", phrase(error))


def _size(document: JSON) -> Iterator[Problem]:
    size = len(dumps(compile_machine(Plan(SagaDefinition.model_validate(document)), _LONGEST_ARN)))
    if size > LARGEST_MACHINE:
        message = f"it makes a state machine of {size} bytes; {LARGEST_MACHINE} is the most: use fewer steps"
        yield Problem("steps", "size", message)


def _input_schema(outline: _Outline) -> Iterator[Problem]:
    import jsonschema_rs

    schema = outline.document.get("input")
    try:
        if isinstance(schema, dict):
            jsonschema_rs.validator_for(schema)
    except (ValueError, jsonschema_rs.ValidationError) as error:
        yield Problem("input", "schema", f"is not a JSON Schema: {str(error).splitlines()[0]}")


def _names(outline: _Outline) -> Iterator[Problem]:
    """Every one becomes a state of the machine, or several, and states have names of their own."""
    first: dict[str, str] = {}
    groups = [(path, _text(entry, "name")) for path, entry in outline.stages if "parallel" in entry]
    for path, name in [*((action.path, action.name) for action in outline.actions), *groups]:
        if name in RESERVED or name.endswith(_DERIVED) or name.startswith("Undo "):
            yield Problem(f"{path}.name", "reserved_name", f"{name!r} is what the machine calls a state of its own")
        if name and first.setdefault(name, path) != path:
            yield Problem(f"{path}.name", "duplicate_name", f"{first[name]} is named {name!r} too; names are unique")


def _types(outline: _Outline) -> Iterator[Problem]:
    for action in outline.actions:
        name = _text(action.entry, "type")
        found = outline.catalogue.get(name)
        if name and found is None:
            close = get_close_matches(name, list(outline.catalogue), n=1, cutoff=0.5)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            yield Problem(f"{action.path}.type", "unknown_type", f"there is no node type {name!r}{hint}")
        elif found and (found.kind not in _KINDS or found.resume is not None):
            message = f"{name} waits or controls a workflow; a saga's step is an action that ends within its time"
            yield Problem(f"{action.path}.type", "unfit_type", message)


def _pivot(outline: _Outline) -> Iterator[Problem]:
    for index in outline.pivots[1:]:
        message = f"steps[{outline.pivots[0]}] is the pivot already; there is one point of no return"
        yield Problem(f"steps[{index}].pivot", "second_pivot", message)
    for index, (path, entry) in enumerate(outline.stages):
        for number, step in enumerate(_objects(entry.get("parallel"))):
            if step.get("pivot") is True:
                message = "a pivot stands alone: the steps beside it could not be undone once it has happened"
                yield Problem(f"{path}.parallel[{number}].pivot", "pivot_in_group", message)
        if outline.pivots and index > outline.pivots[0]:
            yield from _never_undone(outline, index)


def _never_undone(outline: _Outline, stage: int) -> Iterator[Problem]:
    for action in outline.actions:
        if action.stage == stage and action.is_compensation:
            message = "it would never run: after the pivot a saga only goes forward"
            yield Problem(action.path, "compensation_after_pivot", message)


def _fields(outline: _Outline) -> Iterator[Problem]:
    for action in outline.actions:
        if found := outline.catalogue.get(_text(action.entry, "type")):
            yield from parameter_problems(f"{action.path}.parameters", _parameters(action.entry), found)
        yield from expression_problems(f"{action.path}.parameters", _parameters(action.entry))


def _references(outline: _Outline) -> Iterator[Problem]:
    known = {action.name: action for action in outline.actions if not action.is_compensation}
    for action in outline.actions:
        for path, name in node_references(f"{action.path}.parameters", _parameters(action.entry)):
            if name not in known:
                yield Problem(path, "unknown_reference", f"an expression reads step {name!r}, which there is not")
            elif known[name].stage >= action.stage:
                message = f"an expression reads step {name!r}, whose result may not be there; earlier steps' always are"
                yield Problem(path, "not_earlier", message)


def _delays(outline: _Outline) -> Iterator[Problem]:
    for action in outline.actions:
        retry = action.entry.get("retry")
        given: Mapping[str, Any] = retry if isinstance(retry, dict) else {}
        delay, longest = given.get("delay_seconds", 1), given.get("max_delay_seconds", 300)
        if isinstance(delay, int) and isinstance(longest, int) and longest <= delay:
            path = f"{action.path}.retry.max_delay_seconds"
            yield Problem(path, "delay", f"must be longer than delay_seconds, {delay}")


RULES: Sequence[Callable[[_Outline], Iterator[Problem]]] = (
    _input_schema,
    _names,
    _types,
    _pivot,
    _fields,
    _references,
    _delays,
)
