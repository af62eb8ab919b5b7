"""HL7 v2 messages without identifiers: still messages, and nothing of the patient in any byte of them."""

import string
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock_healthcare.hl7 import parse
from penstock_healthcare.phi import Identifier, NotExamined, Treatment, deidentify, find
from tests.unit.healthcare.samples import lines, sample

TODAY = date(2026, 11, 24)
KEY = b"k" * 32
SAMPLES = [
    *("oru_r01_normal", "oru_r01_abnormal", "oru_r01_critical", "oru_r01_microbiology"),
    *("adt_a01_admission", "adt_a01_latin1"),
]
NAME, MRN, SSN, PHONE, STREET = "Zzyzxwick", "88412907", "987-65-4320", "218-555-0188", "17 Elm Way"
PATIENT = (
    f"PID|1||{MRN}^4^M10^LAKESIDE^MR~{SSN}^^^SSA^SS||{NAME}^Quentin^^^Dr||19540412|M|||{STREET}^^Brook^WI^54880^USA"
    f"||{PHONE}^PRN^PH|||||ACC1^^^L^AN|{SSN}|D777^WI|||Hermantown"
)
NOTE = f"NTE|1||{NAME} (mrn {MRN}) called from {PHONE}\\.br\\on 03/04/2026 \\T\\ left"
IMAGE = "OBX|1|ED|1^Photo^L||LAB^IM^JPEG^Base64^aGVyZWlzYWZhY2U="
AGE = "OBX|2|NM|30525-0^Age^LN||93|a"
OWN = f"ZPI|1|anything at all|19540412\rOBX|3|NM|1^N^L||{NAME}"
PLANTED = (NAME, MRN, SSN, PHONE, STREET, "Quentin", "Brook", "54880", "0412", "ACC1", "D777", "Hermantown", "aGVyZWlz")


def treatment(**more: object) -> Treatment:
    return Treatment(TODAY, **more)  # type: ignore[arg-type]  # what tests give


def made(*segments: str, **more: object) -> bytes:
    return deidentify(lines(*segments), treatment(**more))[0]


@pytest.mark.parametrize("more", [{}, {"key": KEY}], ids=["numbers", "pseudonyms"])
def test_what_was_planted_is_in_no_byte(more: dict[str, object]) -> None:
    content = made(PATIENT, NOTE, IMAGE, AGE, OWN, **more)
    assert [each for each in PLANTED if each.encode() in content] == []
    assert b"93" not in content.split(b"OBX|2|")[1].split(b"\r")[0]
    assert find(content, treatment(**more)) == []


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize(
    "more", [{}, {"key": KEY}, {"key": KEY, "shift": True}], ids=["numbers", "pseudonyms", "shift"]
)
def test_a_message_stays_one_and_a_second_time_changes_nothing(name: str, more: dict[str, object]) -> None:
    raw = sample(name)
    content, report = deidentify(raw, treatment(**more))
    before, after = parse(raw), parse(content)
    assert [segment.id for segment in after] == [segment.id for segment in before]
    assert [len(segment) for segment in after] == [len(segment) for segment in before]
    assert (after.type, after.version, after.charset) == (before.type, before.version, before.charset)
    assert report.is_safe_harbor is not bool(more)
    assert deidentify(content, treatment(**more))[0] == content
    if "shift" not in more:
        assert find(content, treatment()) == []


def test_all_other_bytes_stay() -> None:
    clean = b"MSH|^~\\&|A|B|C|D|2026||ORU^R01|DEID-1|P|2.5.1\n\nOBX|1|NM|1^K^LN||4.10|mmol/L\\X41\\||||F\r\nZZZ\r\n"
    assert deidentify(clean, treatment()) == (clean, deidentify(clean, treatment())[1])
    assert deidentify(clean, treatment())[1].changed == {}


def test_fields_are_treated_by_their_class() -> None:
    message = parse(made(PATIENT, AGE))
    values = {path: message.value(path) for path in ("PID-3[0].1", "PID-3[0].2", "PID-3[0].4", "PID-7", "OBX-5")}
    assert values == {
        "PID-3[0].1": "DEID-2",
        "PID-3[0].2": "",
        "PID-3[0].4": "LAKESIDE",
        "PID-7": "1954",
        "OBX-5": "90",
    }
    assert message.raw("PID-11") == "^^^WI^548^USA"
    assert message.raw("PID-5") == "^^^^Dr"


def test_the_same_number_has_the_same_code_in_a_message_and_with_a_key_in_all() -> None:
    order = "OBR|1|ORD77^EHR|LAB1^LAB|1^K^LN"
    message = parse(made(order, order))
    assert message.value("OBR[0]-2") == message.value("OBR[1]-2") == "DEID-2"
    one, two = (parse(made(PATIENT, other, key=KEY)).value("PID-3") for other in (order, NOTE))
    assert one == two
    assert parse(made(PATIENT, key=b"o" * 32)).value("PID-3") != one


def test_a_sparse_zip_and_a_birth_that_tells_of_ninety_go() -> None:
    message = parse(made("PID|1||7^^^L||A^B||19360101||||^^^VT^05901"))
    assert (message.value("PID-7"), message.value("PID-11.5")) == ("", "000")


def test_shifted_dates_keep_their_distance_and_say_that_they_are_not_safe_harbor() -> None:
    message = parse(lines(PATIENT, "PV1|1|I"))
    message["PV1-44"], message["PV1-45"] = "20260301", "20260308"
    content, report = deidentify(bytes(message), treatment(key=KEY, shift=True))
    admitted, discharged = (date.fromisoformat(parse(content).value(f"PV1-{field}")) for field in (44, 45))
    assert (discharged - admitted).days == 7
    assert admitted != date(2026, 3, 1)
    assert not report.is_safe_harbor
    assert any("shifted" in reason for reason in report.departures)


def test_findings_say_class_and_place() -> None:
    found = {(each.identifier, each.location) for each in find(lines(PATIENT, NOTE), treatment())}
    assert found >= {
        (Identifier.MRN, "PID-3[0].1.1"),
        (Identifier.SSN, "PID-3[1].1.1"),
        (Identifier.NAME, "PID-5[0].1.1"),
        (Identifier.DATE, "PID-7[0].1.1"),
        (Identifier.GEOGRAPHY, "PID-11[0].5.1"),
        (Identifier.PHONE, "PID-13[0].1.1"),
        (Identifier.ACCOUNT, "PID-18[0].1.1"),
        (Identifier.SSN, "PID-19[0].1.1"),
        (Identifier.LICENCE, "PID-20[0].1.1"),
        (Identifier.NAME, "NTE-3[0].1.1"),
        (Identifier.MRN, "NTE-3[0].1.1"),
    }


def test_a_report_counts_and_tells_no_value() -> None:
    _, report = deidentify(lines(PATIENT, NOTE), treatment())
    assert report.changed[Identifier.SSN] == 2
    assert not any(each in str(report.told()) for each in PLANTED)


def test_a_batch_is_treated_whole_with_its_headers() -> None:
    one = lines(PATIENT)
    batch = b"FHS|^~\\&|A|B|C|D|20260301||file7\rBHS|^~\\&|A|B|C|D|20260301\r" + one + one + b"BTS|2\rFTS|1\r"
    content, _ = deidentify(batch, treatment())
    assert b"20260301" not in content
    assert NAME.encode() not in content
    assert content.endswith(b"BTS|2\rFTS|1\r")
    assert find(content, treatment()) == []


def test_what_cannot_be_read_is_not_called_clean() -> None:
    for read in (find, deidentify):
        with pytest.raises(NotExamined) as caught:
            read(sample("oru_r01_malformed"), treatment())
        assert "Lindqvist" not in str(caught.value)


words = st.text(st.sampled_from(string.ascii_letters + string.digits + " .-/^~&'"), max_size=20)


@settings(max_examples=150, deadline=None)
@given(
    planted=st.text(st.sampled_from(string.ascii_uppercase), min_size=8, max_size=12),
    places=st.lists(
        st.tuples(
            st.sampled_from(
                ["PID-3.1", "PID-5.1", "PID-5.2", "PID-6.1", "PID-9.1", "PID-11.1", "PID-11.3", "PID-13.1"]
            ),
            words,
        ),
        min_size=1,
        max_size=4,
    ),
)
def test_a_planted_name_is_gone_wherever_it_stood_and_the_rest_is_clean(
    planted: str, places: list[tuple[str, str]]
) -> None:
    message = parse(lines("PID|1", "NTE|1", "ZZZ|1", "OBX|1|TX|1^N^L"))
    for path, noise in places:
        message.set(path, noise)
    message.set("PID-5.1", planted)
    for path, _ in places:
        message.set("NTE-3", f"{message.value('NTE-3')} {planted.lower()} {path}")
    message.set("ZZZ-2", planted)
    message.set("OBX-5", f"seen with {planted}.")
    content, _ = deidentify(bytes(message), treatment())
    assert planted.lower() not in content.decode().lower()
    assert find(content, treatment()) == []
    assert deidentify(content, treatment())[0] == content
