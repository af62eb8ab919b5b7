"""PID, PV1, DG1 and AL1 → Patient, Encounter, Condition, AllergyIntolerance."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from penstock_healthcare.fhir.errors import NotMapped
from penstock_healthcare.fhir.from_hl7 import Mapped, from_hl7
from penstock_healthcare.fhir.text import write
from penstock_healthcare.hl7 import HL7Error, parse
from tests.unit.healthcare.samples import FOLDER, lines, sample


def of_kind(found: Mapped, kind: str) -> list[dict[str, Any]]:
    return [each for each in found.resources if each["resourceType"] == kind]


def patient(*segments: str) -> dict[str, Any]:
    [found] = of_kind(from_hl7(parse(lines(*segments))), "Patient")
    return found


def test_an_admission_tells_who_came() -> None:
    [found] = of_kind(from_hl7(parse(sample("adt_a01_admission"))), "Patient")
    assert found["name"] == [{"use": "official", "family": "Delacroix", "given": ["Simone"], "prefix": ["Mrs"]}]
    assert (found["gender"], found["birthDate"]) == ("female", "1947-08-25")
    assert found["identifier"][0] == {
        "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]},
        "system": "urn:oid:2.16.840.1.113883.19.3.4",
        "value": "MRN4502217",
        "assigner": {"display": "LAKESIDE"},
    }
    assert found["identifier"][1]["system"] == "http://hl7.org/fhir/sid/us-ssn"
    assert found["telecom"] == [{"system": "phone", "value": "+1 218 5550119", "use": "home"}]
    assert found["address"][0]["line"] == ["15 Mill Lane"]
    assert [contact["name"]["given"] for contact in found["contact"]] == [["Luc"], ["Amelie"]]
    assert found["generalPractitioner"][1]["identifier"]["system"] == "http://hl7.org/fhir/sid/us-npi"


def test_an_admission_tells_where_to_and_why() -> None:
    found = from_hl7(parse(sample("adt_a01_admission")))
    [encounter], conditions = of_kind(found, "Encounter"), of_kind(found, "Condition")
    assert (encounter["status"], encounter["class"]["code"]) == ("in-progress", "IMP")
    assert encounter["period"] == {"start": "2026-11-22T16:30:00-06:00"}
    assert encounter["location"][0]["location"]["display"] == "LAKESIDE ICU 03 1"
    assert {part["type"][0]["coding"][0]["code"] for part in encounter["participant"]} == {"ATND", "REF", "ADM"}
    assert [each["condition"]["reference"] for each in encounter["diagnosis"]] == [
        f"Condition/{condition['id']}" for condition in conditions
    ]
    [allergy] = of_kind(found, "AllergyIntolerance")
    assert (allergy["category"], allergy["criticality"]) == (["medication"], "high")
    assert [each["text"] for each in allergy["reaction"][0]["manifestation"]] == ["Hives", "Swelling of the face"]


def test_a_result_refers_to_its_visit_by_number_and_does_not_overwrite_it() -> None:
    found = from_hl7(parse(sample("oru_r01_critical")))
    assert of_kind(found, "Encounter") == []
    [report] = of_kind(found, "DiagnosticReport")
    assert report["encounter"]["identifier"]["value"] == "VN70019102"


def test_the_same_person_in_a_result_and_an_admission_is_one_patient() -> None:
    ids = {
        of_kind(from_hl7(parse(sample(name))), "Patient")[0]["id"] for name in ("oru_r01_critical", "adt_a01_admission")
    }
    assert len(ids) == 1


def test_what_was_observed_at_an_admission_is_about_the_patient() -> None:
    raw = lines("PID|1||P1^^^A^MR||Doe", "PV1|1|I", "OBX|1|NM|8302-2^Height^LN||1.68|m^m^UCUM|||||F")
    found = from_hl7(parse(raw.replace(b"ORU^R01^ORU_R01", b"ADT^A01^ADT_A01")))
    [height], [who] = of_kind(found, "Observation"), of_kind(found, "Patient")
    assert height["subject"] == {"reference": f"Patient/{who['id']}"}
    assert height["valueQuantity"]["value"] == "1.68"


def test_a_medical_record_number_is_preferred_to_other_identifiers() -> None:
    first = patient("PID|1||1^^^A^SS~2^^^A^MR||Doe")
    second = patient("PID|1||2^^^A^MR||Doe")
    assert first["id"] == second["id"]


def test_a_null_says_nothing_of_the_patient() -> None:
    found = patient('PID|1||1^^^A^MR||Doe||""|""|||""')
    assert not {"birthDate", "gender", "address"} & set(found)


def test_a_birth_date_that_is_none_is_left_out_and_noted() -> None:
    found = from_hl7(parse(lines("PID|1||1^^^A^MR||Doe||19701341")))
    assert "birthDate" not in found.resources[0]
    assert [(problem["path"], problem["rule"]) for problem in found.problems] == [("PID-7", "datatype-DTM")]
    assert "19701341" not in str(found.problems)


def test_a_death_is_told_by_its_time_or_as_a_fact() -> None:
    pid = "PID|1||1^^^A^MR||Doe" + "|" * 24
    assert patient(pid + "20260101")["deceasedDateTime"] == "2026-01-01"
    assert patient(pid + "|Y")["deceasedBoolean"] is True
    assert "deceasedBoolean" not in patient(pid)


SAMPLES = sorted(file.read_bytes() for file in FOLDER.glob("hl7v2_*.hl7"))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(SAMPLES), st.data())
def test_however_a_message_is_damaged_what_can_be_read_can_be_mapped_and_written(
    raw: bytes, data: st.DataObject
) -> None:
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(60, len(raw) - 1))
        raw = (
            raw[:place]
            + data.draw(st.sampled_from([b"|", b"^", b"~", b"&", b"", b"\r", b"9", b'""']))
            + raw[place + 1 :]
        )
    try:
        resources = from_hl7(parse(raw)).resources
    except (HL7Error, NotMapped):
        return
    for resource in resources:
        assert write(resource)
