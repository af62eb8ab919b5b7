"""Public HL7 v2 messages: read, read again in every place, written again, checked, answered."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from penstock_cli.conformance import Figure, Section
from penstock_cli.messages import Found, found_in
from penstock_healthcare.hl7 import Field, Group, Message, Segment, acknowledge, check, group, parse, to_json
from penstock_healthcare.hl7.dictionary import segment_layout
from penstock_healthcare.hl7.separators import is_header

FOLDER = Path("hl7v2") / "messages"
_NOW = datetime(2026, 1, 1, tzinfo=UTC)


def measure(corpora: Path) -> Iterator[Figure]:
    """One figure a property; all but the last, which says how right the senders are, must hold for every message."""
    folder = corpora / FOLDER
    found = list(found_in([str(folder)])) if folder.is_dir() else []
    messages = [each.message for each in found if each.message]
    if not found:
        return
    yield Figure("messages read", len(messages), len(found), least=len(found))
    yield Figure("the same bytes when written again", sum(map(_comes_back, found)), len(found), least=len(found))
    for what, holds in _PROPERTIES:
        yield Figure(what, sum(map(holds, messages)), len(found), least=len(found))
    yield Figure("without error or warning in their version", sum(map(_is_clean, messages)), len(found))


def _comes_back(found: Found) -> bool:
    return found.message is not None and bytes(found.message) == found.raw


def _reads_everywhere(message: Message) -> bool:
    return all(_reads(segment, number) for segment in message for number in _numbers(segment))


def _numbers(segment: Segment) -> range:
    return range(3 if is_header(segment.id) else 1, len(segment) + 1)


def _reads(segment: Segment, number: int) -> bool:
    layout = segment_layout(segment.id)
    part = layout.part(number) if layout else None
    by_name = getattr(segment, part.name).raw if part else segment.fields[number]
    return bool(by_name == segment.fields[number] == _rejoined(segment[number]))


def _rejoined(field: Field) -> str:
    marks = field.separators
    repetitions = [[[leaf.raw for leaf in component] for component in repetition] for repetition in field]
    components = [[marks.subcomponent.join(leaves) for leaves in repetition] for repetition in repetitions]
    return marks.repetition.join(marks.component.join(repetition) for repetition in components)


def _takes_any_line_end(message: Message) -> bool:
    text = str(message).replace("\r\n", "\n").replace("\r", "\n")
    rendered = [to_json(parse(text.replace("\n", end))) for end in ("\r", "\n", "\r\n")]
    return rendered[0] == rendered[1] == rendered[2] == to_json(message)


def _is_grouped(message: Message) -> bool:
    """Every segment is in one place of the structure's tree."""
    return _count(group(message)) == len(message.segments())


def _count(found: Group) -> int:
    return len(found.segments) + sum(map(_count, found.groups))


def _is_answered(message: Message) -> bool:
    answer = parse(acknowledge(message, "AA", control_id="1", timestamp=_NOW))
    is_valid = not any(each.severity == "error" for each in check(answer))
    return is_valid and answer["MSA-2"] == message.control_id


def _is_clean(message: Message) -> bool:
    return all(each.severity == "information" for each in check(message))


_PROPERTIES: tuple[tuple[str, Callable[[Message], bool]], ...] = (
    ("every field read by name and down to subcomponents", _reads_everywhere),
    ("read the same with CR, LF and CRLF", _takes_any_line_end),
    ("every segment in a group of the message structure", _is_grouped),
    ("answered by an acknowledgment that is valid", _is_answered),
)

SECTIONS = (Section("healthcare", "HL7 v2 messages", measure),)
