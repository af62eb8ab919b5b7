"""Values of elements, read strictly; and segments found by their name."""

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from penstock_healthcare.x12.errors import BadValue
from penstock_healthcare.x12.segment import Segment

_NUMBER = re.compile(r"-?(?:\d{1,15}(?:\.\d{0,6})?|\.\d{1,6})\Z", re.ASCII)
_DAY = re.compile(r"\d{8}\Z", re.ASCII)


def first(segments: Sequence[Segment], name: str) -> Segment | None:
    """The first segment with this name."""
    return next((segment for segment in segments if segment.id == name), None)


def trace_of(segments: Sequence[Segment]) -> str:
    """TRN of the question (TRN01 is 2), else the answerer's own; "" where there is none."""
    traces = [each for each in segments if each.id == "TRN"]
    return next((each[2] for each in traces if each[1] == "2"), traces[0][2] if traces else "")


def day(text: str, path: str) -> date:
    """CCYYMMDD. Raises BadValue."""
    try:
        if _DAY.match(text):
            return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        pass
    raise BadValue(path, "is no date of the form CCYYMMDD")


def days(segment: Segment) -> tuple[date, date | None]:
    """The day of a DTP (D8, or DT with a time), or the first and the last of its range (RD8). Raises BadValue."""
    begin, _, end = segment[3].partition("-") if segment[2] == "RD8" else (segment[3], "", "")
    begin = begin[:8] if segment[2] == "DT" else begin
    return day(begin, "DTP-03"), day(end, "DTP-03") if end else None


def number(text: str, path: str) -> Decimal | None:
    """None for an empty element. Raises BadValue."""
    if not text:
        return None
    if not _NUMBER.match(text):
        raise BadValue(path, "is no number")
    return Decimal(text)
