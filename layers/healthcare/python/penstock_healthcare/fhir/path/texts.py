"""FHIRPath's functions on single values: text, conversion, mathematics. name → (maker, fewest and most arguments)."""

import math
import re
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from penstock_healthcare.fhir.path.compiler import Context, Step
from penstock_healthcare.fhir.path.errors import BadOperand
from penstock_healthcare.fhir.path.temporal import Temporal
from penstock_healthcare.fhir.path.values import Collection, Quantity, single

LONGEST_MATCHED = 20_000
_INTEGER = re.compile(r"[+-]?\d{1,30}\Z")
_DECIMAL = re.compile(r"[+-]?\d{1,30}(\.\d{1,30})?\Z")
_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?(T.*)?\Z")
_TIME = re.compile(r"T?\d{2}(:\d{2}(:\d{2}(\.\d+)?)?)?\Z")
_BOOLEANS = {"true": True, "t": True, "yes": True, "y": True, "1": True, "1.0": True}
_BOOLEANS |= {"false": False, "f": False, "no": False, "n": False, "0": False, "0.0": False}


def _function(operate: Callable[..., Any], kind: type | tuple[type, ...] | None = str) -> Callable[..., Step]:
    """A step on one value; empty when it or an argument is empty, or when `operate` gives None."""

    def make(*arguments: Step) -> Step:
        def step(context: Context, given: Collection) -> Collection:
            value = single(given)
            found = [single(argument(context, context.this)) for argument in arguments]
            if value is None or None in found:
                return []
            if kind is not None and (not isinstance(value, kind) or isinstance(value, bool)):
                raise BadOperand("the function cannot take a value of this type")
            try:
                answer = operate(value, *found)
            except (TypeError, ValueError, OverflowError, InvalidOperation, re.error, AttributeError) as error:
                raise BadOperand("the function cannot take this value") from error
            return answer if isinstance(answer, list) else [] if answer is None else [answer]

        return step

    return make


def _substring(text: str, start: int, length: int | None = None) -> str | None:
    if not 0 <= start < len(text):
        return None
    return text[start:] if length is None else text[start : start + max(0, length)]


def _pattern(text: str, pattern: str) -> "re.Pattern[str]":
    if len(text) > LONGEST_MATCHED:
        raise BadOperand(f"text of more than {LONGEST_MATCHED} characters is not matched")
    return re.compile(pattern, re.DOTALL)


def _matches(text: str, pattern: str) -> bool:
    """On the whole text, as FHIR's own invariants mean it."""
    return _pattern(text, pattern).fullmatch(text) is not None


def _replace_matches(text: str, pattern: str, substitution: str) -> str:
    return _pattern(text, pattern).sub(re.sub(r"\$(\d+)", r"\\\1", substitution), text)


def written(value: Any) -> str | None:
    """A value as text."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Temporal):
        return value.text.removeprefix("T")
    if isinstance(value, Quantity):
        return f"{value.value} '{value.unit}'"
    return str(value) if isinstance(value, int | str) else None


def _integer(value: Any) -> int | None:
    if isinstance(value, bool | int):
        return int(value)
    return int(value) if isinstance(value, str) and _INTEGER.match(value) else None


def _decimal(value: Any) -> Decimal | None:
    if isinstance(value, bool | int | Decimal):
        return Decimal(value)
    return Decimal(value) if isinstance(value, str) and _DECIMAL.match(value) else None


def _boolean(value: Any) -> bool | None:
    return value if isinstance(value, bool) else _BOOLEANS.get(str(value).lower())


def _quantity(value: Any) -> Quantity | None:
    if isinstance(value, Quantity):
        return value
    number = _decimal(value)
    return None if number is None else Quantity(number, "1")


def _date_time(value: Any) -> Temporal | None:
    if isinstance(value, Temporal):
        return None if value.kind == "Time" else value
    return Temporal(value) if isinstance(value, str) and _DATE.match(value) and Temporal(value).parts else None


def _date(value: Any) -> Temporal | None:
    found = _date_time(value)
    return Temporal(found.text.partition("T")[0]) if found else None


def _time(value: Any) -> Temporal | None:
    if isinstance(value, Temporal):
        return value if value.kind == "Time" else None
    return Temporal("T" + value.removeprefix("T")) if isinstance(value, str) and _TIME.match(value) else None


def _round(value: Any, places: int = 0) -> Decimal:
    return Decimal(value).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def _power(value: Any, exponent: Any) -> Any:
    if abs(exponent) > 1_000 or abs(value) > 10**30:
        return None
    return value**exponent


def _root(value: Any) -> Decimal | None:
    return Decimal(value).sqrt() if value >= 0 else None


_NUMBER = (int, Decimal)
_CONVERSIONS: Mapping[str, Callable[[Any], Any]] = {
    "Boolean": _boolean,
    "Integer": _integer,
    "Decimal": _decimal,
    "String": written,
    "Date": _date,
    "DateTime": _date_time,
    "Time": _time,
    "Quantity": _quantity,
}


def _taking(
    operate: Callable[..., Any], kind: Any = str, most: int = 0, fewest: int | None = None
) -> tuple[Any, int, int]:
    return _function(operate, kind), most if fewest is None else fewest, most


def _converts(convert: Callable[[Any], Any]) -> Callable[[Any], bool]:
    return lambda value: convert(value) is not None


def _index_of(text: str, part: str) -> int:
    return text.find(part)


FUNCTIONS: Mapping[str, tuple[Callable[..., Step], int, int]] = {
    "startsWith": _taking(lambda text, part: text.startswith(part), most=1),
    "endsWith": _taking(lambda text, part: text.endswith(part), most=1),
    "contains": _taking(lambda text, part: part in text, most=1),
    "indexOf": _taking(_index_of, most=1),
    "substring": _taking(_substring, most=2, fewest=1),
    "upper": _taking(str.upper),
    "lower": _taking(str.lower),
    "trim": _taking(str.strip),
    "length": _taking(len),
    "toChars": _taking(list),
    "replace": _taking(lambda text, old, new: text.replace(old, new), most=2),
    "matches": _taking(_matches, most=1),
    "matchesFull": _taking(_matches, most=1),
    "replaceMatches": _taking(_replace_matches, most=2),
    "split": _taking(lambda text, separator: text.split(separator), most=1),
    "abs": _taking(abs, _NUMBER),
    "ceiling": _taking(math.ceil, _NUMBER),
    "floor": _taking(math.floor, _NUMBER),
    "truncate": _taking(math.trunc, _NUMBER),
    "round": _taking(_round, _NUMBER, most=1, fewest=0),
    "sqrt": _taking(_root, _NUMBER),
    "exp": _taking(lambda value: Decimal(value).exp() if value < 1_000 else None, _NUMBER),
    "ln": _taking(lambda value: Decimal(value).ln() if value > 0 else None, _NUMBER),
    "power": _taking(_power, _NUMBER, most=1),
    **{f"to{name}": (_function(convert, None), 0, 0) for name, convert in _CONVERSIONS.items()},
    **{f"convertsTo{name}": (_function(_converts(convert), None), 0, 0) for name, convert in _CONVERSIONS.items()},
}
