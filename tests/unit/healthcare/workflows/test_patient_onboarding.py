"""healthcare.patient_onboarding, end to end, every branch."""

from typing import Any

import pytest

from tests.unit.healthcare.workflows.ward import Ward, done

FORM = {
    "mrn": "12",
    "family": "Okafor",
    "given": "Elizabeth",
    "birth_date": "1954-04-12",
    "sex": "female",
    "phone": "217 555 0142",
    "postal_code": "62701",
    "consent_signed": True,
}
KNOWN = {
    "resourceType": "Patient",
    "id": "p",
    "identifier": [{"system": "urn:example:mrn", "value": "12"}],
    "name": [{"family": "Okafor", "given": ["Liz"]}],
    "birthDate": "1954-04-12",
}
ALIKE = {**KNOWN, "identifier": [], "telecom": [{"system": "phone", "value": "2175559999"}]}


@pytest.fixture
def ward() -> Ward:
    return Ward("patient_onboarding")


def alike() -> dict[str, Any]:
    return {name: value for name, value in ALIKE.items() if value}


def test_somebody_new_gets_a_record_and_their_consent_is_kept(ward: Ward) -> None:
    assert done(ward.start(FORM))
    [(event, data)] = ward.emitted()
    assert (event, data["is_new"]) == ("patient.onboarded", True)
    patient = ward.read(data["patient"])
    assert patient["identifier"] == [{"system": "urn:example:mrn", "value": "12"}]
    assert (patient["birthDate"], patient["telecom"][0]["value"]) == ("1954-04-12", "217 555 0142")
    assert ward.read(data["consent"])["patient"] == {"reference": data["patient"]}
    assert ward.nothing_emitted_holds("Okafor", "1954", "555")


def test_somebody_who_comes_again_is_the_same_person(ward: Ward) -> None:
    ward.start(FORM)
    assert done(ward.start({**FORM, "given": "Liz", "phone": "217 555 7777"}))
    first, second = (data for _, data in ward.emitted())
    assert (second["patient"], second["consent"], second["is_new"]) == (first["patient"], first["consent"], False)
    [patient] = ward.all("Patient")
    assert patient["telecom"][0]["value"] == "217 555 7777"
    assert len(ward.all("Consent")) == 1


@pytest.mark.parametrize(("approved", "patients"), [(True, 1), (False, 2)])
def test_a_clerk_decides_where_it_is_not_sure(ward: Ward, approved: bool, patients: int) -> None:
    ward.keep(alike())
    execution = ward.start({**FORM, "mrn": ""})
    assert "Okafor" not in str(ward.asked(execution).details)
    assert done(ward.answer(execution, {"approved": approved, "by": "clerk"}))
    [(event, data)] = ward.emitted()
    assert (event, data["is_new"]) == ("patient.onboarded", not approved)
    assert len(ward.all("Patient")) == patients
    assert (data["patient"] == "Patient/p") is approved


def test_a_registration_that_no_clerk_looks_at_is_held(ward: Ward) -> None:
    ward.keep(alike())
    execution = ward.start({**FORM, "mrn": ""})
    assert done(ward.after(execution, hours=25))
    assert ward.emitted() == [
        ("patient.onboarding.held", {"matches": [{"reference": "Patient/p", "grade": "probable"}]})
    ]


def test_a_missing_consent_is_waited_for(ward: Ward) -> None:
    execution = ward.start({**FORM, "consent_signed": False})
    assert (ward.all("Consent"), ward.emitted()) == ([], [])
    assert done(ward.answer(execution, {"approved": True}))
    assert ward.types() == ["patient.onboarded"]
    assert len(ward.all("Consent")) == 1


@pytest.mark.parametrize("is_late", [True, False])
def test_without_a_consent_the_onboarding_is_incomplete(ward: Ward, is_late: bool) -> None:
    execution = ward.start({**FORM, "consent_signed": False})
    ended = ward.after(execution, days=8) if is_late else ward.answer(execution, {"approved": False})
    assert done(ended)
    [(event, data)] = ward.emitted()
    assert (event, data["missing"]) == ("patient.onboarding.incomplete", "consent")
    assert ward.all("Consent") == []


@pytest.mark.parametrize("form", [{**FORM, "birth_date": "Okafor"}, {"family": "Okafor"}, {**FORM, "sex": "Okafor"}])
def test_a_form_that_makes_no_sense_is_refused_with_its_reason(ward: Ward, form: dict[str, Any]) -> None:
    assert done(ward.start(form))
    [(event, data)] = ward.emitted()
    assert (event, data["error"]["type"]) == ("patient.onboarding.refused", "InvalidParameters")
    assert ward.nothing_emitted_holds("Okafor")
    assert ward.all("Patient") == []


def test_a_record_that_r4_refuses_is_refused(ward: Ward) -> None:
    assert done(ward.start({**FORM, "mrn": " "}))
    [(event, data)] = ward.emitted()
    assert (event, data["error"]["type"]) == ("patient.onboarding.refused", "InvalidResource")
