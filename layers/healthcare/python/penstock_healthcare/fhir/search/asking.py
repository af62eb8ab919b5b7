"""What a search asks for: a query's text → `Query`, by the parameters of its type (FHIR R4, section 3.1.1)."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any

from penstock_healthcare.fhir.errors import InvalidSearch
from penstock_healthcare.fhir.search import dates
from penstock_healthcare.fhir.search.chaining import DEEPEST, Chain, chained, is_chain
from penstock_healthcare.fhir.search.parameters import Parameter, parameters

LARGEST_COUNT, USUAL_COUNT = 100, 50
MOST_PARAMETERS, MOST_VALUES, LONGEST_VALUE = 50, 100, 2_000
CURSOR = "_cursor"
_PREFIXED = re.compile(r"(eq|ne|gt|lt|ge|le|sa|eb|ap)?(.*)\Z", re.DOTALL)
_NUMBER = re.compile(r"[+-]?\d{1,30}(\.\d{1,30})?([eE][+-]?\d{1,3})?\Z")
MISSING, NOT, EXACT, CONTAINS = "missing", "not", "exact", "contains"
_MODIFIERS: Mapping[str, frozenset[str]] = {"token": frozenset({NOT}), "string": frozenset({EXACT, CONTAINS})}
_IGNORED = frozenset({"_format", "_pretty"})


@dataclass(frozen=True, slots=True)
class Token:
    """None is any system, any code."""

    system: str | None
    code: str | None


@dataclass(frozen=True, slots=True)
class Dated:
    """A prefix, and what the date covers, in ms."""

    prefix: str
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Amount:
    """A prefix and a number; `low` and `high` are what it stands for by its digits. None is any system, any unit."""

    prefix: str
    value: Decimal
    low: Decimal
    high: Decimal
    system: str | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """One that must hold: of its values, one must match. `modifier` is a type's name for references."""

    parameter: Parameter
    modifier: str
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Include:
    """`kind` is the type that refers by the parameter `code`, "*" for any; `target` the one referred to, "" for any."""

    kind: str
    code: str
    target: str = ""


@dataclass(frozen=True, slots=True)
class Query:
    """A search. `sort` are codes, with whether it is descending; `used` is what of the text was understood."""

    kind: str
    conditions: tuple[Condition, ...] = ()
    chains: tuple[Chain, ...] = ()
    sort: tuple[tuple[Parameter, bool], ...] = ()
    count: int = USUAL_COUNT
    includes: tuple[Include, ...] = ()
    reverse_includes: tuple[Include, ...] = ()
    is_counted: bool = False
    is_count_only: bool = False
    cursor: str | None = None
    used: tuple[tuple[str, str], ...] = field(default=(), compare=False)


def asked(
    kind: str, pairs: Sequence[tuple[str, str]], base: str = "", *, strict: bool = False, depth: int = 0
) -> Query:
    """The query of names and values as a URL has them. `base` is taken from references. Raises InvalidSearch.

    A parameter that the type does not have is refused when `strict`, else ignored. `depth` counts the links of a chain.
    """
    if len(pairs) > MOST_PARAMETERS:
        raise InvalidSearch("query", f"has more than {MOST_PARAMETERS} parameters")
    if depth > DEEPEST:
        raise InvalidSearch("query", f"has a chain of more than {DEEPEST} links")
    follow = partial(asked, base=base, strict=True, depth=depth + 1)
    made: dict[str, Any] = {"conditions": [], "chains": [], "includes": [], "reverse_includes": [], "sort": ()}
    used = []
    for name, value in pairs:
        code, _, modifier = name.partition(":")
        if len(value) > LONGEST_VALUE and code != CURSOR:
            raise InvalidSearch(name, f"is longer than {LONGEST_VALUE} characters")
        if code in CONTROLS:
            if modifier:
                raise InvalidSearch(name, "the modifier is not served")
            CONTROLS[code](made, kind, value)
        elif is_chain(kind, name):
            made["chains"].append(chained(kind, name, value, follow))
        elif code in parameters(kind):
            made["conditions"].append(condition(parameters(kind)[code], modifier, value, base))
        elif code in _IGNORED or not strict:
            continue
        else:
            raise InvalidSearch(name, f"is no search parameter of {kind} that is served")
        used += [(name, value)] if code != CURSOR else []
    lists = {name: tuple(made[name]) for name in ("conditions", "chains", "includes", "reverse_includes")}
    return Query(kind, **{**made, **lists}, used=tuple(used))


def condition(parameter: Parameter, modifier: str, text: str, base: str = "") -> Condition:
    """A condition of a parameter's text, its alternatives separated by commas. Raises InvalidSearch."""
    name = f"{parameter.code}:{modifier}" if modifier else parameter.code
    if modifier == MISSING:
        if text not in ("true", "false"):
            raise InvalidSearch(name, "must be true or false")
        return Condition(parameter, modifier, (text == "true",))
    if modifier and modifier not in _MODIFIERS.get(parameter.type, parameter.targets):
        raise InvalidSearch(name, "the modifier is not served")
    texts = _split(text, ",")
    if len(texts) > MOST_VALUES:
        raise InvalidSearch(name, f"has more than {MOST_VALUES} values")
    if not all(texts):
        raise InvalidSearch(name, "must not be empty")
    read = _VALUES[parameter.type]
    return Condition(
        parameter, modifier, tuple(read(name, each.removeprefix(f"{base}/") if base else each) for each in texts)
    )


def _split(text: str, separator: str) -> list[str]:
    parts, part, place = [], "", 0
    while place < len(text):
        size = 2 if text[place] == "\\" else 1
        if text[place] == separator:
            parts.append(part)
            part = ""
        else:
            part += text[place : place + size]
        place += size
    return [*parts, part]


def _plain(text: str) -> str:
    return re.sub(r"\\([\\,|$])", r"\1", text)


def _token(_: str, text: str) -> Token:
    parts = [_plain(part) for part in _split(text, "|")]
    if len(parts) == 1:
        return Token(None, parts[0])
    return Token(parts[0], "|".join(parts[1:]) or None)


def _date(name: str, text: str) -> Dated:
    prefix, rest = _prefix(name, text)
    found = dates.covered(rest)
    if found is None:
        raise InvalidSearch(name, "must be a date as 2026, 2026-11, 2026-11-24 or 2026-11-24T08:00:00Z")
    return Dated(prefix, *found)


def _quantity(name: str, text: str) -> Amount:
    parts = [_plain(part) for part in _split(text, "|")]
    if len(parts) not in (1, 3):
        raise InvalidSearch(name, "must be a number, or number|system|code")
    amount = _number(name, parts[0])
    system, unit = (part or None for part in (parts[1:] or ["", ""]))
    return Amount(amount.prefix, amount.value, amount.low, amount.high, system, unit)


def _number(name: str, text: str) -> Amount:
    prefix, rest = _prefix(name, text)
    if not _NUMBER.match(rest):
        raise InvalidSearch(name, "must be a number")
    try:
        value = Decimal(rest)
    except InvalidOperation:
        raise InvalidSearch(name, "must be a number") from None
    half = Decimal((0, (5,), int(value.as_tuple().exponent) - 1))
    return Amount(prefix, value, value - half, value + half)


def _prefix(name: str, text: str) -> tuple[str, str]:
    found = _PREFIXED.match(text)
    prefix, rest = (found[1] or "eq", found[2]) if found else ("eq", text)
    if prefix == "ap":
        raise InvalidSearch(name, "the prefix ap is not served")
    return prefix, rest


def _text(_: str, text: str) -> str:
    return _plain(text)


_VALUES: Mapping[str, Callable[[str, str], Any]] = {
    "token": _token,
    "reference": _text,
    "date": _date,
    "string": _text,
    "quantity": _quantity,
    "number": _number,
    "uri": _text,
}


def _count(made: dict[str, Any], _: str, text: str) -> None:
    if not text.isdigit() or len(text) > 9:
        raise InvalidSearch("_count", "must be a number from 0")
    made["count"], made["is_count_only"] = min(int(text), LARGEST_COUNT) or USUAL_COUNT, int(text) == 0


def _sort(made: dict[str, Any], kind: str, text: str) -> None:
    codes = text.split(",")
    unknown = [place for place, code in enumerate(codes, 1) if code.removeprefix("-") not in parameters(kind)]
    if unknown or len(codes) > MOST_PARAMETERS:
        reason = f"value {unknown[0]} is no search parameter of {kind} that is served" if unknown else "is too long"
        raise InvalidSearch("_sort", reason)
    made["sort"] = tuple((parameters(kind)[code.removeprefix("-")], code.startswith("-")) for code in codes)


def _include(made: dict[str, Any], kind: str, text: str) -> None:
    found = _included("_include", text)
    if found.kind != kind:
        raise InvalidSearch("_include", f"must begin with {kind}")
    made["includes"].append(found)


def _reverse_include(made: dict[str, Any], _: str, text: str) -> None:
    found = _included("_revinclude", text)
    if found.code == "*":
        raise InvalidSearch("_revinclude", "must name a parameter")
    made["reverse_includes"].append(found)


def _included(name: str, text: str) -> Include:
    kind, code, target = (*text.split(":"), "", "")[:3]
    if code == "*" and _is_type(kind):
        return Include(kind, code, target)
    if not _is_type(kind) or code not in parameters(kind) or parameters(kind)[code].type != "reference":
        raise InvalidSearch(
            name, "must be a type, a reference parameter of it, and perhaps a target type, between colons"
        )
    return Include(kind, code, target)


def _is_type(kind: str) -> bool:
    return kind.isalpha() and bool(parameters(kind).keys() - parameters("Resource").keys())


def _total(made: dict[str, Any], _: str, text: str) -> None:
    if text not in ("none", "estimate", "accurate"):
        raise InvalidSearch("_total", "must be none, estimate or accurate")
    made["is_counted"] = text == "accurate"


def _summary(made: dict[str, Any], _: str, text: str) -> None:
    if text not in ("count", "false"):
        raise InvalidSearch("_summary", "must be count or false: no other is served")
    made["is_count_only"] = text == "count"


def _cursor(made: dict[str, Any], _: str, text: str) -> None:
    made["cursor"] = text


CONTROLS: Mapping[str, Callable[[dict[str, Any], str, str], None]] = {
    "_count": _count,
    "_sort": _sort,
    "_include": _include,
    "_revinclude": _reverse_include,
    "_total": _total,
    "_summary": _summary,
    CURSOR: _cursor,
}
"""What is no parameter of a type, and how it is read."""
