"""Fixed and pattern values (ElementDefinition.fixed[x], .pattern[x])."""

from decimal import Decimal
from typing import Any

_NUMBERS = (int, float, Decimal)


def is_fixed(value: Any, wanted: Any) -> bool:
    """Whether a value is exactly what is wanted."""
    if isinstance(wanted, dict):
        if not isinstance(value, dict) or value.keys() != wanted.keys():
            return False
        return all(is_fixed(value[name], each) for name, each in wanted.items())
    if isinstance(wanted, list):
        if not isinstance(value, list) or len(value) != len(wanted):
            return False
        return all(is_fixed(one, other) for one, other in zip(value, wanted, strict=True))
    return _is_same(value, wanted)


def is_pattern(value: Any, wanted: Any) -> bool:
    """Whether a value has at least what is wanted; each element of a list is found somewhere."""
    if isinstance(wanted, dict):
        return isinstance(value, dict) and all(
            name in value and is_pattern(value[name], each) for name, each in wanted.items()
        )
    if isinstance(wanted, list):
        return isinstance(value, list) and all(any(is_pattern(one, each) for one in value) for each in wanted)
    return _is_same(value, wanted)


def _is_same(value: Any, wanted: Any) -> bool:
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    if isinstance(value, _NUMBERS) and isinstance(wanted, _NUMBERS):
        return Decimal(str(value)) == Decimal(str(wanted))
    return bool(value == wanted)
