"""Messages of any delimiters and content, and real ones that were damaged: nothing is lost, nothing crashes."""

import contextlib
import random
import string
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock_healthcare.hl7 import (
    HL7Error,
    Message,
    acknowledge,
    check,
    group,
    nak_for_unparseable,
    observations,
    parse,
    parse_batch,
    to_json,
)
from penstock_healthcare.hl7.profiles import read_profile

MESSAGES = sorted((Path(__file__).parents[4] / "events" / "messages").glob("hl7v2_*.hl7"))
NOW = datetime(2026, 11, 24, tzinfo=UTC)
PROFILE = read_profile(
    '{"name": "x", "rules": [{"path": "OBX-5", "longest": 3}, {"path": "PID-3.4.2", "values": ["1"]}, {"path": "OBX"}]}'
)

Leaf = str
Fields = list[list[list[list[Leaf]]]]
"""Fields of repetitions of components of subcomponents."""

separators = st.lists(st.sampled_from(string.punctuation), min_size=5, max_size=6, unique=True)
plain = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8)
nested = st.lists(plain, min_size=1, max_size=3)
fields = st.lists(st.lists(st.lists(nested, min_size=1, max_size=3), min_size=1, max_size=3), min_size=1, max_size=5)
lines = st.lists(st.tuples(st.sampled_from(["PID", "obx", "ZZ9", "NTE", "OBR"]), fields), min_size=1, max_size=5)


def written(marks: list[str], segment: str, content: Fields) -> str:
    field, component, repetition, escape, subcomponent = marks[:5]

    def leaf(text: str) -> str:
        letters = {escape: "E", field: "F", component: "S", subcomponent: "T", repetition: "R"}
        letters |= {marks[5]: "P"} if len(marks) > 5 else {}
        return "".join(f"{escape}{letters[c]}{escape}" if c in letters else c for c in text)

    texts = [
        repetition.join(component.join(subcomponent.join(map(leaf, leaves)) for leaves in parts) for parts in each)
        for each in content
    ]
    return field.join([segment, *texts])


@settings(max_examples=200)
@given(marks=separators, content=lines, end=st.sampled_from(["\r", "\n", "\r\n", "\n\n"]))
def test_every_leaf_is_read_and_every_byte_comes_back_whatever_the_delimiters(
    marks: list[str], content: list[tuple[str, Fields]], end: str
) -> None:
    header = f"MSH{marks[0]}{''.join(marks[1:])}{marks[0]}LAB"
    text = end.join([header, *(written(marks, name, each) for name, each in content)]) + end
    message = parse(text.encode())
    assert bytes(message) == text.encode()
    assert str(parse(text)) == text
    for segment, (_, numbered) in zip(message.segments()[1:], content, strict=True):
        for number, repetitions in enumerate(numbered, 1):
            for index, parts in enumerate(repetitions):
                for component, leaves in enumerate(parts, 1):
                    for subcomponent, leaf in enumerate(leaves, 1):
                        assert segment.value(number, index, component, subcomponent) == leaf


def read(raw: bytes) -> Message | None:
    with contextlib.suppress(HL7Error):
        return parse(raw)
    return None


def judged(raw: bytes) -> None:
    """Everything that can be asked of a message."""
    message = read(raw)
    if message is None:
        assert parse(nak_for_unparseable(raw, control_id="1", timestamp=NOW))["MSA-1"] == "AR"
        return
    assert bytes(message) == raw
    findings = check(message, [PROFILE])
    assert all(each.path and each.message for each in findings)
    assert len(to_json(message)["segments"]) == len(message.segments())
    assert group(message).segments
    observations(message)
    parse(acknowledge(message, "AE", control_id="1", timestamp=NOW, errors=[each.fault() for each in findings]))
    assert bytes(parse_batch(raw)) == raw


@pytest.mark.parametrize("path", MESSAGES, ids=lambda path: path.stem)
@pytest.mark.parametrize("seed", range(20))
def test_a_damaged_message_is_judged_or_refused_and_never_lost(path: Path, seed: int) -> None:
    chance = random.Random(seed)
    raw = bytearray(path.read_bytes())
    for _ in range(chance.randint(1, 40)):
        at = chance.randrange(len(raw))
        match chance.randrange(4):
            case 0:
                raw[at] = chance.randrange(256)
            case 1:
                del raw[at : at + chance.randint(1, 50)]
            case 2:
                raw[at:at] = bytes(chance.choices(b'|^~&\\\r\n\x0b\x1c"', k=chance.randint(1, 8)))
            case 3:
                raw[at:at] = raw[at : at + 200]
    judged(bytes(raw))


@settings(max_examples=300)
@given(tail=st.binary(max_size=300))
def test_any_bytes_after_a_header_are_judged(tail: bytes) -> None:
    judged(b"MSH|^~\\&|LAB|HOSP|EHR||20260101||ORU^R01^ORU_R01|1|P|2.5.1\rPID|1||7\rOBX|1|NM|" + tail)


@settings(max_examples=300)
@given(raw=st.binary(max_size=300))
def test_any_bytes_are_judged_or_refused(raw: bytes) -> None:
    judged(raw)
    with contextlib.suppress(HL7Error):
        parse_batch(raw)
