"""The nodes that record care and read it back, each in a workflow that the engine runs."""

import base64
from typing import Any

import pytest

from penstock_healthcare.fhir.validation import is_valid, validate_text
from tests.unit.healthcare.nodes.one_node import Hospital

PATIENT = {
    "resourceType": "Patient",
    "id": "p",
    "name": [
        {"use": "maiden", "family": "Lind"},
        {"use": "official", "family": "Okafor", "given": ["Ada"], "text": "x"},
    ],
    "telecom": [{"system": "phone", "value": "1", "use": "old"}, {"system": "phone", "value": "2", "use": "mobile"}],
    "address": [{"use": "work", "city": "Springfield"}],
}
POTASSIUM = {"system": "http://loinc.org", "code": "2823-3", "text": "Potassium"}
VALUE = {"code": POTASSIUM, "value": "4.10", "unit": "mmol/L", "interpretation": "N", "low": "3.5", "high": "5.1"}
ORDER = {
    "patient": "Patient/p",
    "code": POTASSIUM,
    "requester": "Practitioner/d",
    "priority": "urgent",
    "note": "Fasting",
}
RESULT = {
    "patient": "Patient/p",
    "code": {"text": "Electrolytes"},
    "observations": [VALUE],
    "order": "ServiceRequest/s",
}
LETTER = {"patient": "Patient/p", "type": {"text": "Letter"}, "text": "Dear colleague", "title": "Referral"}
CREATING = [("order.create", ORDER, "order"), ("document.create", LETTER, "document")]


@pytest.fixture
def hospital() -> Hospital:
    hospital = Hospital()
    hospital.keep(PATIENT)
    return hospital


def is_kept_valid(hospital: Hospital, reference: str) -> bool:
    return is_valid(validate_text(hospital.text(reference).encode()))


@pytest.mark.parametrize(("node", "given", "field"), CREATING)
def test_what_is_created_is_valid_and_there_once(hospital: Hospital, node: str, given: Any, field: str) -> None:
    first, again = hospital.twice(node, {"n": 1}, **given, encounter="Encounter/e")
    assert first == again
    made = first["main"][0]
    assert (made["n"], made[field]["created"], hospital.commits(made[field]["reference"])) == (1, True, 1)
    assert is_kept_valid(hospital, made[field]["reference"])


def test_an_order_says_what_whom_and_how_urgent(hospital: Hospital) -> None:
    kept = hospital.read(hospital.run("order.create", **ORDER)["order"]["reference"])
    assert (kept["status"], kept["intent"], kept["priority"]) == ("active", "order", "urgent")
    assert kept["code"]["coding"] == [{"system": "http://loinc.org", "code": "2823-3"}]
    assert (kept["note"], kept["requester"]) == ([{"text": "Fasting"}], {"reference": "Practitioner/d"})


def test_a_document_holds_its_bytes(hospital: Hospital) -> None:
    kept = hospital.read(hospital.run("document.create", **LETTER)["document"]["reference"])
    [content] = kept["content"]
    assert base64.b64decode(content["attachment"]["data"]) == b"Dear colleague"
    assert content["attachment"]["title"] == "Referral"


def test_a_result_is_a_report_with_its_observations_and_is_there_once(hospital: Hospital) -> None:
    first, again = hospital.twice("result.create", **RESULT, conclusion="Fine")
    assert first == again
    made = first["main"][0]["result"]
    [observation] = made["observations"]
    report = hospital.read(made["report"]["reference"])
    assert report["result"] == [{"reference": observation["reference"]}]
    assert report["basedOn"] == [{"reference": "ServiceRequest/s"}]
    assert '"value":4.10' in hospital.text(observation["reference"])
    assert all(is_kept_valid(hospital, each["reference"]) for each in (made["report"], observation))
    assert (hospital.count("Observation"), hospital.count("DiagnosticReport")) == (1, 1)


def test_a_result_can_be_flagged(hospital: Hospital) -> None:
    critical = {**RESULT, "observations": [VALUE, {**VALUE, "value": "7.2", "interpretation": "HH"}]}
    made = hospital.run("result.create", **critical)
    [flagged] = hospital.outputs("result.flag", made)["critical"]
    assert [each["reference"] for each in flagged["flag"]["observations"]] == [
        made["result"]["observations"][1]["reference"]
    ]


@pytest.mark.parametrize(
    ("node", "given", "reason"),
    [
        ("order.create", {**ORDER, "patient": "{{ 'Okafor' }}"}, "patient"),
        ("order.create", {**ORDER, "code": "{{ ({}) }}"}, "give a code, or a text"),
        ("result.create", {**RESULT, "observations": "{{ [] }}"}, "observations"),
        ("result.create", {**RESULT, "observations": "{{ [{code: {text: 'K'}}] }}"}, "give either value or text"),
        ("result.create", {**RESULT, "observations": "{{ [{code: {text: 'K'}, value: 'Okafor'}] }}"}, "value"),
        ("document.create", {**LETTER, "url": "{{ 'https://example.org/1' }}"}, "give one of text, data and url"),
        ("document.create", {**LETTER, "text": "", "data": "{{ 'Okafor!' }}"}, "must be base64"),
        ("patient.update", {"patient": "Patient/p", "sex": "{{ 'Okafor' }}"}, "sex"),
        ("patient.update", {"patient": "Patient/p", "active": "{{ null }}"}, "give at least one of family"),
        ("observations.get", {"patient": "{{ 'Okafor' }}"}, "patient"),
        ("medications.get", {"patient": "Patient/p", "since": "{{ 'Okafor' }}"}, "since"),
        ("conditions.get", {"patient": "Patient/p", "codes": "{{ ['a,Okafor'] }}"}, "codes"),
    ],
)
def test_what_makes_no_sense_is_refused_and_not_quoted(hospital: Hospital, node: str, given: Any, reason: str) -> None:
    kind, text = hospital.failure(node, **given)
    assert kind == "InvalidParameters"
    assert reason in text
    assert "Okafor" not in text


def test_a_result_that_r4_refuses_leaves_nothing(hospital: Hospital) -> None:
    kind, _ = hospital.failure("result.create", **{**RESULT, "order": "Patient/p"})
    assert kind == "InvalidResource"
    assert hospital.count("Observation") == 0


def test_demographics_change_and_the_rest_stays(hospital: Hospital) -> None:
    address = {"lines": ["Main St. 5"], "city": "Shelbyville", "postal_code": "62565"}
    given = {"family": "Okafor-Lind", "phone": "217 555 0142", "email": "a@example.org", "address": address}
    first, again = hospital.twice("patient.update", patient="Patient/p", birth_date="1954-04-12", sex="female", **given)
    assert first == again
    assert (first["main"][0]["updated"]["version"], hospital.commits("Patient/p")) == (2, 2)
    kept = hospital.read("Patient/p")
    assert kept["name"] == [PATIENT["name"][0], {"use": "official", "family": "Okafor-Lind", "given": ["Ada"]}]
    assert [each["value"] for each in kept["telecom"]] == ["1", "217 555 0142", "a@example.org"]
    assert [each["city"] for each in kept["address"]] == ["Springfield", "Shelbyville"]
    assert (kept["birthDate"], kept["gender"]) == ("1954-04-12", "female")
    assert is_kept_valid(hospital, "Patient/p")


def test_demographics_that_somebody_else_changed_are_left_alone(hospital: Hospital) -> None:
    hospital.run("patient.update", patient="Patient/p", active=True)
    kind, _ = hospital.failure("patient.update", patient="Patient/p", active=False, version=1)
    assert kind == "VersionConflict"
    assert hospital.failure("patient.update", patient="Patient/q", active=False)[0] == "UnknownResource"


def observation(name: str, code: str, day: str, status: str = "final", patient: str = "p") -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": name,
        "status": status,
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": day,
    }


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, ["c", "a", "b"]),
        ({"codes": ["2823-3"]}, ["a", "b"]),
        ({"codes": ["http://loinc.org|2951-2", "none"]}, ["c"]),
        ({"since": "2026-02-01", "until": "2026-02-28"}, ["a"]),
        ({"statuses": ["amended"]}, ["b"]),
        ({"most": 1}, ["c"]),
    ],
)
def test_observations_are_those_of_the_patient_that_were_asked_for(
    hospital: Hospital, given: dict[str, Any], expected: list[str]
) -> None:
    hospital.keep(
        observation("a", "2823-3", "2026-02-28T23:00:00Z"),
        observation("b", "2823-3", "2026-01-01", "amended"),
        observation("c", "2951-2", "2026-03-01"),
        observation("d", "2823-3", "2026-02-03", patient="q"),
    )
    made = hospital.run("observations.get", {"n": 1}, patient="Patient/p", **given)
    assert [each["id"] for each in made["observations"]] == expected
    assert (made["n"], made["is_complete"]) == (1, "most" not in given)


def test_medications_are_what_was_prescribed_and_what_is_taken(hospital: Hospital) -> None:
    common = {"status": "active", "subject": {"reference": "Patient/p"}}
    aspirin = {"medicationCodeableConcept": {"text": "Aspirin"}}
    hospital.keep(
        {"resourceType": "MedicationStatement", "id": "s", **common, **aspirin},
        {"resourceType": "MedicationRequest", "id": "r", **common, "intent": "order", **aspirin},
        {
            "resourceType": "MedicationRequest",
            "id": "old",
            **{**common, "status": "stopped"},
            "intent": "order",
            **aspirin,
        },
    )
    made = hospital.run("medications.get", patient="Patient/p", statuses=["active"])
    assert [each["id"] for each in made["medications"]] == ["r", "s"]


def test_conditions_are_filtered_by_their_clinical_status(hospital: Hospital) -> None:
    system = "http://terminology.hl7.org/CodeSystem/condition-clinical"
    for name in ("active", "resolved"):
        status = {"coding": [{"system": system, "code": name}]}
        subject = {"reference": "Patient/p"}
        hospital.keep({"resourceType": "Condition", "id": name, "clinicalStatus": status, "subject": subject})
    made = hospital.run("conditions.get", patient="Patient/p", statuses=["active"])
    assert [each["id"] for each in made["conditions"]] == ["active"]
