"""Dates, times and instants of any precision, and how they compare: unknown where their precisions do not tell."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

_SHAPE = re.compile(
    r"(?:(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?)?(T)?(?:(\d{2})(?::(\d{2})(?::(\d{2}(?:\.\d+)?))?)?)?(Z|[+-]\d{2}:\d{2})?\Z"
)
_LEAP_SECOND = 60


@dataclass(frozen=True)
class Temporal:
    """As it is written: `2024`, `2024-02-29`, `2024-02-29T08:30:00+01:00`, `T08:30` for a time of day."""

    text: str

    @cached_property
    def kind(self) -> str:
        """Date, DateTime or Time."""
        if self.text.startswith("T"):
            return "Time"
        return "DateTime" if "T" in self.text else "Date"

    @cached_property
    def parts(self) -> tuple[float, ...]:
        """Year to seconds, or hour to seconds, as far as they are given; in UTC where there is an offset."""
        match = _SHAPE.match(self.text)
        if match is None:
            return ()
        year, month, day, _, hour, minute, second, offset = match.groups()
        found = tuple(float(each) for each in (year, month, day, hour, minute, second) if each is not None)
        return _in_utc(found, offset) if offset and year and len(found) > 4 else found

    @cached_property
    def has_offset(self) -> bool:
        """Whether it says how far it is from UTC."""
        return self.kind == "DateTime" and bool(re.search(r"T.*(Z|[+-]\d{2}:\d{2})\Z", self.text))

    def compare(self, other: "Temporal") -> int | None:
        """-1, 0, 1; None where it cannot be told."""
        if (self.kind == "Time") != (other.kind == "Time"):
            return None
        both_have_times = min(len(self.parts), len(other.parts)) > 3
        if self.kind != "Time" and both_have_times and self.has_offset != other.has_offset:
            return None
        for mine, theirs in zip(self.parts, other.parts, strict=False):
            if mine != theirs:
                return -1 if mine < theirs else 1
        return 0 if len(self.parts) == len(other.parts) else None

    def plus(self, amount: int, unit: str) -> "Temporal":
        """Later by a calendar duration. Raises ValueError, OverflowError when there is no such time."""
        precision = len(self.text.partition("T")[0]) if self.kind == "Date" else 0
        if self.kind == "Time":
            moment = datetime.fromisoformat(f"2000-01-01{self.text}") + timedelta(**{f"{unit}s": amount})
            return Temporal(f"T{moment.time().isoformat()}")
        moment = _later(datetime.fromisoformat(_filled(self.text)), amount, unit)
        return Temporal(moment.date().isoformat()[:precision] if precision else moment.isoformat())


def _filled(text: str) -> str:
    return text + "-01-01"[len(text) - 4 :] if len(text) < 10 else text.removesuffix("T")


def _later(moment: datetime, amount: int, unit: str) -> datetime:
    if unit not in ("year", "month"):
        return moment + timedelta(**{f"{unit}s": amount})
    months = moment.month - 1 + (amount * 12 if unit == "year" else amount)
    year, month = moment.year + months // 12, months % 12 + 1
    for day in range(moment.day, 27, -1):
        try:
            return moment.replace(year=year, month=month, day=day)
        except ValueError:
            continue
    return moment.replace(year=year, month=month)


def _in_utc(parts: tuple[float, ...], offset: str) -> tuple[float, ...]:
    if offset == "Z":
        return parts
    sign = -1 if offset[0] == "-" else 1
    shift = timedelta(hours=int(offset[1:3]), minutes=int(offset[4:6])) * sign
    year, month, day, hour, minute = (int(part) for part in parts[:5])
    try:
        moment = datetime(year, month, day, hour, minute, tzinfo=UTC) - shift
    except (ValueError, OverflowError):
        return parts
    return (
        float(moment.year),
        float(moment.month),
        float(moment.day),
        float(moment.hour),
        float(moment.minute),
        *parts[5:],
    )
