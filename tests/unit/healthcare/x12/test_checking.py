"""What is wrong with an envelope, and how it is acknowledged."""

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from penstock_healthcare.x12 import BadValue, Envelope, Party, WrongTransaction, check, parse, write
from penstock_healthcare.x12.acknowledgments import acknowledge, interchange_acknowledgment, read
from penstock_healthcare.x12.codes import meaning, tables

FOLDER = Path(__file__).parents[4] / "events" / "messages"
ACTIVE = (FOLDER / "x12_271_active.x12").read_bytes()
NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
ENVELOPE = Envelope(Party("ZZ", "LAKESIDE"), Party("ZZ", "NORTHPLAN"), 7, NOW, is_test=True)


@pytest.mark.parametrize(
    ("old", "new", "rules"),
    [
        (b"SE*33*0001", b"SE*32*0001", [("SE-01", "count")]),
        (b"SE*33*0001", b"SE*x*0001", [("SE-01", "count-form")]),
        (b"SE*33*0001", b"SE*33*0002", [("SE-02", "set-control")]),
        (b"SE*33*0001~", b"", [("SE", "se-missing")]),
        (b"GE*1*4310", b"GE*2*4310", [("GE-01", "count")]),
        (b"GE*1*4310", b"GE*1*4311", [("GE-02", "group-control")]),
        (b"GE*1*4310~", b"", [("GE", "ge-missing")]),
        (b"IEA*1*", b"IEA*3*", [("IEA-01", "count")]),
        (b"IEA*1*000004310", b"IEA*1*000004311", [("IEA-02", "interchange-control")]),
        (b"IEA*1*000004310~", b"", [("IEA", "iea-missing")]),
        (b"IEA*1*000004310~", b"IEA*1*000004310", [("IEA", "unterminated")]),
        (b"GS*HB*", b"GS*HS*", [("ST-01", "functional-id")]),
        (b"ST*271*0001*005010X279A1", b"ST*271*0001*005010X279", [("ST-03", "guide")]),
        (b"HL*2*1*21*1", b"HL*3*1*21*1", [("HL-01", "hl-number"), ("HL-02", "hl-parent")]),
        (b"HL*2*1*21*1", b"HL*2*9*21*1", [("HL-02", "hl-parent")]),
        (b"EB*I**35~", b"EB*I**35*~", [("EB", "trailing-separator")]),
        (b"EB*I**35~", b"eb*I**35~", [("", "segment-id")]),
        (b"*261124*0801*^", b"*26112X*0801*^", [("ISA-09", "isa-form")]),
        (b"*T*:~", b"*X*:~", [("ISA-15", "isa-form")]),
        (b"LAKESIDE       *", b"LAKESIDE*", [("ISA", "isa-length")]),
        (b"GS*HB", b"REF*1~GS*HB", [("REF", "outside")]),
        (b"ST*271", b"REF*1~ST*271", [("", "outside")]),
    ],
)
def test_each_fault_is_found_alone(old: bytes, new: bytes, rules: list[tuple[str, str]]) -> None:
    assert [(each.path, each.rule) for each in check(parse(ACTIVE.replace(old, new, 1)))] == rules


def test_findings_say_where_and_quote_nothing() -> None:
    [finding] = check(parse(ACTIVE.replace(b"NM1*IL*1*OKAFOR", b"OKAFOR*IL*1", 1)))
    assert (finding.position, finding.severity) == (12, "error")
    assert "OKAFOR" not in str(finding)


def test_control_numbers_count_once() -> None:
    found = parse(ACTIVE)
    sets = "".join(map(str, found.segments[2:-2]))
    twice = ACTIVE.replace(b"\nGE*1*", sets.encode() + b"\nGE*2*")
    assert [(each.path, each.rule) for each in check(parse(twice))] == [("ST-02", "control-twice")]


def test_findings_are_bounded() -> None:
    raw = ACTIVE.replace(b"EB*I**35~", b"eb~" * 5_000)
    findings = check(parse(raw))
    assert len(findings) == 1_001
    assert "more" in {each.rule for each in findings}


def test_what_is_written_is_clean_and_reads_back() -> None:
    made = write(ENVELOPE, "HS", "005010X279A1", [("270", [("BHT", "0022"), ("HL", "1", "", "20"), ("NM1", "PR")])])
    again = parse(bytes(made))
    assert check(again) == []
    assert [each[1] for each in again.segments if each.id == "BHT"] == ["0022"]
    assert len(str(again.header)) == 106


def test_repetitions_components_and_accents_are_written() -> None:
    rows = [("EQ", ["30", "98"], ("HC", "99213")), ("NM1", "Großkötter")]
    made = write(ENVELOPE, "HS", "x", [("270", rows)])
    found = {each.id: each for each in made.segments}
    assert (found["EQ"].repetitions(1), found["EQ"].components(2)) == (["30", "98"], ["HC", "99213"])
    assert found["NM1"][1] == "Grosskotter"


@pytest.mark.parametrize("text", ["a*b", "a~b", "a:b", "a^b", "a\nb", "王"])
def test_what_x12_cannot_carry_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(BadValue) as caught:
        write(ENVELOPE, "HS", "x", [("270", [("NM1", "IL", "1", text)])])
    assert caught.value.path == "NM1-03"
    assert text not in str(caught.value)


def test_a_999_says_in_words_what_was_wrong() -> None:
    found = read(parse((FOLDER / "x12_999_rejected.x12").read_bytes()))
    assert not found.is_accepted
    set_, group = found.verdicts
    assert (set_.kind, set_.control_id, set_.code, group.code) == ("IK5", "0001", "R", "R")
    assert [(note.path, note.position, note.meaning) for note in set_.notes] == [
        ("NM1", 8, "a segment has errors in its elements"),
        ("NM1-09", 8, "a required element is missing"),
        ("", 0, "one or more segments are wrong"),
    ]


def test_a_clean_interchange_is_accepted_by_999_and_ta1() -> None:
    interchange = parse(ACTIVE)
    for made in (acknowledge(interchange, ENVELOPE), interchange_acknowledgment(interchange, ENVELOPE)):
        assert check(made) == []
        assert read(parse(bytes(made))).is_accepted


def test_a_wrong_count_is_rejected_by_a_999_with_its_code() -> None:
    made = acknowledge(parse(ACTIVE.replace(b"SE*33*", b"SE*32*")), ENVELOPE)
    set_, group = read(made).verdicts
    assert (set_.code, [note.code for note in set_.notes], group.code) == ("R", ["4"], "R")


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (b"IEA*1*000004310", b"IEA*1*000004311", "001"),
        (b"IEA*1*", b"IEA*2*", "021"),
        (b"IEA*1*000004310~", b"", "023"),
        (b"*T*:~", b"*X*:~", "020"),
    ],
)
def test_a_broken_envelope_is_rejected_by_a_ta1(old: bytes, new: bytes, code: str) -> None:
    made = interchange_acknowledgment(parse(ACTIVE.replace(old, new, 1)), ENVELOPE)
    [row] = [segment for segment in made.segments if segment.id == "TA1"]
    assert (row[1], row[4], row[5]) == ("000004310", "R", code)
    [verdict] = read(made).verdicts
    assert not verdict.is_accepted
    assert meaning("TA105", code) in verdict.meaning


def test_what_holds_no_acknowledgment_is_told() -> None:
    with pytest.raises(WrongTransaction):
        read(parse(ACTIVE))


def test_every_code_has_a_meaning_of_its_own_line() -> None:
    assert all(text and text == text.strip() for table in tables().values() for text in table.values())
    assert meaning("EB01", "1") == "active coverage"
    assert meaning("EB01", "ZZ") == "code ZZ"
    assert meaning("EB01", "<script>") == "unknown code"


def test_each_group_is_acknowledged_by_its_own_faults() -> None:
    group = "".join(map(str, parse(ACTIVE).segments[1:-1])).replace("*4310", "*4311")
    raw = ACTIVE.replace(b"GE*1*4310", b"GE*9*4310").replace(b"IEA*1*", group.encode() + b"\nIEA*2*")
    found = [each for each in read(acknowledge(parse(raw), ENVELOPE)).verdicts if each.kind == "AK9"]
    assert [(each.control_id, each.code, [note.code for note in each.notes]) for each in found] == [
        ("4310", "R", ["5"]),
        ("4311", "A", []),
    ]


@pytest.mark.parametrize("unit", [b"ST*271~SE~", b"GS*HB~GE~"])
def test_acknowledging_many_sets_takes_time_with_their_number_only(unit: bytes) -> None:
    interchange = parse(ACTIVE[:107] + b"GS*HB~" + unit * 20_000)
    began = time.perf_counter()
    assert not read(acknowledge(interchange, ENVELOPE)).is_accepted
    assert time.perf_counter() - began < 10
