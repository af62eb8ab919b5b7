"""HL7 messages in files: read one by one, checked, shown field by field."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from penstock_cli.files import HL7_SUFFIX, read_bytes, that_hold
from penstock_healthcare.hl7 import (
    Envelope,
    HL7Error,
    Message,
    Segment,
    Unparseable,
    acknowledge,
    check,
    group,
    nak_for_unparseable,
    parse,
    parse_batch,
)
from penstock_healthcare.hl7.acknowledgment import Code
from penstock_healthcare.hl7.checking import Agreement
from penstock_healthcare.hl7.dictionary import segment_layout

SERIOUS = ("error", "warning")
_POSITIVE = ("AA", "CA")
_BEGINS = re.compile(rb"(?:\A|[\r\n\x0b])(?:\xef\xbb\xbf)?(?:MSH|FHS|BHS)[^A-Za-z0-9\s]", re.IGNORECASE)
_FRAMING = b"\x0b\x1c\r\n \t\x00\xef\xbb\xbf"
_FRAME_END = re.compile(rb"\x1c[\r\n\x0b]*\Z")


@dataclass(frozen=True, slots=True)
class Found:
    """One message of a file, as it stands there. `message` is None where it cannot be read, for `error`."""

    file: str
    number: int
    raw: bytes
    message: Message | None
    error: HL7Error | None


def found_in(paths: Sequence[str]) -> Iterator[Found]:
    """The messages of files, which may be batches, and of folders; `number` counts from 1 in each file.

    In a folder, at any depth, a file counts that is named *.hl7 or holds a message. Raises WrongUse.
    """
    for path in paths:
        files = that_hold(Path(path), (HL7_SUFFIX,), _BEGINS) if Path(path).is_dir() else (path,)
        for file in files:
            yield from _found_in(file, read_bytes(file))


def _found_in(file: str, content: bytes) -> Iterator[Found]:
    try:
        batch = parse_batch(content)
    except Unparseable:
        yield found_in_bytes(file, content)
        return
    messages = [part for part in batch.parts if not isinstance(part, Envelope)]
    if len(messages) == 1 and not any(bytes(envelope).strip(_FRAMING) for envelope in batch.envelopes):
        yield found_in_bytes(file, content)
        return
    for number, part in enumerate(messages, 1):
        message = part if isinstance(part, Message) else None
        yield Found(file, number, bytes(part), message, None if isinstance(part, Message) else part.error)


def found_in_bytes(file: str, content: bytes) -> Found:
    """A file's content as one message, with whatever stands before its MSH."""
    try:
        return Found(file, 1, content, parse(content), None)
    except HL7Error as error:
        return Found(file, 1, content, None, error)


def report(found: Found, profiles: Sequence[Agreement] = ()) -> dict[str, Any]:
    """What is to be said of a message: its header, and its findings or why it cannot be read.

    `identical` says whether the same bytes come out when the message is written again.
    """
    message = found.message
    findings = [asdict(each) for each in check(message, profiles)] if message else [_unreadable(found.error)]
    return {
        "file": found.file,
        "message": found.number,
        "parsed": message is not None,
        "identical": message is not None and bytes(message) == found.raw,
        "type": message.type if message else "",
        "control_id": message.control_id if message else "",
        "version": message.version if message else "",
        "structure": group(message).name if message else "",
        "findings": findings,
    }


def summary(reports: Sequence[dict[str, Any]]) -> dict[str, int]:
    """How many messages there were, were read, came back byte for byte, and were without error or warning."""
    return {
        "messages": len(reports),
        "parsed": sum(entry["parsed"] for entry in reports),
        "identical": sum(entry["identical"] for entry in reports),
        "clean": sum(not is_serious(entry) for entry in reports),
    }


def acknowledgment(found: Found, code: str | None, *, control_id: str, now: datetime) -> bytes:
    """What a receiver would answer: `code`, else AA, AE with the errors that were found, AR for what is unreadable."""
    if found.message is None:
        return nak_for_unparseable(found.raw, control_id=control_id, timestamp=now, error=found.error)
    faults = [] if code in _POSITIVE else [each.fault() for each in check(found.message) if each.severity == "error"]
    answer = cast("Code", code or ("AE" if faults else "AA"))
    return acknowledge(found.message, answer, control_id=control_id, timestamp=now, errors=faults)


def unframed(raw: bytes) -> bytes:
    """A message without the MLLP framing that a capture left around it."""
    return _FRAME_END.sub(b"", raw.removeprefix(b"\x0b"))


def is_serious(entry: dict[str, Any]) -> bool:
    """Whether a report has more than information."""
    return any(finding["severity"] in SERIOUS for finding in entry["findings"])


def rows(message: Message) -> Iterator[tuple[str, str, str, str]]:
    """Path, name, data type and encoded text of every field that is valued, segment by segment."""
    seen: dict[str, int] = {}
    for segment in message:
        index = seen.get(segment.id, 0)
        seen[segment.id] = index + 1
        place = f"{segment.id}[{index}]" if index else segment.id
        yield from _fields(segment, place)


def _fields(segment: Segment, place: str) -> Iterator[tuple[str, str, str, str]]:
    layout = segment_layout(segment.id)
    for number in range(1, len(segment) + 1):
        text = segment.fields[number]
        if text:
            part = layout.part(number) if layout else None
            name = part.name.replace("_", " ") if part else ""
            yield f"{place}-{number}", name, segment.datatype(number), text


def _unreadable(error: HL7Error | None) -> dict[str, Any]:
    return {
        "path": getattr(error, "segment", ""),
        "severity": "error",
        "rule": "readable",
        "message": str(error),
        "code": "199",
    }
