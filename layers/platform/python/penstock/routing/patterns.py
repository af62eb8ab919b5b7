"""Patterns: a content filter over events, in the language of EventBridge's event patterns.

    {"kind": ["event"], "type": [{"prefix": "lab."}], "data": {"ward": ["3B", "3C"], "value": [{"numeric": [">", 7]}]}}

A pattern names fields, as they are nested in the event, and for each a list of what may stand there: a value, or an
operator. An event is meant when every field that is named holds one of those. `$or` holds alternatives. Where the event
has a list, one of its elements must do; an object below a list must do with all its fields.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, TypeAlias

from penstock.json import JSON, JSONObject, canonical, dumps, loads
from penstock.routing.errors import InvalidPattern
from penstock.routing.operators import OPERATORS, Findings, Test, equal_to, key
from penstock.workflows.errors import Problem

LARGEST_PATTERN = 4_096  # bytes of JSON, as EventBridge takes
DEEPEST = 16
REMEMBERED = 1_000

FIELDS = (
    "id",
    "tenant",
    "stream",
    "kind",
    "key",
    "version",
    "type",
    "schema",
    "time",
    "actor",
    "correlation",
    "causation",
    "data",
)
"""What an event of the bus has; `data` only where its kind is published."""

OR, EXISTS = "$or", "exists"
Predicate: TypeAlias = Callable[[JSONObject], bool]
_Node: TypeAlias = Callable[[Any], bool]
_MISSING = object()


def problems(pattern: JSON, path: str = "pattern", fields: Collection[str] = FIELDS) -> list[Problem]:
    """All that is wrong with a pattern; `fields` are those that events have. Empty when it holds."""
    if found := list(_bounds(pattern, path)):
        return found
    findings = Findings()
    _object(pattern, path, findings, fields)
    return findings.problems


def compiled(pattern: JSONObject) -> Predicate:
    """The pattern as a predicate over events; each is compiled once. Raises InvalidPattern."""
    return _compiled(canonical(pattern))


@lru_cache(REMEMBERED)
def _compiled(text: bytes) -> Predicate:
    pattern, findings = loads(text), Findings()
    if found := list(_bounds(pattern, "pattern")):
        raise InvalidPattern(found)
    predicate = _object(pattern, "pattern", findings, None)
    if findings.problems:
        raise InvalidPattern(findings.problems)
    return predicate


def _bounds(pattern: JSON, path: str) -> Iterator[Problem]:
    depth, level = 0, [pattern]
    while level and depth <= DEEPEST:
        depth += 1
        level = [part for value in level for part in _parts(value)]
    if level:
        yield Problem(path, "pattern", f"is nested over {DEEPEST} deep")
    elif _size(pattern) > LARGEST_PATTERN:
        yield Problem(path, "pattern", f"is over {LARGEST_PATTERN} bytes")


def _parts(value: JSON) -> Sequence[Any]:
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else ()


def _size(pattern: JSON) -> int:
    try:
        return len(dumps(pattern))
    except TypeError:  # an integer beyond 64 bits
        return LARGEST_PATTERN + 1


def _object(pattern: JSON, path: str, findings: Findings, fields: Collection[str] | None) -> _Node:
    """The node for an object. `fields` are the names that it may have, None for any."""
    if not isinstance(pattern, dict) or not pattern:
        return findings.add(path, "must be an object that names at least one field")
    choices = pattern[OR] if _is_choice(pattern.get(OR)) else None
    alternatives = [
        _object(each, f"{path}.{OR}[{place}]", findings, fields) for place, each in enumerate(choices or ())
    ]
    nodes = {
        name: _field(name, part, f"{path}.{name}", findings, fields)
        for name, part in pattern.items()
        if name != OR or choices is None
    }

    def is_met(found: JSONObject) -> bool:
        return all(node(found.get(name, _MISSING)) for name, node in nodes.items()) and (
            not alternatives or any(each(found) for each in alternatives)
        )

    return lambda found: any(is_met(each) for each in _objects(found))


def _is_choice(value: JSON) -> bool:
    """A field may be named $or too: alternatives are two objects or more."""
    return isinstance(value, list) and len(value) > 1 and all(isinstance(each, dict) for each in value)


def _field(name: str, part: JSON, path: str, findings: Findings, fields: Collection[str] | None) -> _Node:
    if fields is not None and name not in fields:
        close = get_close_matches(name, list(fields), n=1)
        hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(fields)}"
        return findings.add(path, f"no event has this field; {hint}")
    if isinstance(part, dict):
        return _object(part, path, findings, None)
    if not isinstance(part, list) or not part:
        return findings.add(path, "must be a list of what may stand there, or an object of the fields below it")
    return _leaf(part, path, findings)


def _leaf(allowed: list[JSON], path: str, findings: Findings) -> _Node:
    exact, tests, may_be_missing = set(), list[Test](), False
    for place, each in enumerate(allowed):
        where = f"{path}[{place}]"
        if isinstance(each, dict):
            if each == {EXISTS: False}:
                may_be_missing = True
            else:
                tests.append(_operator(each, where, findings))
        elif isinstance(each, list):
            findings.add(where, "must be a value or an operator, not a list")
        else:
            exact.add(key(each))
    if exact:
        tests.append(equal_to(frozenset(exact)))

    def is_met(found: Any) -> bool:
        scalars = list(_scalars(found))
        return any(test(each) for each in scalars for test in tests) if scalars else may_be_missing

    return is_met


def _operator(operator: dict[str, JSON], path: str, findings: Findings) -> Test:
    if len(operator) != 1 or not operator.keys() <= {*OPERATORS, EXISTS}:
        return findings.add(path, f"must hold one operator of {', '.join((*OPERATORS, EXISTS))}")
    ((name, operand),) = operator.items()
    if name != EXISTS:
        return OPERATORS[name](operand, f"{path}.{name}", findings)
    return (lambda _: True) if operand is True else findings.add(f"{path}.{name}", "must be true or false")


def _objects(found: Any) -> Sequence[JSONObject]:
    """The objects at a place; one without any field where there is none, so that what must be missing is."""
    objects = [each for each in _elements(found) if isinstance(each, dict)]
    return objects or ({},)


def _scalars(found: Any) -> Iterator[JSON]:
    return (each for each in _elements(found) if each is not _MISSING and not isinstance(each, dict))


def _elements(found: Any) -> Iterator[Any]:
    """What stands at a place: the value, or what a list holds, and lists within it."""
    rest = [found]
    while rest:
        value = rest.pop()
        if isinstance(value, list):
            rest.extend(reversed(value))
        else:
            yield value
