"""JSON Patch (RFC 6902) of a resource, as FHIR R4 has it (section 3.1.0.9): operations by JSON Pointer, all or none."""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from decimal import Decimal

from penstock.fields import DECIMAL
from penstock.json import JSON, JSONObject
from penstock_healthcare.fhir.errors import InvalidPatch

MEDIA_TYPE = "application/json-patch+json"
MOST_OPERATIONS = 100
_LONGEST_POINTER = 500
_FIXED = frozenset({("resourceType",), ("id",)})
_END = "-"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. `place` counts from 0; the pointers are split into their steps."""

    place: int
    name: str
    path: tuple[str, ...]
    source: tuple[str, ...] = ()
    value: JSON = None

    def refused(self, member: str, reason: str) -> InvalidPatch:
        """What is wrong with a member of it."""
        return InvalidPatch(f"[{self.place}].{member}", reason)


def patched(resource: JSONObject, operations: Sequence[Operation]) -> JSONObject:
    """The resource after all operations; the given one stays as it is. Raises InvalidPatch."""
    made = deepcopy(resource)
    for each in operations:
        _OPERATIONS[each.name](made, each)
    return _without_empty(made)


def operations(sent: Sequence[JSON]) -> Sequence[Operation]:
    """What a patch asks for, in its order. Raises InvalidPatch."""
    if not 0 < len(sent) <= MOST_OPERATIONS:
        raise InvalidPatch("", f"must have 1 to {MOST_OPERATIONS} operations")
    return [_operation(place, each) for place, each in enumerate(sent)]


def _operation(place: int, sent: JSON) -> Operation:
    name = sent.get("op") if isinstance(sent, dict) else None
    if not isinstance(name, str) or name not in _OPERATIONS:
        raise InvalidPatch(f"[{place}].op", f"must be one of {', '.join(_OPERATIONS)}")
    if name in _VALUED and "value" not in sent:
        raise InvalidPatch(f"[{place}].value", f"must be there for {name}")
    source = _steps(place, "from", sent.get("from")) if name in _SOURCED else ()
    operation = Operation(place, name, _steps(place, "path", sent.get("path")), source, sent.get("value"))
    is_identity = name != "test" and operation.path in _FIXED
    if is_identity or (name == "move" and source in _FIXED):
        raise operation.refused("path", "a resource keeps its type and id")
    return operation


def _steps(place: int, member: str, pointer: JSON) -> tuple[str, ...]:
    if not isinstance(pointer, str) or not pointer.startswith("/") or len(pointer) > _LONGEST_POINTER:
        raise InvalidPatch(f"[{place}].{member}", "must be a JSON Pointer to a part of the resource, as /name/0/family")
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer[1:].split("/"))


def _add(resource: JSONObject, operation: Operation) -> None:
    _put(resource, operation, deepcopy(operation.value))


def _put(resource: JSONObject, operation: Operation, value: JSON) -> None:
    parent, last = _parent(resource, operation, "path", operation.path)
    if isinstance(parent, dict):
        parent[last] = value
        return
    index = len(parent) if last == _END else _index(operation, "path", last, len(parent) + 1)
    parent.insert(index, value)


def _remove(resource: JSONObject, operation: Operation) -> None:
    _take(resource, operation, "path", operation.path)


def _replace(resource: JSONObject, operation: Operation) -> None:
    _found(resource, operation, "path", operation.path)
    parent, last = _parent(resource, operation, "path", operation.path)
    parent[last if isinstance(parent, dict) else int(last)] = deepcopy(operation.value)


def _move(resource: JSONObject, operation: Operation) -> None:
    if operation.path[: len(operation.source)] == operation.source and operation.path != operation.source:
        raise operation.refused("path", "must not lead into what is moved")
    _put(resource, operation, _take(resource, operation, "from", operation.source))


def _copy(resource: JSONObject, operation: Operation) -> None:
    _put(resource, operation, deepcopy(_found(resource, operation, "from", operation.source)))


def _test(resource: JSONObject, operation: Operation) -> None:
    if not _equal(_found(resource, operation, "path", operation.path), operation.value):
        raise operation.refused("value", "is not what stands there")


def _equal(one: JSON, other: JSON) -> bool:
    """As RFC 6902, section 4.6, has it: numbers by value, also one that travelled as text; no boolean is a number."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    if isinstance(one, Decimal) and isinstance(other, str) and DECIMAL.match(other):
        return one == Decimal(other)
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _take(resource: JSONObject, operation: Operation, member: str, steps: tuple[str, ...]) -> JSON:
    _found(resource, operation, member, steps)
    parent, last = _parent(resource, operation, member, steps)
    return parent.pop(last if isinstance(parent, dict) else int(last))


def _parent(resource: JSONObject, operation: Operation, member: str, steps: tuple[str, ...]) -> tuple[JSON, str]:
    parent = _found(resource, operation, member, steps[:-1])
    if not isinstance(parent, dict | list):
        raise operation.refused(member, "leads through a value that has no parts")
    return parent, steps[-1]


def _found(resource: JSONObject, operation: Operation, member: str, steps: tuple[str, ...]) -> JSON:
    value: JSON = resource
    for step in steps:
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list):
            value = value[_index(operation, member, step, len(value))]
        else:
            raise operation.refused(member, "leads to nothing in the resource")
    return value


def _index(operation: Operation, member: str, step: str, size: int) -> int:
    is_number = step.isascii() and step.isdigit() and len(step) < 10 and str(int(step)) == step
    if not is_number or int(step) >= size:
        raise operation.refused(member, "leads to nothing in a list of the resource")
    return int(step)


def _without_empty(resource: JSONObject) -> JSONObject:
    """FHIR has no empty lists and objects: a list whose last element was removed goes with it."""
    kept = {name: _emptied(value) for name, value in resource.items()}
    return {name: value for name, value in kept.items() if value not in ({}, [])}


def _emptied(value: JSON) -> JSON:
    if isinstance(value, dict):
        return _without_empty(value)
    return [_emptied(each) for each in value] if isinstance(value, list) else value


_OPERATIONS: Mapping[str, Callable[[JSONObject, Operation], None]] = {
    "remove": _remove,
    "add": _add,
    "replace": _replace,
    "move": _move,
    "copy": _copy,
    "test": _test,
}
NAMES = tuple(_OPERATIONS)
_VALUED = frozenset({"add", "replace", "test"})
_SOURCED = frozenset({"move", "copy"})
