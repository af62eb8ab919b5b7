"""Findings about an interchange that parses: its envelope (X12.5, X12.6) and the hierarchy of its sets.

Counts and control numbers that do not agree are errors: a receiver refuses such an interchange. A finding never quotes
content; the numbers that it names are counts.
"""

import re
from collections.abc import Iterator
from itertools import chain, islice

from penstock_healthcare.x12.delimiters import is_fixed
from penstock_healthcare.x12.finding import MOST_FINDINGS, Finding
from penstock_healthcare.x12.interchange import Group, Interchange, Transaction
from penstock_healthcare.x12.segment import Segment
from penstock_healthcare.x12.sets import FUNCTIONAL_IDS, REQUIRED

_SEGMENT_ID = re.compile(r"[A-Z][A-Z0-9]{1,2}\Z")
_FORMS = {
    9: (re.compile(r"\d{6}\Z"), "isa-form", "the date is not YYMMDD"),
    10: (re.compile(r"\d{4}\Z"), "isa-form", "the time is not HHMM"),
    12: (re.compile(r"\d{5}\Z"), "isa-form", "the version is not five digits"),
    13: (re.compile(r"\d{9}\Z"), "isa-form", "the control number is not nine digits"),
    14: (re.compile(r"[01]\Z"), "isa-form", "whether an acknowledgment is asked for is not 0 or 1"),
    15: (re.compile(r"[IPT]\Z"), "isa-form", "the usage is not P (production), T (test) or I (information)"),
}
_COUNT = re.compile(r"\d{1,10}\Z")


def check(interchange: Interchange) -> list[Finding]:
    """All findings in order of place; after `MOST_FINDINGS` the rest is left out, and a last finding says so."""
    found = list(islice(_all(interchange), MOST_FINDINGS + 1))
    if len(found) > MOST_FINDINGS:
        text = f"there are more than {MOST_FINDINGS} findings; the others are left out"
        found[-1] = Finding("ISA", 1, "information", "more", text)
    return sorted(found, key=lambda each: each.position)


def _all(interchange: Interchange) -> Iterator[Finding]:
    yield from _check_header(interchange)
    yield from chain.from_iterable(map(_check_segment, interchange.segments, range(1, len(interchange.segments) + 1)))
    yield from _check_trailer(interchange)
    seen: set[str] = set()
    for group in interchange.groups:
        yield from _check_group(group, seen)


def _check_header(interchange: Interchange) -> Iterator[Finding]:
    header = interchange.header
    if not is_fixed(header.text):
        yield Finding("ISA", 1, "warning", "isa-length", "ISA's elements are not padded to their fixed lengths")
    for number, (form, rule, text) in _FORMS.items():
        if not form.match(header[number]):
            yield Finding(f"ISA-{number:02}", 1, "error", rule, text)


def _check_segment(segment: Segment, position: int) -> Iterator[Finding]:
    name = segment.id
    if not _SEGMENT_ID.match(name):
        yield Finding("", position, "error", "segment-id", "a segment has no name of two or three letters and digits")
    elif segment.text.endswith(segment.delimiters.element):
        yield Finding(name, position, "warning", "trailing-separator", f"{name} ends with an element that is empty")
    if not segment.end:
        path = name if _SEGMENT_ID.match(name) else ""
        yield Finding(path, position, "error", "unterminated", "the last segment has no terminator: it is cut off")


def _check_trailer(interchange: Interchange) -> Iterator[Finding]:
    trailer, last = interchange.trailer, len(interchange.segments)
    for position in interchange.stray:
        name = _name(interchange.segments[position - 1])
        yield Finding(name, position, "error", "outside", f"{name} stands outside of any group")
    if interchange.rest.strip():
        yield Finding("IEA", last, "error", "after-end", "there is content after the end of the interchange")
    if trailer is None:
        yield Finding("IEA", last, "error", "iea-missing", "the interchange has no IEA")
        return
    yield from _control(trailer, last, interchange.control_id, "interchange-control")
    yield from _count(trailer, last, sum(group.header is not None for group in interchange.groups), "groups")


def _check_group(group: Group, seen: set[str]) -> Iterator[Finding]:
    header, trailer = group.header, group.trailer
    end = _end(group)
    for position in group.stray:
        yield Finding("", position, "error", "outside", "a segment stands in a group outside of any transaction set")
    if header is None:
        yield Finding("GS", group.number, "error", "gs-missing", "a transaction set stands outside of a group")
    else:
        yield from _unique("GS-06", group.number, header[6], seen)
        if trailer is None:
            yield Finding("GE", end, "error", "ge-missing", "the group has no GE")
        else:
            yield from _control(trailer, end, header[6], "group-control")
            yield from _count(trailer, end, len(group.transactions), "transaction sets")
    inside: set[str] = set()
    for transaction in group.transactions:
        yield from _check_set(transaction, header, inside)


def _end(group: Group) -> int:
    """The place of the last segment before GE, and so about where GE is."""
    last = group.transactions[-1] if group.transactions else None
    return (last.number + len(last.segments) if last else group.number + 1) + len(group.stray)


def _check_set(transaction: Transaction, header: Segment | None, seen: set[str]) -> Iterator[Finding]:
    start, last = transaction.number, transaction.number + len(transaction.segments) - 1
    yield from _unique("ST-02", start, transaction.control_id, seen)
    expected = FUNCTIONAL_IDS.get(transaction.type)
    if header is not None and expected and header[1] != expected:
        text = f"a {transaction.type} belongs into a group whose GS-01 is {expected}"
        yield Finding("ST-01", start, "error", "functional-id", text)
    if header is not None and transaction.guide and header[8] and transaction.guide != header[8]:
        yield Finding("ST-03", start, "error", "guide", "ST-03 and GS-08 name different implementation guides")
    trailer = transaction.trailer
    if trailer is None:
        yield Finding("SE", last, "error", "se-missing", "the transaction set has no SE")
    else:
        yield from _control(trailer, last, transaction.control_id, "set-control")
        yield from _count(trailer, last, len(transaction.segments), "segments")
    yield from _check_content(transaction)


def _check_content(transaction: Transaction) -> Iterator[Finding]:
    names = {segment.id for segment in transaction.body}
    for name in REQUIRED.get(transaction.type, ()):
        if name not in names:
            text = f"a {transaction.type} has to have {name}"
            yield Finding(name, transaction.number, "error", "required-segment", text)
    yield from _check_levels(transaction)


def _check_levels(transaction: Transaction) -> Iterator[Finding]:
    """HL-01 counts from 1 in a set, HL-02 names a level before, HL-03 says what the level is."""
    known: set[str] = set()
    for offset, segment in enumerate(transaction.segments):
        if segment.id != "HL":
            continue
        position = transaction.number + offset
        if segment[1] != str(len(known) + 1):
            yield Finding("HL-01", position, "error", "hl-number", "the levels are not numbered 1, 2, 3 …")
        if segment[2] and segment[2] not in known:
            yield Finding("HL-02", position, "error", "hl-parent", "the level above is none that stands before")
        if not segment[3]:
            yield Finding("HL-03", position, "error", "hl-level", "the level does not say what it is")
        known.add(segment[1])


def _control(trailer: Segment, position: int, expected: str, rule: str) -> Iterator[Finding]:
    if trailer[2] != expected:
        path, header = f"{trailer.id}-02", _HEADERS[trailer.id]
        yield Finding(path, position, "error", rule, f"the control number is not that of {header}")


_HEADERS = {"IEA": "ISA-13", "GE": "GS-06", "SE": "ST-02"}


def _count(trailer: Segment, position: int, actual: int, what: str) -> Iterator[Finding]:
    stated = trailer[1]
    if not _COUNT.match(stated):
        yield Finding(f"{trailer.id}-01", position, "error", "count-form", f"the number of {what} is no number")
    elif int(stated) != actual:
        text = f"{int(stated)} {what} are stated and there are {actual}"
        yield Finding(f"{trailer.id}-01", position, "error", "count", text)


def _unique(path: str, position: int, value: str, seen: set[str]) -> Iterator[Finding]:
    if not value:
        yield Finding(path, position, "error", "control-missing", "there is no control number")
    elif value in seen:
        yield Finding(path, position, "error", "control-twice", "the control number was there before")
    seen.add(value)


def _name(segment: Segment) -> str:
    return segment.id if _SEGMENT_ID.match(segment.id) else "a segment"
