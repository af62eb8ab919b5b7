"""A template's fields: their types, and what is taken as a value of each.

A value that is taken has become what the document shows: text, a list of texts, rows of texts, or yes or no.
"""

import unicodedata
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from penstock_healthcare.compliance.errors import Wrong

Type: TypeAlias = Literal["text", "prose", "date", "number", "yes_no", "choice", "list", "rows"]
Shown: TypeAlias = str | bool | list[str] | list[list[str]]

T = TypeVar("T")
LONGEST_TEXT = 500
LONGEST_PROSE = 10_000
MOST_ENTRIES = 500
_LARGEST_NUMBER = 10**12
_STEERING = frozenset("\u2028\u2029\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that would break lines, or turn the direction of text, where nobody sees them."""


class _Declared(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Column(_Declared):
    """A column of `rows`."""

    label: str
    type: Literal["text", "date", "number"] = "text"
    required: bool = True


class FieldRule(_Declared):
    """A field as a template's header declares it.

    `options` maps a choice's values to how the document words them. With `when` the field belongs only where another
    one has one of these values (yes or no, or an option); there it is required as `required` says.
    """

    type: Type
    about: str
    required: bool = True
    when: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    largest: int = Field(default=_LARGEST_NUMBER, ge=1, le=_LARGEST_NUMBER, description="Of a number")
    options: Mapping[str, str] = Field(default_factory=dict)
    columns: Mapping[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], Column] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _is_whole(self) -> "FieldRule":
        if len(self.when) > 1:
            raise ValueError("when names one field")
        if bool(self.options) != (self.type == "choice") or bool(self.columns) != (self.type == "rows"):
            raise ValueError("a choice has options, rows have columns, and nothing else has")
        return self


class _Refused(Exception):
    """Why a value is not taken, and where below the field."""

    def __init__(self, reason: str, below: str = "") -> None:
        super().__init__(reason)
        self.reason, self.below = reason, below


def checked(rules: Mapping[str, FieldRule], data: Mapping[str, Any]) -> tuple[dict[str, Shown], list[Wrong]]:
    """What the document shows of each field that is given, and all that is wrong with the data."""
    shown: dict[str, Shown] = {}
    problems = [Wrong(_printable(name), "is no field of this template") for name in data if name not in rules]
    for name, rule in rules.items():
        value = data.get(name)
        try:
            if value is not None:
                shown[name] = _TYPES[rule.type](value, rule)
        except _Refused as refused:
            problems.append(Wrong(name + refused.below, refused.reason))
    problems += [Wrong(name, reason) for name, rule in rules.items() if (reason := _misplaced(name, rule, data))]
    return shown, problems


def _misplaced(name: str, rule: FieldRule, data: Mapping[str, Any]) -> str:
    """Why the field must be there and is not, or the other way round."""
    is_given = data.get(name) is not None
    other, values = next(iter(rule.when.items()), ("", ()))
    where = f" where {other} is {' or '.join(values)}" if other else ""
    belongs = not other or _state(data.get(other)) in values
    if is_given and not belongs:
        return f"belongs only{where}"
    return (
        (f"is missing; it is needed{where}" if where else "is missing")
        if belongs and rule.required and not is_given
        else ""
    )


def _state(value: Any) -> Any:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


def _printable(name: str) -> str:
    """A name from outside, short and without what steers a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in name[:64]) or "(no name)"


def _text(value: Any, _: FieldRule | Column) -> str:
    return _plain(value, LONGEST_TEXT, "")


def _prose(value: Any, _: FieldRule) -> str:
    return _plain(value.replace("\r\n", "\n") if isinstance(value, str) else value, LONGEST_PROSE, "\n")


def _plain(value: Any, longest: int, breaks: str) -> str:
    if not isinstance(value, str):
        raise _Refused("must be text")
    if not value.strip():
        raise _Refused("must not be empty")
    if len(value) > longest:
        raise _Refused(f"has at most {longest:,} characters")
    if any(_steers(letter) for letter in value if letter not in breaks):
        kinds = "control characters" if breaks else "line breaks or control characters"
        raise _Refused(f"must not have {kinds}")
    return value.strip()


def printable_text(text: str) -> str:
    """The text, when a document can show it. Raises ValueError."""
    if any(_steers(letter) for letter in text):
        raise ValueError("must not have line breaks or control characters")
    return text


def _steers(letter: str) -> bool:
    return letter in _STEERING or unicodedata.category(letter) in ("Cc", "Cs")


def _date(value: Any, _: FieldRule | Column) -> str:
    try:
        day = date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else None
    except ValueError:
        day = None
    if day is None:
        raise _Refused("must be a date as YYYY-MM-DD")
    return f"{_MONTHS[day.month - 1]} {day.day}, {day.year:04}"


def _number(value: Any, rule: FieldRule | Column) -> str:
    largest = rule.largest if isinstance(rule, FieldRule) else _LARGEST_NUMBER
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= largest:
        raise _Refused(f"must be a whole number from 0 to {largest:,}")
    return f"{value:,}"


def _yes_no(value: Any, _: FieldRule) -> bool:
    if not isinstance(value, bool):
        raise _Refused("must be true or false")
    return value


def _choice(value: Any, rule: FieldRule) -> str:
    if not isinstance(value, str) or value not in rule.options:
        raise _Refused(f"must be one of {', '.join(rule.options)}")
    return value


def _list(value: Any, rule: FieldRule) -> list[str]:
    return [_entry(_text, index, each, rule) for index, each in _entries(value)]


def _rows(value: Any, rule: FieldRule) -> list[list[str]]:
    return [_entry(_row, index, each, rule) for index, each in _entries(value)]


def _entries(value: Any) -> Iterator[tuple[int, Any]]:
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_ENTRIES:
        raise _Refused(f"must be a list of 1 to {MOST_ENTRIES} entries")
    return enumerate(value)


def _entry(take: Callable[[Any, FieldRule], T], index: int, value: Any, rule: FieldRule) -> T:
    try:
        return take(value, rule)
    except _Refused as refused:
        raise _Refused(refused.reason, f"[{index}]{refused.below}") from None


def _row(value: Any, rule: FieldRule) -> list[str]:
    if not isinstance(value, dict):
        raise _Refused(f"must be an object with {', '.join(rule.columns)}")
    if unknown := next((name for name in value if name not in rule.columns), None):
        raise _Refused("is no column of this field", f".{_printable(str(unknown))}")
    return [_cell(name, column, value.get(name)) for name, column in rule.columns.items()]


def _cell(name: str, column: Column, value: Any) -> str:
    if value is None and not column.required:
        return "–"
    try:
        if value is None:
            raise _Refused("is missing")
        return _CELLS[column.type](value, column)
    except _Refused as refused:
        raise _Refused(refused.reason, f".{name}") from None


_CELLS: Mapping[str, Callable[[Any, Column], str]] = {"text": _text, "date": _date, "number": _number}
_TYPES: Mapping[Type, Callable[[Any, FieldRule], Shown]] = {
    "text": _text,
    "prose": _prose,
    "date": _date,
    "number": _number,
    "yes_no": _yes_no,
    "choice": _choice,
    "list": _list,
    "rows": _rows,
}
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
