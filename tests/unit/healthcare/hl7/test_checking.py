"""Findings about messages."""

import time
from pathlib import Path

import pytest

from penstock_healthcare.hl7 import check, parse
from penstock_healthcare.hl7.finding import MOST_FINDINGS
from penstock_healthcare.hl7.profiles import read_profile

MESSAGES = Path(__file__).parents[4] / "events" / "messages"
CLEAN = (MESSAGES / "hl7v2_oru_r01_critical.hl7").read_bytes()


def findings(raw: bytes) -> list[tuple[str, str, str]]:
    return [(finding.path, finding.severity, finding.rule) for finding in check(parse(raw))]


@pytest.mark.parametrize(
    "path", [p for p in sorted(MESSAGES.glob("hl7v2_*.hl7")) if "malformed" not in p.name], ids=lambda p: p.stem
)
def test_our_samples_have_no_error_and_no_warning(path: Path) -> None:
    assert {severity for _, severity, _ in findings(path.read_bytes())} <= {"information"}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (b"ORU^R01^ORU_R01", b"", ("MSH-9", "error", "required")),
        (b"LIS20261124000052", b"", ("MSH-10", "error", "required")),
        (b"ORU^R01^ORU_R01", b"^R01", ("MSH-9", "error", "required")),
        (b"Delacroix^Simone^^^Mrs^^L", b"^^~&^", ("PID-5", "error", "required")),
        (b"|P|2.5.1|", b"||2.5.1|", ("MSH-11", "warning", "required")),
        (b"|P|2.5.1|", b"|P||", ("MSH-12", "warning", "required")),
        (b"Delacroix^Simone^^^Mrs^^L", b"", ("PID-5", "error", "required")),
        (b"OBX|2|NM|", b"OBX|2||", ("OBX[1]-2", "error", "required")),
        (b"|6.9|", b"|>6.9|", ("OBX[1]-5", "error", "datatype-NM")),
        (b"|19470825|", b"|25.08.1947|", ("PID-7", "error", "datatype-DTM")),
        (b"\rPV1|1|", b"\rPV1|one|", ("PV1-1", "error", "datatype-SI")),
        (b"\rSPM|", b"\rXYZ|", ("XYZ", "warning", "known-segment")),
        (b"\rNTE|", b"\rnte|", ("NTE", "information", "segment-id-case")),
        (b"Critical value;", b"Critical\nvalue;", ("NTE", "warning", "line-break")),
        (b"^~\\&|", b"^~\\\\&|", ("MSH-2", "warning", "encoding-characters")),
        (b"Mill Lane", b"M\xfchl Lane", ("MSH-18", "warning", "charset")),
        (b"\rPID|", b"\n\rPID|", ("MSH", "information", "segment-terminator")),
        (b"\rPID|", b"\rMSH|^~\\&|LAB|||||||1|P|2.5\rPID|", ("MSH[1]", "error", "one-message")),
        (b"|P|2.5.1|", b"|P|2.5.7|", ("MSH-12", "warning", "version")),
        (b"^ORU_R01|", b"^ORU_R99|", ("MSH-9.3", "information", "structure")),
        (b"ORU^R01^ORU_R01", b"QQQ^Q01^QQQ_Q01", ("MSH-9", "information", "structure")),
        (b"\rPV1|", b"\rAL1|", ("AL1", "warning", "segment-unexpected")),
        (b"\rPV1|", b"\rPID|", ("OBR", "error", "segment-required")),
    ],
)
def test_each_fault_is_found_at_its_place(old: bytes, new: bytes, expected: tuple[str, str, str]) -> None:
    assert old in CLEAN
    assert expected in findings(CLEAN.replace(old, new, 1))


def test_z_segments_and_nulls_are_nothing_to_complain_about() -> None:
    raw = CLEAN.replace(b"|19470825|", b'|""|', 1) + b"ZPS|1|x\r"
    assert findings(raw) == []


def test_a_field_that_is_valued_anywhere_is_not_missing() -> None:
    assert findings(CLEAN.replace(b"Delacroix^Simone^^^Mrs^^L", b"^Simone")) == []


def test_findings_do_not_quote_the_message() -> None:
    raw = CLEAN.replace(b"|19470825|", b"|TOPSECRET|").replace(b"|6.9|", b"|SIXPOINTNINE|")
    text = repr(check(parse(raw)))
    assert "datatype-NM" in text
    assert "TOPSECRET" not in text
    assert "SIXPOINTNINE" not in text


def test_a_finding_becomes_the_fault_of_an_acknowledgment() -> None:
    finding = next(f for f in check(parse(CLEAN.replace(b"|6.9|", b"|high|"))) if f.rule == "datatype-NM")
    fault = finding.fault()
    assert (fault.location, fault.code, fault.severity) == ("OBX[1]-5", "102", "E")


@pytest.mark.parametrize("filler", [b"^x", b"~x", b"&x", b"|x", b"\rOBX|1", b"\rQQQ|1", b"\rPID|1||7~8"])
def test_a_hostile_message_has_no_more_findings_than_anybody_reads_and_takes_no_longer(filler: bytes) -> None:
    raw = CLEAN + b"PID|1||7" + filler * (400_000 // len(filler))
    profile = read_profile(
        '{"name": "x", "rules": [{"path": "PID-3", "longest": 1}, {"path": "PID-3.2.2", "usage": "required"}]}'
    )
    began = time.perf_counter()
    found = check(parse(raw), [profile])
    assert 0 < len(found) <= MOST_FINDINGS + 1
    assert time.perf_counter() - began < 10


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (b"|P|2.5.1|", b"|P~T|2.5.1|", ("MSH-11", "warning", "repetitions")),
        (b"|19470825|", b"|194708252560|", ("PID-7", "error", "datatype-DTM")),
        (b"\rOBX|1|", b"\rOBX|12345|", ("OBX", "information", "length")),
        (b"|||F|||20261124021", b"|||QQ|||20261124021", ("OBX-11", "warning", "table")),
        (b"\rPV1|1|I|", b"\rPV1|1||", ("PV1-2", "error", "required")),
        (b"^MR~", b"^MR^^^19991301~", ("PID-3.8", "error", "datatype-DT")),
        (b"ORU_R01|", b"ORU_R01^x|", ("MSH-9.4", "information", "surplus")),
    ],
)
def test_fields_are_held_against_their_version(old: bytes, new: bytes, expected: tuple[str, str, str]) -> None:
    assert old in CLEAN
    found = findings(CLEAN.replace(old, new, 1))
    path, severity, rule = expected
    assert any(each[0].startswith(path) and each[1:] == (severity, rule) for each in found)


@pytest.mark.parametrize(
    ("version", "expected"),
    [("2.3", set()), ("2.5.1", set()), ("2.8", {("PID-2", "withdrawn")}), ("2.9", set())],
)
def test_what_a_version_has_withdrawn_is_no_surprise_in_another(version: str, expected: set[tuple[str, str]]) -> None:
    raw = f"MSH|^~\\&|A|B|C|D|20260101||ACK|1|P|{version}\rMSA|AA|1\rPID|1|2|3^^^H^MR||Doe\r".encode()
    found = {(path, rule) for path, _, rule in findings(raw) if path.startswith("PID-2")}
    assert found == expected
