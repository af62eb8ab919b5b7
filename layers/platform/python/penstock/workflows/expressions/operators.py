"""JavaScript's operators on plain values (ECMA-262 §13), for the operand types where Python agrees exactly."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Final

from penstock.json import JSON
from penstock.workflows.expressions.values import NOT_FAST, UNDEFINED, Undefined, fraction, integer

Operator = Callable[[JSON, JSON], JSON]

_KINDS: Final[dict[type, str]] = {
    int: "number",
    float: "number",
    str: "string",
    bool: "boolean",
    type(None): "null",
    Undefined: "undefined",
    dict: "object",
    list: "object",
}


def truthy(value: JSON) -> bool:
    """ToBoolean (§7.1.2): containers are true even when empty."""
    kind = _KINDS[type(value)]
    return kind == "object" or (kind != "undefined" and bool(value))


def nullish(value: JSON) -> bool:
    return value is None or value is UNDEFINED


def text(value: JSON) -> str:
    """ToString (§7.1.17) of a plain primitive."""
    kind = _KINDS[type(value)]
    if kind == "object":
        raise NOT_FAST
    if kind == "string":
        return str(value)
    return _WORDS.get(value, str(value)) if kind in ("boolean", "null") else str(value)


_WORDS: Final[dict[JSON, str]] = {True: "true", False: "false", None: "null"}


def strictly_equal(left: JSON, right: JSON) -> bool:
    """`===` (§7.2.15). Two containers compare by identity, which only QuickJS knows."""
    kinds = _KINDS[type(left)], _KINDS[type(right)]
    if kinds == ("object", "object"):
        raise NOT_FAST
    return kinds[0] == kinds[1] and bool(left == right)


def loosely_equal(left: JSON, right: JSON) -> bool:
    """`==` (§7.2.14) without its conversions: same types, or a nullish side."""
    if nullish(left) or nullish(right):
        return nullish(left) and nullish(right)
    if _KINDS[type(left)] != _KINDS[type(right)]:
        raise NOT_FAST
    return strictly_equal(left, right)


def _relation(compare: Callable[[JSON, JSON], bool]) -> Operator:
    """Two numbers, or two ASCII strings: beyond ASCII, order by UTF-16 unit is not order by code point."""

    def relate(left: JSON, right: JSON) -> bool:
        kinds = _KINDS[type(left)], _KINDS[type(right)]
        if kinds == ("number", "number"):
            return compare(left, right)
        if kinds == ("string", "string") and left.isascii() and right.isascii():
            return compare(left, right)
        raise NOT_FAST

    return relate


def _number(value: float) -> int | float:
    return integer(value) if type(value) is int else fraction(value)


def _arithmetic(compute: Callable[[JSON, JSON], JSON]) -> Operator:
    def calculate(left: JSON, right: JSON) -> JSON:
        if _KINDS[type(left)] == "number" == _KINDS[type(right)]:
            return _number(compute(left, right))
        raise NOT_FAST

    return calculate


_sum = _arithmetic(operator.add)


def add(left: JSON, right: JSON) -> JSON:
    """`+` (§13.15.3): joins when a side is a string, else adds numbers."""
    if type(left) is str or type(right) is str:
        return text(left) + text(right)
    return _sum(left, right)


def negate(value: JSON) -> JSON:
    if _KINDS[type(value)] != "number":
        raise NOT_FAST
    return -value


BINARY: Final[dict[str, Operator]] = {
    "===": strictly_equal,
    "!==": lambda left, right: not strictly_equal(left, right),
    "==": loosely_equal,
    "!=": lambda left, right: not loosely_equal(left, right),
    "<": _relation(operator.lt),
    ">": _relation(operator.gt),
    "<=": _relation(operator.le),
    ">=": _relation(operator.ge),
    "+": add,
    "-": _arithmetic(operator.sub),
    "*": _arithmetic(operator.mul),
}
