"""FHIRPath's operators: one table, from two collections to one."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal, DivisionByZero, InvalidOperation
from typing import Any

from penstock_healthcare.fhir.node import Node
from penstock_healthcare.fhir.path.errors import BadOperand
from penstock_healthcare.fhir.path.temporal import Temporal
from penstock_healthcare.fhir.path.values import Collection, Quantity, distinct, frozen, key, plain, single, truth

Operator = Callable[[Collection, Collection], Collection]
_SPACE = re.compile(r"\s+")
_ORDERED = (Temporal, Quantity)


def same(left: Any, right: Any) -> bool | None:
    """Whether two items are equal; None where it cannot be told."""
    one, other = plain(left), plain(right)
    if isinstance(one, Node) or isinstance(other, Node):
        return isinstance(one, Node) and isinstance(other, Node) and frozen(one.value) == frozen(other.value)
    if isinstance(one, str) and isinstance(other, Temporal):
        one = Temporal(one)
    elif isinstance(other, str) and isinstance(one, Temporal):
        other = Temporal(other)
    if isinstance(one, _ORDERED) and type(one) is type(other):
        order = one.compare(other)  # type: ignore[arg-type]
        return None if order is None else order == 0
    if isinstance(one, bool) or isinstance(other, bool):
        return isinstance(one, bool) and isinstance(other, bool) and one == other
    return bool(one == other)


def equal(left: Collection, right: Collection) -> Collection:
    """`=`"""
    if not left or not right:
        return []
    if len(left) != len(right):
        return [False]
    answers = [same(one, other) for one, other in zip(left, right, strict=True)]
    if False in answers:
        return [False]
    return [] if None in answers else [True]


def _unequal(left: Collection, right: Collection) -> Collection:
    return [not each for each in equal(left, right)]


def alike(left: Any, right: Any) -> bool:
    """Whether two items are equivalent: text without case and runs of spaces, numbers to the lesser precision."""
    one, other = plain(left), plain(right)
    if isinstance(one, str) and isinstance(other, str):
        return _SPACE.sub(" ", one).strip().casefold() == _SPACE.sub(" ", other).strip().casefold()
    if isinstance(one, Decimal) or isinstance(other, Decimal):
        return _rounded_alike(one, other)
    return same(one, other) is True


def _rounded_alike(one: Any, other: Any) -> bool:
    if (
        isinstance(one, bool)
        or isinstance(other, bool)
        or not all(isinstance(each, int | Decimal) for each in (one, other))
    ):
        return False
    places = min(max(0, -int(Decimal(each).as_tuple().exponent)) for each in (one, other))
    return round(Decimal(one), places) == round(Decimal(other), places)


def _equivalent(left: Collection, right: Collection) -> Collection:
    if len(left) != len(right):
        return [False]
    rest = list(right)
    for item in left:
        found = next((index for index, each in enumerate(rest) if alike(item, each)), None)
        if found is None:
            return [False]
        del rest[found]
    return [True]


def _ordering(decide: Callable[[int], bool]) -> Operator:
    def compare(left: Collection, right: Collection) -> Collection:
        one, other = single(left), single(right)
        if one is None or other is None:
            return []
        order = _order(one, other)
        return [] if order is None else [decide(order)]

    return compare


def _order(one: Any, other: Any) -> int | None:
    if isinstance(one, Temporal) and isinstance(other, str):
        other = Temporal(other)
    elif isinstance(other, Temporal) and isinstance(one, str):
        one = Temporal(one)
    if isinstance(one, Quantity) and isinstance(other, int | Decimal):
        other = Quantity(Decimal(other), "1")
    if isinstance(one, _ORDERED) and type(one) is type(other):
        return one.compare(other)  # type: ignore[arg-type]
    numbers = all(isinstance(each, int | Decimal) and not isinstance(each, bool) for each in (one, other))
    if numbers or (isinstance(one, str) and isinstance(other, str)):
        return int(one > other) - int(one < other)
    raise BadOperand("these two cannot be compared")


def _and(left: bool | None, right: bool | None) -> bool | None:
    if left is False or right is False:
        return False
    return True if left and right else None


def _or(left: bool | None, right: bool | None) -> bool | None:
    if left or right:
        return True
    return None if left is None or right is None else False


def _implies(left: bool | None, right: bool | None) -> bool | None:
    if left is False:
        return True
    return right if left else (True if right else None)


def _xor(left: bool | None, right: bool | None) -> bool | None:
    return None if left is None or right is None else left != right


LOGIC: Mapping[str, Callable[[bool | None, bool | None], bool | None]] = {
    "and": _and,
    "or": _or,
    "xor": _xor,
    "implies": _implies,
}
"""Three-valued; None is unknown."""
DECIDED: Mapping[str, bool] = {"and": False, "or": True, "implies": False}
"""The left side that makes the right one needless."""


def _within(left: Collection, right: Collection) -> Collection:
    if not left:
        return []
    if len(left) > 1:
        raise BadOperand("expected one value and found several")
    return [any(same(left[0], each) for each in right)]


def _number(item: Any) -> Any:
    if isinstance(item, bool) or not isinstance(item, int | Decimal):
        raise BadOperand("expected a number")
    return item


def _plus(one: Any, other: Any) -> Any:
    if isinstance(one, str) and isinstance(other, str):
        return one + other
    if isinstance(one, Temporal) and isinstance(other, Quantity):
        return one.plus(int(other.value), other.unit)
    if isinstance(one, Quantity) and isinstance(other, Quantity) and one.unit == other.unit:
        return Quantity(one.value + other.value, one.unit)
    return _number(one) + _number(other)


def _minus(one: Any, other: Any) -> Any:
    if isinstance(one, Temporal) and isinstance(other, Quantity):
        return one.plus(-int(other.value), other.unit)
    if isinstance(one, Quantity) and isinstance(other, Quantity) and one.unit == other.unit:
        return Quantity(one.value - other.value, one.unit)
    return _number(one) - _number(other)


def _arithmetic(operate: Callable[[Any, Any], Any]) -> Operator:
    def calculate(left: Collection, right: Collection) -> Collection:
        one, other = single(left), single(right)
        if one is None or other is None:
            return []
        try:
            return [operate(one, other)]
        except (DivisionByZero, ZeroDivisionError, InvalidOperation):
            return []
        except (ValueError, OverflowError, TypeError) as error:
            raise BadOperand("these two cannot be calculated with") from error

    return calculate


def _text(item: Any) -> str:
    return "" if item is None else str(item)


def union(left: Collection, right: Collection) -> Collection:
    """`|`"""
    return distinct([*left, *right])


def _logical(name: str) -> Operator:
    def decide(left: Collection, right: Collection) -> Collection:
        answer = LOGIC[name](truth(left), truth(right))
        return [] if answer is None else [answer]

    return decide


OPERATORS: Mapping[str, Operator] = {
    "=": equal,
    "!=": _unequal,
    "~": _equivalent,
    "!~": lambda left, right: [not _equivalent(left, right)[0]],
    "<": _ordering(lambda order: order < 0),
    "<=": _ordering(lambda order: order <= 0),
    ">": _ordering(lambda order: order > 0),
    ">=": _ordering(lambda order: order >= 0),
    "in": _within,
    "contains": lambda left, right: _within(right, left),
    "|": union,
    "+": _arithmetic(_plus),
    "-": _arithmetic(_minus),
    "*": _arithmetic(lambda one, other: _number(one) * _number(other)),
    "/": _arithmetic(lambda one, other: Decimal(_number(one)) / Decimal(_number(other))),
    "div": _arithmetic(lambda one, other: int(Decimal(_number(one)) // Decimal(_number(other)))),
    "mod": _arithmetic(lambda one, other: Decimal(_number(one)) % Decimal(_number(other))),
    "&": lambda left, right: [_text(single(left)) + _text(single(right))],
    **{name: _logical(name) for name in LOGIC},
}

__all__ = ["DECIDED", "OPERATORS", "alike", "equal", "key", "same", "union"]
