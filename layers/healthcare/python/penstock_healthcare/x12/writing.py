"""Segments and envelopes from values. X12 has no escapes: what holds a delimiter cannot be written.

envelope = Envelope(Party("ZZ", "CLINIC"), Party("ZZ", "PAYER"), control_number=905, time=now)
write(envelope, "HS", "005010X279A1", [[("BHT", "0022", "13", …), …]])
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from penstock_healthcare.x12.delimiters import Delimiters
from penstock_healthcare.x12.errors import BadValue
from penstock_healthcare.x12.interchange import Interchange
from penstock_healthcare.x12.parsing import parse

MOST_CONTROL_NUMBER = 999_999_999
_ISA_LENGTHS = {1: 2, 2: 10, 3: 2, 4: 10, 5: 2, 6: 15, 7: 2, 8: 15}
_SPELLED = str.maketrans({"ß": "ss", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "œ": "oe", "đ": "d"})

Value: TypeAlias = str | Sequence[str] | Sequence[Sequence[str]]
"""An element: a text, the texts of its repetitions (a list), or of its components (a tuple)."""
Row: TypeAlias = Sequence[Value]
"""A segment: its name and its elements in order."""


@dataclass(frozen=True, slots=True)
class Party:
    """Who sends or receives: ISA-05 and ISA-06. ZZ is what the two have agreed on."""

    qualifier: str
    id: str


@dataclass(frozen=True, slots=True)
class Envelope:
    """What stands around the sets. `time` is written as it is, without its zone."""

    sender: Party
    receiver: Party
    control_number: int
    time: datetime
    is_test: bool = False
    application_sender: str = ""
    """GS-02, the sender's id when left out."""
    application_receiver: str = ""
    delimiters: Delimiters = field(default_factory=Delimiters)
    line_end: str = "\n"
    """What follows each terminator, for people; receivers ignore it."""


def write(envelope: Envelope, functional_id: str, guide: str, sets: Sequence[tuple[str, Sequence[Row]]]) -> Interchange:
    """One interchange of one group; each set is its type and its segments between ST and SE. Raises BadValue."""
    numbered = [_set(kind, rows, number, guide) for number, (kind, rows) in enumerate(sets, 1)]
    number = str(envelope.control_number)
    rows = [
        _group_header(envelope, functional_id, guide),
        *(row for each in numbered for row in each),
        ("GE", str(len(sets)), number),
        ("IEA", "1", number.zfill(9)),
    ]
    return _made(envelope, rows)


def write_bare(envelope: Envelope, rows: Sequence[Row]) -> Interchange:
    """An interchange without groups, as a TA1 travels. Raises BadValue."""
    return _made(envelope, [*rows, ("IEA", "0", str(envelope.control_number).zfill(9))])


def plain(text: str) -> str:
    """Text in the letters that every receiver takes: accents are taken off, what is left stays as it is."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_SPELLED))
    return "".join(mark for mark in decomposed if not unicodedata.combining(mark))


def _made(envelope: Envelope, rows: Sequence[Row]) -> Interchange:
    marks = envelope.delimiters
    lines = [_header(envelope), *(_segment(row, marks) for row in rows)]
    return parse("".join(f"{line}{marks.segment}{envelope.line_end}" for line in lines))


def _header(envelope: Envelope) -> str:
    marks = envelope.delimiters
    if not 0 < envelope.control_number <= MOST_CONTROL_NUMBER:
        raise BadValue("ISA-13", f"a control number is 1 to {MOST_CONTROL_NUMBER}")
    sender, receiver = envelope.sender, envelope.receiver
    parts = ["00", "", "00", "", sender.qualifier, sender.id, receiver.qualifier, receiver.id]
    fixed = [_fixed(number, text, marks) for number, text in enumerate(parts, 1)]
    control = str(envelope.control_number).zfill(9)
    usage = "T" if envelope.is_test else "P"
    day, hour = f"{envelope.time:%y%m%d}", f"{envelope.time:%H%M}"
    rest = [day, hour, marks.repetition or "U", "00501", control, "0", usage, marks.component]
    return marks.element.join(["ISA", *fixed, *rest])


def _fixed(number: int, text: str, marks: Delimiters) -> str:
    path, length = f"ISA-{number:02}", _ISA_LENGTHS[number]
    if len(text) > length:
        raise BadValue(path, f"has more than {length} characters")
    return _text(path, text, marks).ljust(length)


def _group_header(envelope: Envelope, functional_id: str, guide: str) -> Row:
    sender = envelope.application_sender or envelope.sender.id
    receiver = envelope.application_receiver or envelope.receiver.id
    day, hour = f"{envelope.time:%Y%m%d}", f"{envelope.time:%H%M}"
    return ("GS", functional_id, sender, receiver, day, hour, str(envelope.control_number), "X", guide)


def _set(kind: str, rows: Sequence[Row], number: int, guide: str) -> list[Row]:
    control = f"{number:04}"
    header = ("ST", kind, control, guide)
    return [header, *rows, ("SE", str(len(rows) + 2), control)]


def _segment(row: Row, marks: Delimiters) -> str:
    name = str(row[0])
    parts = [_element(f"{name}-{number:02}", value, marks) for number, value in enumerate(row[1:], 1)]
    while parts and not parts[-1]:
        parts.pop()
    return marks.element.join([name, *parts])


def _element(path: str, value: Value, marks: Delimiters) -> str:
    if isinstance(value, str):
        return _text(path, value, marks)
    if isinstance(value, tuple):
        return marks.component.join(_text(path, str(part), marks) for part in value).rstrip(marks.component)
    return marks.repetition.join(_element(path, part, marks) for part in value)


def _text(path: str, text: str, marks: Delimiters) -> str:
    written = plain(text)
    if any(mark in written for mark in marks.all):
        raise BadValue(path, f"holds one of the characters that separate an interchange: {' '.join(marks.all)}")
    if not (written.isascii() and written.isprintable()):
        raise BadValue(path, "holds a character that X12 receivers do not take")
    return written
