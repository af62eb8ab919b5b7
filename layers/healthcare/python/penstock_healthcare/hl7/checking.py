"""Findings about a message that parses: what the standard asks and the message does not give.

The rules are tables; data types come from the dictionary. A finding never quotes the message.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from penstock_healthcare.hl7 import values
from penstock_healthcare.hl7.acknowledgment import Fault, Severity
from penstock_healthcare.hl7.charset import codec_of
from penstock_healthcare.hl7.dictionary import segment_ids
from penstock_healthcare.hl7.errors import BadValue
from penstock_healthcare.hl7.message import Message
from penstock_healthcare.hl7.segment import Segment
from penstock_healthcare.hl7.separators import is_header

Level = Literal["error", "warning", "information"]

_ERR_SEVERITY: dict[Level, Severity] = {"error": "E", "warning": "W", "information": "I"}


@dataclass(frozen=True, slots=True)
class Finding:
    """``path`` is where, ``rule`` the stable name of what was checked, ``code`` its table 0357 code."""

    path: str
    severity: Level
    rule: str
    message: str
    code: str = "199"

    def fault(self) -> Fault:
        """The finding as an ERR segment reports it."""
        return Fault(self.code, self.message, self.path, _ERR_SEVERITY[self.severity])


_REQUIRED: tuple[tuple[str, int, Level, str], ...] = (
    ("MSH", 9, "error", "message type"),
    ("MSH", 10, "error", "message control id"),
    ("MSH", 11, "warning", "processing id"),
    ("MSH", 12, "warning", "version id"),
    ("PID", 3, "error", "patient identifier list"),
    ("PID", 5, "error", "patient name"),
    ("PV1", 2, "error", "patient class"),
    ("ORC", 1, "error", "order control"),
    ("OBR", 4, "error", "universal service identifier"),
    ("OBX", 3, "error", "observation identifier"),
    ("OBX", 11, "error", "observation result status"),
    ("MSA", 1, "error", "acknowledgment code"),
    ("MSA", 2, "error", "control id of the acknowledged message"),
)

_FORMATS: dict[str, Callable[[str], object]] = {
    "DTM": values.parse_timestamp,
    "DT": values.parse_date,
    "NM": values.parse_number,
    "SI": values.parse_sequence_id,
}


def check(message: Message) -> list[Finding]:
    """All findings, in message order; an empty list when nothing is wrong that this release knows of."""
    findings = list(_check_message(message))
    seen: dict[str, int] = {}
    for segment in message:
        occurrence = seen.setdefault(segment.id, 0)
        seen[segment.id] += 1
        place = f"{segment.id}[{occurrence}]" if occurrence else segment.id
        for rule in _SEGMENT_RULES:
            findings += rule(segment, place)
    return findings


def _check_message(message: Message) -> Iterator[Finding]:
    if len(message.segments("MSH")) > 1:
        text = "more than one MSH: this is a batch of messages"
        yield Finding("MSH[1]", "error", "one-message", text, "100")
    written = message.segment("MSH").fields[2]
    if written != message.separators.encoding_characters:
        text = "the encoding characters repeat themselves; each was read once"
        yield Finding("MSH-2", "warning", "encoding-characters", text)
    if message.codec != "ascii" and codec_of(message.charset) != message.codec:
        text = f"the bytes are not in the declared charset; they were read as {message.codec}"
        yield Finding("MSH-18", "warning", "charset", text, "103")
    if any("\n" in segment.end for segment in message):
        text = "segments end with a line feed; the standard asks for a carriage return alone"
        yield Finding("MSH", "information", "segment-terminator", text)


def _check_identity(segment: Segment, place: str) -> Iterator[Finding]:
    if segment.id not in segment_ids() and not segment.id.startswith("Z"):
        yield Finding(place, "warning", "known-segment", "no version of the standard has this segment", "100")
    if segment.text[:3] != segment.id:
        yield Finding(place, "information", "segment-id-case", "the segment id is not in upper case")
    if "\r" in segment.text or "\n" in segment.text:
        yield Finding(place, "warning", "line-break", "a line break inside the segment was taken as text")


def _check_required(segment: Segment, place: str) -> Iterator[Finding]:
    for name, number, level, title in _REQUIRED:
        if segment.id == name and not segment.value(number):
            yield Finding(f"{place}-{number}", level, "required", f"the {title} is missing", "101")
    if segment.id == "OBX" and segment[5].raw and not segment.value(2):
        text = "an observation value needs its value type in OBX-2"
        yield Finding(f"{place}-2", "error", "required", text, "101")


def _check_formats(segment: Segment, place: str) -> Iterator[Finding]:
    for number in range(3 if is_header(segment.id) else 1, len(segment) + 1):
        read = _FORMATS.get(segment.datatype(number)) if segment.fields[number] else None
        if read is None:
            continue
        for index, repetition in enumerate(segment[number]):
            where = f"{place}-{number}[{index}]" if index else f"{place}-{number}"
            yield from _check_format(read, repetition.value, where)


def _check_format(read: Callable[[str], object], text: str, place: str) -> Iterator[Finding]:
    if not text or text == values.NULL:
        return
    try:
        read(text)
    except BadValue as error:
        text = f"not a valid {error.datatype}: expected {error.expected}"
        yield Finding(place, "error", f"datatype-{error.datatype}", text, "102")


_SEGMENT_RULES = (_check_identity, _check_required, _check_formats)
