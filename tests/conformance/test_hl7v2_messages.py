"""Public HL7 v2 messages: each is parsed, read everywhere, and comes back byte for byte."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from penstock_cli.conformance import hl7v2
from penstock_healthcare.hl7 import Field, acknowledge, check, group, parse, parse_batch, to_json
from penstock_healthcare.hl7.dictionary import segment_layout
from penstock_healthcare.hl7.separators import is_header

CORPUS = Path(__file__).parents[3] / "shared" / "corpora" / "hl7v2" / "messages"
MESSAGES = sorted(CORPUS.glob("*.hl7"))

if not MESSAGES:
    pytest.skip(f"the HL7 v2 messages are not at {CORPUS}", allow_module_level=True)


def rejoined(field: Field) -> str:
    marks = field.separators
    repetitions = [[[leaf.raw for leaf in component] for component in repetition] for repetition in field]
    components = [[marks.subcomponent.join(leaves) for leaves in repetition] for repetition in repetitions]
    return marks.repetition.join(marks.component.join(repetition) for repetition in components)


@pytest.mark.parametrize("path", MESSAGES, ids=lambda path: path.stem)
def test_a_message_comes_back_byte_for_byte_and_every_field_can_be_read(path: Path) -> None:
    raw = path.read_bytes()
    message = parse(raw)
    for segment in message:
        layout = segment_layout(segment.id)
        for number in range(3 if is_header(segment.id) else 1, len(segment) + 1):
            part = layout.part(number) if layout else None
            if part:
                assert getattr(segment, part.name).raw == segment.fields[number]
            assert rejoined(segment[number]) == segment.fields[number]
    assert message.type
    assert bytes(message) == raw
    assert bytes(parse(raw.decode("utf-8"))) == raw


@pytest.mark.parametrize("path", MESSAGES, ids=lambda path: path.stem)
def test_a_message_can_be_checked_grouped_rendered_and_acknowledged(path: Path) -> None:
    message = parse(path.read_bytes())
    assert all(finding.path and finding.message for finding in check(message))
    rendered = to_json(message)
    assert len(rendered["segments"]) == len(message.segments())
    assert json.loads(json.dumps(rendered)) == rendered
    assert group(message).segments[0].id == "MSH"
    ack = parse(acknowledge(message, "AA", control_id="1", timestamp=datetime(2026, 1, 1, tzinfo=UTC)))
    assert (ack["MSA-1"], ack["MSA-2"]) == ("AA", message.control_id)


def test_line_ends_of_any_kind_make_no_difference_to_what_is_read() -> None:
    for path in MESSAGES:
        raw = path.read_bytes().replace(b"\r\n", b"\n")
        rendered = [to_json(parse(raw.replace(b"\n", end))) for end in (b"\r", b"\n", b"\r\n")]
        assert rendered[0] == rendered[1] == rendered[2]


def test_all_messages_in_one_file_are_a_batch() -> None:
    data = b"".join(path.read_bytes().rstrip() + b"\r\n" for path in MESSAGES)
    batch = parse_batch(data)
    assert bytes(batch) == data
    assert not batch.unreadable
    assert len(batch.messages) == len(MESSAGES)


def test_every_figure_that_the_conformance_command_prints_meets_its_bar() -> None:
    figures = list(hl7v2.measure(CORPUS.parents[1]))
    assert len(figures) == 7
    assert [figure.what for figure in figures if figure.falls_short] == []
