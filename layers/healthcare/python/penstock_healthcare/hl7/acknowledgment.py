"""Acknowledgments (2.5.1: chapter 2, sections 2.9 and 2.15): MSH back to the sender, MSA, and ERR for each fault.

AA, AE, AR answer in original mode and for the application; CA, CE, CR for acceptance in enhanced mode.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from penstock_healthcare.hl7.charset import codec_of
from penstock_healthcare.hl7.errors import BadPath, HL7Error
from penstock_healthcare.hl7.escapes import escape
from penstock_healthcare.hl7.message import Message
from penstock_healthcare.hl7.parsing import parse
from penstock_healthcare.hl7.path import parse_path
from penstock_healthcare.hl7.separators import Separators
from penstock_healthcare.hl7.values import format_timestamp

Code = Literal["AA", "AE", "AR", "CA", "CE", "CR"]
Severity = Literal["E", "W", "I"]

ERROR_CODES = {
    "100": "Segment sequence error",
    "101": "Required field missing",
    "102": "Data type error",
    "103": "Table value not found",
    "104": "Value too long",
    "199": "Other HL7 error",
    "200": "Unsupported message type",
    "201": "Unsupported event code",
    "202": "Unsupported processing id",
    "203": "Unsupported version id",
    "204": "Unknown key identifier",
    "205": "Duplicate key identifier",
    "206": "Application record locked",
    "207": "Application error",
}
"""Table 0357."""

_USUAL_VERSION = "2.5"
_ERR_WITH_LOCATION = (2, 5)
_ACK_STRUCTURE = (2, 4)
_HEADER_BYTES = 8192
_UNKNOWN_SENDER = "MSH|^~\\&|||||||||P|2.5.1"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a message, as an ERR segment says it."""

    code: str
    """Of table 0357 (`ERROR_CODES`)."""
    message: str
    """For a person at the sender; no patient data."""
    location: str = ""
    """A path, "" when the fault has no place in the message."""
    severity: Severity = "E"


def acknowledge(
    message: Message, code: Code, *, control_id: str, timestamp: datetime, errors: Iterable[Fault] = ()
) -> bytes:
    """The ACK to ``message`` in its own delimiters, version and charset; ``control_id`` is the ACK's own MSH-10.

    From 2.5 on each fault is an ERR with location (ERL), code, severity and text; before, a repetition of ERR-1.
    """
    faults = tuple(errors)
    version = _version(message.version)
    marks = message.separators.completed()
    lines = [
        _msh(message, marks, version, control_id, timestamp),
        _msa(message, marks, version, code, faults),
    ]
    if version >= _ERR_WITH_LOCATION:
        lines += [_err(fault, marks) for fault in faults]
    elif faults:
        lines.append(_err_before_2_5(faults, marks))
    codec = (codec_of(message.charset) or "ascii") if message.codec == "ascii" else message.codec
    return "".join(f"{line}\r" for line in lines).encode(codec, "replace")


def nak_for_unparseable(
    raw: bytes, *, control_id: str, timestamp: datetime, error: HL7Error | None = None, code: Code = "AR"
) -> bytes:
    """A negative ACK for bytes that `parse` refused; it names the sender and control id if MSH can still be read."""
    reason = str(error) if error else "the message cannot be parsed"
    fault = Fault("199", reason, getattr(error, "segment", ""))
    return acknowledge(header_of(raw), code, control_id=control_id, timestamp=timestamp, errors=[fault])


def header_of(raw: bytes) -> Message:
    """The MSH of ``raw`` as a message of its own, an anonymous one where it cannot be read; never raises."""
    text = raw[:_HEADER_BYTES].lstrip(b"\x0b \t\r\n\xef\xbb\xbf")
    first = text.replace(b"\n", b"\r").split(b"\r", 1)[0]
    try:
        return parse(first)
    except HL7Error:
        return parse(_UNKNOWN_SENDER)


def _msh(message: Message, marks: Separators, version: tuple[int, ...], control_id: str, timestamp: datetime) -> str:
    event = message.raw("MSH-9[0].2")
    kind = ["ACK", event, "ACK"] if version >= _ACK_STRUCTURE else ["ACK", event]
    fields = {
        3: message.raw("MSH-5"),
        4: message.raw("MSH-6"),
        5: message.raw("MSH-3"),
        6: message.raw("MSH-4"),
        7: format_timestamp(timestamp),
        9: marks.component.join(kind) if event else "ACK",
        10: escape(control_id, marks),
        11: message.raw("MSH-11"),
        12: message.raw("MSH-12") or _USUAL_VERSION,
        18: message.raw("MSH-18"),
    }
    return marks.field.join(["MSH", marks.encoding_characters, *_numbered(fields, 3)])


def _msa(message: Message, marks: Separators, version: tuple[int, ...], code: Code, faults: tuple[Fault, ...]) -> str:
    text = escape(faults[0].message, marks) if faults and version < _ERR_WITH_LOCATION else ""
    return marks.field.join(["MSA", *_numbered({1: code, 2: message.raw("MSH-10"), 3: text}, 1)])


def _err(fault: Fault, marks: Separators) -> str:
    coded = [fault.code, ERROR_CODES.get(fault.code, ""), "HL70357"]
    fields = {
        2: marks.component.join(_location(fault.location)),
        3: marks.component.join(escape(part, marks) for part in coded),
        4: fault.severity,
        8: escape(fault.message, marks),
    }
    return marks.field.join(["ERR", *_numbered(fields, 1)])


def _err_before_2_5(faults: tuple[Fault, ...], marks: Separators) -> str:
    return marks.field.join(["ERR", marks.repetition.join(_coded_location(fault, marks) for fault in faults)])


def _coded_location(fault: Fault, marks: Separators) -> str:
    coded = marks.subcomponent.join([fault.code, escape(ERROR_CODES.get(fault.code, ""), marks), "HL70357"])
    return marks.component.join([*[*_location(fault.location), "", "", ""][:3], coded])


def _location(text: str) -> list[str]:
    """Segment, its sequence, field, repetition, component, subcomponent; all counted from 1.

    Of a segment whose name is damaged, only that.
    """
    if not text:
        return []
    try:
        path = parse_path(text)
    except BadPath:
        return [text[:3]]
    parts = [path.segment, str(path.occurrence + 1)]
    if path.depth:
        parts += [str(path.field), str(path.repetition + 1)]
    if path.depth > 1:
        parts.append(str(path.component))
    if path.depth > 2:
        parts.append(str(path.subcomponent))
    return parts


def _numbered(fields: dict[int, str], first: int) -> list[str]:
    """Fields in order from ``first``, without trailing empty ones."""
    last = max(number for number, text in fields.items() if text)
    return [fields.get(number, "") for number in range(first, last + 1)]


def _version(text: str) -> tuple[int, ...]:
    """A message that does not say its version is answered in the form of 2.5."""
    parts = text.split(".")
    return tuple(map(int, parts)) if text and all(part.isascii() and part.isdigit() for part in parts) else (2, 5)
