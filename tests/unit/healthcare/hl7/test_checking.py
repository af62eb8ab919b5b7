"""Findings about messages."""

from pathlib import Path

import pytest

from penstock_healthcare.hl7 import check, parse

MESSAGES = Path(__file__).parents[4] / "events" / "messages"
CLEAN = (MESSAGES / "hl7v2_oru_r01_critical.hl7").read_bytes()


def findings(raw: bytes) -> list[tuple[str, str, str]]:
    return [(finding.path, finding.severity, finding.rule) for finding in check(parse(raw))]


@pytest.mark.parametrize(
    "path", [p for p in sorted(MESSAGES.glob("hl7v2_*.hl7")) if "malformed" not in p.name], ids=lambda p: p.stem
)
def test_our_samples_have_no_findings(path: Path) -> None:
    assert findings(path.read_bytes()) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (b"ORU^R01^ORU_R01", b"", ("MSH-9", "error", "required")),
        (b"LIS20261124000052", b"", ("MSH-10", "error", "required")),
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
    ],
)
def test_each_fault_is_found_at_its_place(old: bytes, new: bytes, expected: tuple[str, str, str]) -> None:
    assert old in CLEAN
    assert expected in findings(CLEAN.replace(old, new, 1))


def test_z_segments_and_nulls_are_nothing_to_complain_about() -> None:
    raw = CLEAN.replace(b"|19470825|", b'|""|', 1) + b"ZPS|1|x\r"
    assert findings(raw) == []


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
