"""X12 interchanges: read without loss, whatever the line ends and delimiters."""

import time
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from penstock_healthcare import x12
from penstock_healthcare.x12 import check, levels, parse, parse_file

FOLDER = Path(__file__).parents[4] / "events" / "messages"
SAMPLES = sorted(FOLDER.glob("x12_*.x12"))
ACTIVE = (FOLDER / "x12_271_active.x12").read_bytes()

_MARKS = st.lists(st.sampled_from("*|:^~>!\x1c\x1d\x1f\n\r\t{}"), min_size=4, max_size=4, unique=True)
_WORDS = st.text(st.characters(min_codepoint=32, max_codepoint=0x17F, exclude_characters="*|:^~>!{}"), max_size=12)
_LINE_ENDS = st.sampled_from(["", "\n", "\r\n", "\r", " \n"])


def remarked(marks: list[str], line_end: str) -> bytes:
    """The sample with other delimiters and line ends."""
    flat = ACTIVE.decode().replace("\n", "")
    changed = flat.translate(dict(zip(map(ord, "*:^~"), marks, strict=True)))
    return changed.replace(marks[3], marks[3] + line_end).encode()


@pytest.mark.parametrize("file", SAMPLES, ids=lambda file: file.stem)
def test_a_sample_comes_back_byte_for_byte_and_is_clean(file: Path) -> None:
    found = parse(file.read_bytes())
    assert bytes(found) == file.read_bytes()
    assert check(found) == []


@given(_MARKS, _LINE_ENDS)
def test_delimiters_are_read_from_isa_and_line_ends_are_kept(marks: list[str], line_end: str) -> None:
    assume(not set(marks[:3]) & set(line_end))
    raw = remarked(marks, line_end)
    found = parse(raw)
    assert bytes(found) == raw
    assert [found.delimiters.element, found.delimiters.component, found.delimiters.repetition] == marks[:3]
    assert found.delimiters.segment == marks[3]
    [answer] = found.transactions("271")
    kinds = [segment[1] for segment in answer.body if segment.id == "EB"]
    assert kinds == ["1", "1", "I", "C", "C", "C", "G", "G", "B", "A", "A", "F"]


@given(st.lists(st.lists(_WORDS, min_size=1, max_size=6), max_size=12), _LINE_ENDS, st.binary(max_size=20))
def test_any_segments_come_back(rows: list[list[str]], line_end: str, tail: bytes) -> None:
    head = ACTIVE[:106] + line_end.encode()
    raw = head + "".join("*".join(row) + "~" + line_end for row in rows).encode() + tail
    assert b"".join(map(bytes, parse_file(raw))) == raw


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damage_is_read_or_refused_and_never_lost(data: st.DataObject) -> None:
    raw = bytearray(ACTIVE)
    for _ in range(data.draw(st.integers(1, 8))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    raw = raw[: data.draw(st.integers(0, len(raw)))]
    try:
        found = parse_file(bytes(raw))
    except x12.Unparseable:
        return
    assert b"".join(map(bytes, found)) == bytes(raw)
    for each in found:
        check(each)
        x12.to_json(each)


def test_interchanges_of_different_senders_follow_one_another() -> None:
    other = remarked(["|", ">", "!", "\n"], "")
    raw = ACTIVE + other + b"\r\n"
    found = parse_file(raw)
    assert [each.delimiters.element for each in found] == ["*", "|"]
    assert b"".join(map(bytes, found)) == raw


def test_one_interchange_keeps_what_follows_it_and_says_so() -> None:
    found = parse(ACTIVE + b"more")
    assert bytes(found) == ACTIVE + b"more"
    assert [each.rule for each in check(found)] == ["after-end"]


def test_latin_1_comes_back() -> None:
    raw = ACTIVE.replace(b"OKAFOR", b"M\xdcLLER")
    found = parse(raw)
    assert (bytes(found), found.codec) == (raw, "latin-1")


def test_groups_and_sets_are_told_apart() -> None:
    flat = parse(ACTIVE)
    group = b"".join(str(each).encode() for each in flat.segments[1:-1])
    raw = ACTIVE.replace(b"IEA*1*", group.replace(b"*4310", b"*4311") + b"\nIEA*2*")
    found = parse(raw)
    assert [(each.control_id, len(each.transactions)) for each in found.groups] == [("4310", 1), ("4311", 1)]
    assert check(found) == []


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (b"", x12.NotX12),
        (b"MSH|^~\\&|", x12.NotX12),
        (b"ISA", x12.BadDelimiters),
        (b"ISA*00*", x12.BadDelimiters),
        (ACTIVE.replace(b"*T*:~", b"*T**~", 1), x12.BadDelimiters),
        (ACTIVE.replace(b"*T*:~", b"*T*:A", 1), x12.BadDelimiters),
        ("ISA\ud800", x12.NotX12),
    ],
)
def test_what_is_no_interchange_is_refused(raw: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        parse(raw)


def test_there_are_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(x12.TooLarge, match="the limit is 100"):
        parse(ACTIVE, max_bytes=100)
    monkeypatch.setattr("penstock_healthcare.x12.parsing.MOST_SEGMENTS", 10)
    with pytest.raises(x12.TooLarge, match="segments"):
        parse(ACTIVE)


@pytest.mark.parametrize("unit", [b"~", b"*", b"GS~", b"ST~", b"HL*1*1*22~", b"ISA*", b" \n", b"SE~GE~"])
def test_time_grows_with_size_only(unit: bytes) -> None:
    raw = ACTIVE[:107] + unit * (250_000 // len(unit))
    began = time.perf_counter()
    for found in [parse(raw)]:
        check(found)
        for transaction in found.transactions():
            for level in levels(transaction):
                list(level.path())
    assert time.perf_counter() - began < 8


def test_levels_are_linked() -> None:
    raw = (FOLDER / "x12_271_inactive_dependent.x12").read_bytes()
    [transaction] = parse(raw).transactions()
    found = levels(transaction)
    assert [each.code for each in found] == ["20", "21", "22", "23"]
    assert [each.code for each in found[-1].path()] == ["23", "22", "21", "20"]
    assert [each.code for each in found[0].below] == ["21"]
