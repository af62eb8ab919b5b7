"""The roots and member steps that the fast path reads without JavaScript.

`$json.a["b"][0]?.c`: each step follows ECMA-262 §13.3 for the data that JSON can hold. A step that would
meet a prototype (`.toString`), a method or a TypeError raises NotFast: QuickJS then gives the value or the error.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from penstock.json import JSON
from penstock.workflows.expressions.scope import Scope
from penstock.workflows.expressions.values import NOT_FAST, UNDEFINED, leaf

Evaluate = Callable[[Scope], JSON]

INHERITED: Final = frozenset(
    {
        "__defineGetter__",
        "__defineSetter__",
        "__lookupGetter__",
        "__lookupSetter__",
        "__proto__",
        "constructor",
        "hasOwnProperty",
        "isPrototypeOf",
        "propertyIsEnumerable",
        "toLocaleString",
        "toString",
        "valueOf",
    }
)
"""The properties of Object.prototype: a dict without such a key still has one in JavaScript."""


@dataclass(frozen=True, slots=True)
class Step:
    """One member access: the property's name, and whether `?.` may end the chain before it."""

    name: str
    optional: bool = False


def _iso(moment: datetime) -> str:
    """As Date.prototype.toISOString (ECMA-262 §21.4.4.36) writes it: UTC, milliseconds, `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _midnight(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


WHOLE: Final[dict[str, Evaluate]] = {
    "$now": lambda scope: _iso(scope.now),
    "$now.toISO()": lambda scope: _iso(scope.now),
    "$now.toISODate()": lambda scope: _iso(scope.now)[:10],
    "$today": lambda scope: _iso(_midnight(scope.now)),
    "$today.toISODate()": lambda scope: _iso(scope.now)[:10],
}
"""Expressions that are fast only as they stand: inside an operation `$now` is an object."""


def _first(items: Sequence[JSON]) -> JSON:
    if not items:
        raise NOT_FAST
    return items[0]


def _last(items: Sequence[JSON]) -> JSON:
    if not items:
        raise NOT_FAST
    return items[-1]


NAMES: Final[dict[str, Evaluate]] = {
    "$json": lambda scope: scope.json,
    "$vars": lambda scope: scope.vars,
    "$workflow": lambda scope: scope.workflow,
    "$execution": lambda scope: scope.execution,
    "$itemIndex": lambda scope: scope.item_index,
    "$items": lambda scope: scope.items,
}
INPUT: Final[dict[str, Evaluate]] = {
    "first": lambda scope: _first(scope.items),
    "last": lambda scope: _last(scope.items),
    "item": lambda scope: scope.json,
}


def node_root(name: str, member: str) -> Evaluate:
    """`$('name').first().json`, `.last().json` or `.item.json`."""
    pick = {"first": _first, "last": _last}.get(member)

    def read(scope: Scope) -> JSON:
        try:
            items = scope.nodes[name]
        except KeyError:
            raise NOT_FAST from None
        if pick:
            return pick(items)
        if len(items) != len(scope.items) or scope.item_index >= len(items):
            raise NOT_FAST
        return items[scope.item_index]

    return read


def member(value: JSON, name: str) -> JSON:
    """`value.name`. Raises NotFast for what is not JSON data."""
    kind = type(value)
    if kind is dict:
        return _of_object(value, name)
    if kind is list:
        return _of_array(value, name)
    if kind is str and name == "length":
        return len(value) if value.isascii() else len(value.encode("utf-16-le", "surrogatepass")) // 2
    raise NOT_FAST


def _of_object(value: dict[str, JSON], name: str) -> JSON:
    if name in value:
        return value[name]
    if name in INHERITED:
        raise NOT_FAST
    return UNDEFINED


def _of_array(value: list[JSON], name: str) -> JSON:
    if name == "length":
        return len(value)
    if not (name.isascii() and name.isdigit()) or (name[0] == "0" and name != "0"):
        raise NOT_FAST
    index = int(name) if len(name) < 10 else len(value)
    return value[index] if index < len(value) else UNDEFINED


def chain(root: Evaluate, steps: Sequence[Step]) -> Evaluate:
    """Read `root`, then follow `steps`; the value is a plain leaf or a container."""
    names = tuple(step.name for step in steps)
    if any(step.optional for step in steps):
        return _optional_chain(root, tuple(steps))

    def read(scope: Scope) -> JSON:
        value = root(scope)
        for name in names:
            value = value[name] if type(value) is dict and name in value else member(value, name)
        return leaf(value)

    return read


def _optional_chain(root: Evaluate, steps: tuple[Step, ...]) -> Evaluate:
    def read(scope: Scope) -> JSON:
        value = root(scope)
        for step in steps:
            if step.optional and (value is None or value is UNDEFINED):
                return UNDEFINED
            value = member(value, step.name)
        return leaf(value)

    return read
