"""HL7 messages in files: read one by one, checked, shown field by field."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from penstock_cli.files import read_bytes
from penstock_healthcare.hl7 import Envelope, HL7Error, Message, Segment, Unparseable, check, parse, parse_batch
from penstock_healthcare.hl7.dictionary import segment_layout

SERIOUS = ("error", "warning")


@dataclass(frozen=True, slots=True)
class Found:
    """One message of a file, as it stands there. `message` is None where it cannot be read, for `error`."""

    file: str
    number: int
    raw: bytes
    message: Message | None
    error: HL7Error | None


def found_in(files: Sequence[str]) -> Iterator[Found]:
    """The messages of files, which may be batches; `number` counts from 1 in each. Raises WrongUse."""
    for file in files:
        yield from _found_in(file, read_bytes(file))


def _found_in(file: str, content: bytes) -> Iterator[Found]:
    try:
        batch = parse_batch(content)
    except Unparseable:
        yield found_in_bytes(file, content)
        return
    messages = [part for part in batch.parts if not isinstance(part, Envelope)]
    if len(messages) == 1 and not any(envelope.id for envelope in batch.envelopes):
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


def report(found: Found) -> dict[str, Any]:
    """What is to be said of a message: its header, and its findings or why it cannot be read."""
    message = found.message
    findings = [asdict(each) for each in check(message)] if message else [_unreadable(found.error)]
    return {
        "file": found.file,
        "message": found.number,
        "type": message.type if message else "",
        "control_id": message.control_id if message else "",
        "version": message.version if message else "",
        "findings": findings,
    }


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
