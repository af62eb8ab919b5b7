"""What a sender is told."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock_healthcare.hl7 import (
    BadEncodingCharacters,
    Fault,
    acknowledge,
    check,
    header_of,
    nak_for_unparseable,
    parse,
)

NOW = datetime(2026, 11, 24, 10, 30, tzinfo=UTC)
MSH = b"MSH|^~\\&|LAB^1.2^ISO|HOSP|EHR|WARD|20260101||ORU^R01^ORU_R01|42|T|2.5.1||||||8859/1\r"


def answer(raw: bytes, code: str = "AA", *faults: Fault) -> bytes:
    return acknowledge(parse(raw), code, control_id="A1", timestamp=NOW, errors=faults)  # type: ignore[arg-type]


def test_an_acknowledgment_goes_back_to_its_sender_and_names_the_message() -> None:
    assert answer(MSH) == (
        b"MSH|^~\\&|EHR|WARD|LAB^1.2^ISO|HOSP|20261124103000+0000||ACK^R01^ACK|A1|T|2.5.1||||||8859/1\rMSA|AA|42\r"
    )


def test_each_fault_is_an_err_segment_with_location_code_severity_and_text() -> None:
    faults = (
        Fault("101", "the patient name is missing", "PID-5"),
        Fault("102", "no number | at all", "OBX[2]-5[1].2", "W"),
    )
    assert answer(MSH, "AE", *faults).split(b"\r")[2:4] == [
        b"ERR||PID^1^5^1|101^Required field missing^HL70357|E||||the patient name is missing",
        b"ERR||OBX^3^5^2^2|102^Data type error^HL70357|W||||no number \\F\\ at all",
    ]


def test_before_2_5_err_1_carries_code_and_location() -> None:
    old = MSH.replace(b"2.5.1", b"2.3")
    lines = answer(old, "AR", Fault("101", "the patient name is missing", "PID-5")).split(b"\r")
    assert b"|ACK^R01|" in lines[0]
    assert lines[1:3] == [
        b"MSA|AR|42|the patient name is missing",
        b"ERR|PID^1^5^101&Required field missing&HL70357",
    ]


@pytest.mark.parametrize("version", ["2.1", "2.2", "2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.8.2", "2.9"])
@pytest.mark.parametrize("code", ["AA", "AE", "AR", "CA", "CE", "CR"])
def test_an_acknowledgment_is_valid_in_the_version_of_its_message(code: str, version: str) -> None:
    faults = (Fault("101", "the patient name is missing", "PID-5"), Fault("102", "no number", "OBX[2]-5"))
    answered = answer(MSH.replace(b"2.5.1", version.encode()), code, *faults)
    assert {finding.severity for finding in check(parse(answered))} <= {"information"}


def test_the_answer_uses_the_senders_delimiters_and_charset() -> None:
    raw = "MSH#*+!%#LÄB#HOSP#EHR##20260101##ADT*A01#7#P#2.6######8859/1\r".encode("latin-1")
    lines = answer(raw, "AE", Fault("199", "A*B#C", "PID-3")).decode("latin-1").split("\r")
    assert lines[0] == "MSH#*+!%#EHR##LÄB#HOSP#20261124103000+0000##ACK*A01*ACK#A1#P#2.6######8859/1"
    assert lines[2] == "ERR##PID*1*3*1#199*Other HL7 error*HL70357#E####A!S!B!F!C"


def test_the_time_keeps_its_offset() -> None:
    local = NOW.astimezone(timezone(timedelta(hours=-6)))
    raw = acknowledge(parse(MSH), "CA", control_id="1", timestamp=local)
    assert parse(raw)["MSH-7"] == "20261124043000-0600"


def test_a_message_without_version_is_answered_in_the_form_of_2_5() -> None:
    lines = answer(b"MSH|^~\\&|LAB\rPID|1", "AE", Fault("101", "x", "PID-3")).split(b"\r")
    assert lines[1] == b"MSA|AE"
    assert lines[2].startswith(b"ERR||PID^1^3^1|101^")


def test_short_msh_2_still_gives_a_readable_answer() -> None:
    raw = answer(b"MSH|^|LAB||||||ADT^A01|9|P|2.5\r", "AE", Fault("101", "x", "PID-3.1"))
    assert parse(raw)["ERR-2.3"] == "3"
    assert parse(raw)["MSA-2"] == "9"


def test_bytes_that_cannot_be_parsed_are_answered_to_whom_can_still_be_read() -> None:
    raw = nak_for_unparseable(MSH + b"\xff" * 50, control_id="1", timestamp=NOW)
    assert (parse(raw)["MSH-5"], parse(raw)["MSA-1"], parse(raw)["MSA-2"]) == ("LAB", "AR", "42")


def test_a_header_that_cannot_be_read_gets_an_anonymous_nak_with_the_reason() -> None:
    broken = b"MSH|LAB|HOSP|20260101|SECRET"
    with pytest.raises(BadEncodingCharacters) as caught:
        parse(broken)
    raw = nak_for_unparseable(broken, control_id="1", timestamp=NOW, error=caught.value)
    assert parse(raw)["MSA-2"] == ""
    assert "MSH-2" in parse(raw)["ERR-8"]
    assert parse(raw)["ERR-2.1"] == "MSH"
    assert b"SECRET" not in raw


@given(raw=st.binary(max_size=200), framed=st.booleans())
def test_any_bytes_get_an_answer_that_parses(raw: bytes, framed: bool) -> None:
    data = MSH[:40] + raw if framed else raw
    nak = nak_for_unparseable(data, control_id="1", timestamp=NOW)
    assert parse(nak)["MSA-1"] == "AR"
    assert header_of(data).segments()[0].id == "MSH"
