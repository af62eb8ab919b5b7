"""Whether a resource's values meet a condition: tables by type and prefix (FHIR R4, section 3.1.1.4)."""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from penstock.json import JSON
from penstock_healthcare.fhir.search.asking import CONTAINS, EXACT, MISSING, NOT, Amount, Condition, Dated, Token

_FIRST, _LAST = -(10**18), 10**18
"""Before and after every millisecond."""


def meets(condition: Condition, values: Sequence[JSON]) -> bool:
    """Whether one of the values matches one of the condition's; the modifiers :missing and :not turn that round."""
    if condition.modifier == MISSING:
        return condition.values[0] is not bool(values)
    match = _MATCH[condition.parameter.type]
    is_met = any(match(condition, wanted, value) for wanted in condition.values for value in values)
    return is_met is not (condition.modifier == NOT)


def folded(text: str) -> str:
    """Text without accents and case."""
    parts = unicodedata.normalize("NFKD", text)
    return "".join(part for part in parts if not unicodedata.combining(part)).casefold()


def _token(_: Condition, wanted: Token, value: Any) -> bool:
    system, code = value
    is_system = wanted.system is None or system is None or wanted.system == system
    return is_system and wanted.code in (None, code)


def _reference(condition: Condition, wanted: str, value: Any) -> bool:
    if "/" in wanted or ":" in wanted:
        return bool(wanted == value)
    kind, _, name = value.rpartition("/")
    kinds = (condition.modifier,) if condition.modifier else condition.parameter.targets
    return bool(name == wanted and (not kinds or kind.rpartition("/")[2] in kinds))


def _string(condition: Condition, wanted: str, value: Any) -> bool:
    if condition.modifier == EXACT:
        return bool(value == wanted)
    text, part = folded(value), folded(wanted)
    return part in text if condition.modifier == CONTAINS else text.startswith(part)


def _uri(_: Condition, wanted: str, value: Any) -> bool:
    return bool(value == wanted)


def _date(_: Condition, wanted: Dated, value: Any) -> bool:
    begin = _FIRST if value[0] is None else value[0]
    end = _LAST if value[1] is None else value[1]
    return _DATES[wanted.prefix](wanted, begin, end)


_DATES: Mapping[str, Callable[[Dated, int, int], bool]] = {
    "eq": lambda wanted, begin, end: wanted.begin <= begin and end <= wanted.end,
    "ne": lambda wanted, begin, end: not (wanted.begin <= begin and end <= wanted.end),
    "gt": lambda wanted, _, end: end > wanted.end,
    "lt": lambda wanted, begin, _: begin < wanted.begin,
    "ge": lambda wanted, begin, end: end > wanted.end or begin >= wanted.begin,
    "le": lambda wanted, begin, end: begin < wanted.begin or end <= wanted.end,
    "sa": lambda wanted, begin, _: begin >= wanted.end,
    "eb": lambda wanted, _, end: end <= wanted.begin,
}


def _quantity(_: Condition, wanted: Amount, value: Any) -> bool:
    number, system, code, unit = value
    is_system = wanted.system is None or wanted.system == system
    is_unit = wanted.unit is None or wanted.unit == code or (wanted.system is None and wanted.unit == unit)
    return is_system and is_unit and _AMOUNTS[wanted.prefix](wanted, Decimal(number))


def _number(_: Condition, wanted: Amount, value: Any) -> bool:
    return _AMOUNTS[wanted.prefix](wanted, Decimal(value))


_AMOUNTS: Mapping[str, Callable[[Amount, Decimal], bool]] = {
    "eq": lambda wanted, number: wanted.low <= number < wanted.high,
    "ne": lambda wanted, number: not wanted.low <= number < wanted.high,
    "gt": lambda wanted, number: number > wanted.value,
    "lt": lambda wanted, number: number < wanted.value,
    "ge": lambda wanted, number: number >= wanted.value,
    "le": lambda wanted, number: number <= wanted.value,
    "sa": lambda wanted, number: number > wanted.value,
    "eb": lambda wanted, number: number < wanted.value,
}
_MATCH: Mapping[str, Callable[[Condition, Any, Any], bool]] = {
    "token": _token,
    "reference": _reference,
    "date": _date,
    "string": _string,
    "quantity": _quantity,
    "number": _number,
    "uri": _uri,
}


def sort_value(kind: str, value: Any) -> Any:
    """What values of a parameter's type sort by."""
    return _SORT[kind](value)


_SORT: Mapping[str, Callable[[Any], Any]] = {
    "token": lambda value: value[1],
    "reference": str,
    "date": lambda value: _FIRST if value[0] is None else value[0],
    "string": folded,
    "quantity": lambda value: Decimal(value[0]),
    "number": Decimal,
    "uri": str,
}
