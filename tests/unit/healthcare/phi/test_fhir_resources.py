"""FHIR resources without identifiers: references hold, what was valid stays so, and nothing of the patient is left."""

import json
from datetime import date
from typing import Any

import pytest

from penstock_healthcare.fhir.definitions import r4
from penstock_healthcare.fhir.formats import read, write_xml
from penstock_healthcare.fhir.validation import is_valid, validate_text
from penstock_healthcare.phi import Identifier, NotExamined, Treatment, deidentify, find
from tests.conformance.examples import files

TODAY = date(2026, 11, 24)
KEY = b"k" * 32
NAME, MRN, SSN = "Zzyzxwick", "88412907", "987-65-4320"
PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p7",
    "meta": {"lastUpdated": "2026-11-03T10:00:00.123Z", "source": "https://ehr.example.org/x"},
    "text": {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{NAME}</div>'},
    "extension": [
        {"url": "http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName", "valueString": "Abernathy"},
        {"url": "http://hl7.org/fhir/StructureDefinition/patient-birthPlace", "valueAddress": {"city": "Hermantown"}},
    ],
    "identifier": [
        {"type": {"coding": [{"code": "MR"}]}, "system": "urn:oid:1.2.3", "value": MRN},
        {"system": "http://hl7.org/fhir/sid/us-ssn", "value": SSN},
    ],
    "name": [{"use": "official", "family": NAME, "given": ["Quentin", "A"], "prefix": ["Mr"]}],
    "telecom": [{"system": "phone", "value": "218-555-0188"}, {"system": "email", "value": "q@example.org"}],
    "gender": "male",
    "birthDate": "1954-04-12",
    "address": [{"line": ["17 Elm Way"], "city": "Brook", "state": "WI", "postalCode": "54880", "country": "US"}],
    "photo": [{"contentType": "image/png", "data": "aGVyZWlzYWZhY2U="}],
    "contact": [{"name": {"family": "Oakenshield"}, "gender": "female"}],
}
RESULT: dict[str, Any] = {
    "resourceType": "Observation",
    "id": "o1",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "2823-3", "display": "Potassium"}]},
    "subject": {"reference": "Patient/p7", "display": f"{NAME}, Quentin"},
    "effectiveDateTime": "2026-11-03T10:00:00-06:00",
    "issued": "2026-11-03T16:00:00Z",
    "valueQuantity": {"value": 4.10, "unit": "mmol/L"},
    "note": [{"text": f"{NAME} called from 218-555-0188"}],
}
CONDITION: dict[str, Any] = {
    "resourceType": "Condition",
    "subject": {"reference": "urn:uuid:0193f6f0-3c5a-7c3e-8a53-3f1d3e0b8c11"},
    "onsetAge": {"value": 93, "unit": "years", "system": "http://unitsofmeasure.org", "code": "a"},
}
BUNDLE: dict[str, Any] = {
    "resourceType": "Bundle",
    "type": "transaction",
    "entry": [
        {
            "fullUrl": "urn:uuid:0193f6f0-3c5a-7c3e-8a53-3f1d3e0b8c11",
            "resource": PATIENT,
            "request": {"method": "PUT", "url": f"Patient?identifier={MRN}"},
        },
        {
            "fullUrl": "https://ehr.example.org/fhir/Observation/o1",
            "resource": RESULT,
            "request": {"method": "PUT", "url": "Observation/o1", "ifNoneExist": f"identifier={MRN}"},
        },
        {"resource": CONDITION, "request": {"method": "POST", "url": "Condition"}},
    ],
}
PLANTED = (
    *(NAME, MRN, SSN, "Quentin", "Abernathy", "Hermantown", "218-555-0188", "q@example.org", "Elm Way", "Brook"),
    *("54880", "04-12", "11-03", "aGVyZWlz", "Oakenshield", "Patient/p7", "0193f6f0", "ehr.example.org", "93"),
)


def treatment(**more: Any) -> Treatment:
    return Treatment(TODAY, **more)


def made(resource: dict[str, Any], **more: Any) -> dict[str, Any]:
    content, _ = deidentify(json.dumps(resource).encode(), treatment(**more))
    found: dict[str, Any] = json.loads(content)
    return found


@pytest.mark.parametrize("more", [{}, {"key": KEY}], ids=["numbers", "pseudonyms"])
def test_what_was_planted_is_nowhere_and_a_second_time_changes_nothing(more: dict[str, Any]) -> None:
    content, report = deidentify(json.dumps(BUNDLE).encode(), treatment(**more))
    assert [each for each in PLANTED if each.encode() in content] == []
    assert find(content, treatment(**more)) == []
    assert deidentify(content, treatment(**more))[0] == content
    assert report.is_safe_harbor is not bool(more)
    assert not any(each in str(report.told()) for each in PLANTED)


def test_references_still_lead_where_they_led() -> None:
    bundle = made(BUNDLE)
    patient, result, condition = (entry["resource"] for entry in bundle["entry"])
    assert result["subject"]["reference"] == f"Patient/{patient['id']}"
    assert condition["subject"]["reference"] == bundle["entry"][0]["fullUrl"]
    assert bundle["entry"][1]["request"]["url"] == f"Observation/{result['id']}"
    assert bundle["entry"][1]["fullUrl"].endswith(f"/Observation/{result['id']}")
    assert bundle["entry"][0]["request"]["url"] == "Patient"


@pytest.mark.parametrize("resource", [PATIENT, RESULT, BUNDLE], ids=["patient", "result", "bundle"])
def test_a_valid_resource_stays_valid(resource: dict[str, Any]) -> None:
    assert is_valid(validate_text(json.dumps(resource).encode()))
    content, _ = deidentify(json.dumps(resource).encode(), treatment())
    assert is_valid(validate_text(content)), validate_text(content)


def test_elements_are_treated_by_their_class() -> None:
    patient, result = made(PATIENT), made(RESULT)
    assert patient["birthDate"] == "1954"
    assert patient["address"] == [{"state": "WI", "postalCode": "548", "country": "US"}]
    assert patient["name"] == [{"use": "official", "prefix": ["Mr"]}]
    assert patient["identifier"][1] == {"system": "http://hl7.org/fhir/sid/us-ssn"}
    assert "extension" not in patient
    assert (result["effectiveDateTime"], result["issued"]) == ("2026", "2026-01-01T00:00:00Z")
    assert result["note"] == [{"text": "[NAME] called from [PHONE]"}]
    assert made(CONDITION)["onsetAge"]["value"] == 90


def test_decimals_keep_their_digits() -> None:
    content, _ = deidentify(json.dumps(RESULT).replace("4.1,", "4.10,").encode(), treatment())
    assert b'"value":4.10' in content


def test_findings_say_class_and_place() -> None:
    found = {(each.identifier, each.location) for each in find(json.dumps(PATIENT).encode(), treatment())}
    assert found >= {
        (Identifier.NAME, "Patient.name[0].family"),
        (Identifier.NAME, "Patient.extension[0].valueString"),
        (Identifier.MRN, "Patient.identifier[0].value"),
        (Identifier.SSN, "Patient.identifier[1].value"),
        (Identifier.EMAIL, "Patient.telecom[1].value"),
        (Identifier.PHOTO, "Patient.photo[0].data"),
        (Identifier.GEOGRAPHY, "Patient.address[0].postalCode"),
        (Identifier.DATE, "Patient.birthDate"),
    }


def test_xml_stays_xml() -> None:
    content, _ = deidentify(write_xml(PATIENT, r4()).encode(), treatment())
    assert [each for each in PLANTED if each.encode() in content] == []
    assert read(content).resource == made(PATIENT)
    assert find(content, treatment()) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"mrn": MRN},
        {"active": NAME},
        {"multipleBirthInteger": NAME},
        {"gender": {"a": NAME}},
        {"name": NAME},
        {"_birthDate": {"extension": [{"url": "x", "valueString": "x", "secret": NAME}]}},
    ],
)
def test_what_r4_does_not_define_does_not_slip_through(wrong: dict[str, Any]) -> None:
    text = json.dumps(made({**PATIENT, **wrong}))
    assert NAME not in text
    assert MRN not in text


@pytest.mark.parametrize(
    "content",
    [
        b'{"resourceType": "Nothing"}',
        b'{"resourceType": "Patient"',
        b'{"resourceType": 1}',
        b'[{"resourceType": "Basic"}]',
        b"<ClinicalDocument/>",
    ],
)
def test_what_is_no_resource_is_not_called_clean(content: bytes) -> None:
    for reading in (find, deidentify):
        with pytest.raises(NotExamined):
            reading(content, treatment())


def test_the_official_examples_are_clean_afterwards_and_stay_valid() -> None:
    """Every fortieth of them. Vital signs must be precise to the day: cut to a year they cannot be valid."""
    broken = []
    for file in files()[::40]:
        raw = file.read_bytes()
        if len(raw) > 100_000 or "StructureDefinition" in file.name or read(raw).resource is None:
            continue
        content, _ = deidentify(raw, treatment())
        assert find(content, treatment()) == [], file.name
        assert deidentify(content, treatment())[0] == content, file.name
        if is_valid(validate_text(raw)):
            broken += [file.name for each in validate_text(content) if each.severity == "error" and each.rule != "vs-1"]
    assert broken == []
