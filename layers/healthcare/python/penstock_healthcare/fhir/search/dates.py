"""Dates as ranges of milliseconds since 1970 (UTC): what a text with its precision covers, the end excluded."""

import re
from datetime import datetime, timedelta

Range = tuple[int | None, int | None]
"""Beginning, included, and end, excluded; None is without limit."""

_DATE = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:\d\d)?)?)?)?\Z"
)
_MILLISECOND = timedelta(milliseconds=1)
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - all times here are shifted to UTC


def covered(text: str) -> tuple[int, int] | None:
    """What a date, dateTime or instant covers; without a zone it is in UTC. None where it is none."""
    found = _DATE.match(text)
    if not found:
        return None
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    try:
        begin = datetime(  # noqa: DTZ001
            int(year), int(month or 1), int(day or 1), int(hour or 0), int(minute or 0), int(second or 0)
        )
        begin += timedelta(milliseconds=int((fraction or "0").ljust(3, "0")[:3]))
        end = _end(begin, month, day, hour, second, fraction)
    except (ValueError, OverflowError):
        return None
    shift = _shift(zone)
    return _millis(begin) - shift, _millis(end) - shift


def period(start: str, end: str) -> Range | None:
    """What a Period covers, both ends included; an end that is not given is open. None where it has neither."""
    begin, close = covered(start), covered(end)
    if begin is None and close is None:
        return None
    return (begin[0] if begin else None), (close[1] if close else None)


def _end(begin: datetime, *given: str | None) -> datetime:
    month, day, hour, second, fraction = given
    if month is None:
        return begin.replace(year=begin.year + 1)
    if day is None:
        return (begin + timedelta(days=31)).replace(day=1)
    if hour is None:
        return begin + timedelta(days=1)
    if second is None:
        return begin + timedelta(minutes=1)
    return begin + (timedelta(seconds=1) if fraction is None else _MILLISECOND)


def _shift(zone: str | None) -> int:
    if zone is None or zone == "Z":
        return 0
    size = (int(zone[1:3]) * 60 + int(zone[4:6])) * 60_000
    return -size if zone[0] == "-" else size


def _millis(time: datetime) -> int:
    return (time - _EPOCH) // _MILLISECOND
