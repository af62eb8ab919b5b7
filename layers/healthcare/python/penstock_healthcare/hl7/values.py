"""Typed values of primitive data types: DTM, DT and TM as `Timestamp`, NM as an exact Decimal (2.5.1: chapter 2A)."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Literal

from penstock_healthcare.hl7.errors import BadValue

NULL = '""'
"""The value of a field that says "delete what you have", as opposed to "" which says nothing."""

Precision = Literal["year", "month", "day", "hour", "minute", "second", "fraction"]

_DTM = re.compile(
    r"(?P<year>\d{4})(?:(?P<month>\d\d)(?:(?P<day>\d\d)(?:(?P<hour>\d\d)(?:(?P<minute>\d\d)"
    r"(?:(?P<second>\d\d)(?:\.(?P<fraction>\d{1,6})\d*)?)?)?)?)?)?(?P<offset>[+-]\d{4})?\Z",
    re.ASCII,
)
_NM = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)\Z", re.ASCII)
_DT = re.compile(r"\d{4}(?:\d\d(?:\d\d)?)?\Z", re.ASCII)
_TM = re.compile(r"(?:[01]\d|2[0-3])(?:[0-5]\d(?:[0-5]\d(?:\.\d{1,6})?)?)?(?:[+-]\d{4})?\Z", re.ASCII)
_SI = re.compile(r"\d{1,9}\Z", re.ASCII)
_LONGEST = 64
_PRECISIONS: tuple[Precision, ...] = ("fraction", "second", "minute", "hour", "day", "month", "year")
_ISO_LENGTHS: dict[Precision, int] = {"year": 4, "month": 7, "day": 10, "hour": 13, "minute": 16, "second": 19}


@dataclass(frozen=True, slots=True)
class Timestamp:
    """A point in time as exact as it was sent: ``value`` is naive where no offset was sent."""

    value: datetime
    precision: Precision

    def isoformat(self) -> str:
        """ISO 8601 in the precision received: ``2014``, ``2014-10-06``, ``2014-10-06T06:45+07:00``."""
        text = self.value.isoformat()
        if self.precision == "fraction":
            return text
        cut = _ISO_LENGTHS[self.precision]
        has_time = cut > _ISO_LENGTHS["day"]
        return text[:cut] + (text[19:] if has_time and self.value.tzinfo else "")


def parse_timestamp(text: str, *, path: str = "") -> Timestamp:
    """Read ``YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ]``; raises `BadValue`."""
    match = _DTM.match(text) if len(text) <= _LONGEST else None
    if match is None:
        raise BadValue("DTM", "YYYY[MM[DD[HH[MM[SS[.S]]]]]][+/-ZZZZ]", path=path)
    parts = match.groupdict()
    try:
        value = datetime(
            int(parts["year"]),
            int(parts["month"] or 1),
            int(parts["day"] or 1),
            int(parts["hour"] or 0),
            int(parts["minute"] or 0),
            int(parts["second"] or 0),
            int((parts["fraction"] or "0").ljust(6, "0")),
            tzinfo=_zone(parts["offset"]),
        )
    except ValueError as error:
        raise BadValue("DTM", "a date and time that exists", path=path) from error
    return Timestamp(value, next(name for name in _PRECISIONS if parts[name]))


def parse_number(text: str, *, path: str = "") -> Decimal:
    """Read an NM; digits are kept exactly (``1.00`` stays ``1.00``); raises `BadValue`."""
    if len(text) > _LONGEST or not _NM.match(text):
        raise BadValue("NM", "digits with an optional sign and decimal point", path=path)
    return Decimal(text)


def parse_date(text: str, *, path: str = "") -> Timestamp:
    """Read a DT, ``YYYY[MM[DD]]``; raises `BadValue`."""
    if not _DT.match(text):
        raise BadValue("DT", "YYYY[MM[DD]]", path=path)
    try:
        return parse_timestamp(text, path=path)
    except BadValue as error:
        raise BadValue("DT", "a date that exists", path=path) from error


def parse_time(text: str, *, path: str = "") -> str:
    """Read a TM, ``HH[MM[SS[.S[S[S[S]]]]]][+/-ZZZZ]``; raises `BadValue`."""
    if not _TM.match(text):
        raise BadValue("TM", "HH[MM[SS[.S]]][+/-ZZZZ]", path=path)
    return text


def parse_sequence_id(text: str, *, path: str = "") -> int:
    """Read an SI: a whole number without sign; raises `BadValue`."""
    if not _SI.match(text):
        raise BadValue("SI", "a whole number", path=path)
    return int(text)


def format_timestamp(value: datetime) -> str:
    """A DTM to the second, with its offset where ``value`` has one."""
    return value.strftime("%Y%m%d%H%M%S%z")


def _zone(offset: str | None) -> timezone | None:
    if offset is None:
        return None
    minutes = int(offset[1:3]) * 60 + int(offset[3:5])
    return timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes))
