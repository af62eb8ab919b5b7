"""healthcare.referral, end to end, every branch."""

import base64
from typing import Any

import pytest

from tests.unit.healthcare.workflows.ward import Ward, done

REFERRAL = {
    "patient": "Patient/p",
    "from": "Practitioner/gp",
    "to": "Organization/cardiology",
    "specialty": "Cardiology",
    "reason": "Chest pain on exertion",
    "letter": "Dear colleague, please see this patient.",
}
YES = {
    "accepted": True,
    "practitioner": "Practitioner/c",
    "start": "2027-01-11T09:00:00+01:00",
    "end": "2027-01-11T09:30:00+01:00",
}


def consent(kind: str = "permit") -> dict[str, Any]:
    return {
        "resourceType": "Consent",
        "id": "c",
        "status": "active",
        "patient": {"reference": "Patient/p"},
        "provision": {"type": kind, "purpose": [{"code": "TREAT"}]},
    }


@pytest.fixture
def ward() -> Ward:
    ward = Ward("referral")
    ward.keep(consent())
    return ward


def test_a_referral_that_is_accepted_is_booked(ward: Ward) -> None:
    assert done(ward.answer(ward.start(REFERRAL), YES))
    (sent, letter), (booked, data) = ward.emitted()
    assert (sent, booked) == ("referral.sent", "referral.booked")
    order, appointment = ward.read(data["order"]), ward.read(data["appointment"])
    assert (order["status"], order["performer"]) == ("active", [{"reference": "Organization/cardiology"}])
    assert appointment["basedOn"] == [{"reference": data["order"]}]
    assert [each["actor"]["reference"] for each in appointment["participant"]] == ["Patient/p", "Practitioner/c"]
    attached = ward.read(letter["letter"])["content"][0]["attachment"]["data"]
    assert base64.b64decode(attached).startswith(b"Dear colleague")
    assert ward.nothing_emitted_holds("Chest pain", "Dear colleague")


@pytest.mark.parametrize("kept", [consent("deny"), {**consent(), "status": "inactive"}])
def test_without_a_consent_nothing_is_sent(kept: dict[str, Any]) -> None:
    ward = Ward("referral")
    ward.keep(kept)
    assert done(ward.start(REFERRAL))
    assert ward.types() == ["referral.held"]
    assert (ward.all("ServiceRequest"), ward.all("DocumentReference")) == ([], [])


def test_a_referral_that_is_declined_is_withdrawn(ward: Ward) -> None:
    assert done(ward.answer(ward.start(REFERRAL), {"accepted": False, "comment": "no capacity"}))
    event, data = ward.emitted()[-1]
    assert (event, data["comment"]) == ("referral.declined", "no capacity")
    assert ward.read(data["order"])["status"] == "revoked"


def test_a_time_that_is_taken_is_told(ward: Ward) -> None:
    ward.answer(ward.start(REFERRAL), YES)
    assert done(ward.answer(ward.start({**REFERRAL, "specialty": "Angiology"}), YES))
    event, data = ward.emitted()[-1]
    assert (event, data["taken"]) == ("referral.time_taken", "Patient/p")
    assert len(ward.all("Appointment")) == 1


def test_a_clinic_that_does_not_answer_is_told_to_the_referrer(ward: Ward) -> None:
    assert done(ward.after(ward.start(REFERRAL), days=8))
    assert ward.types() == ["referral.sent", "referral.unanswered"]


def test_an_answer_that_makes_no_sense_is_refused(ward: Ward) -> None:
    assert done(ward.answer(ward.start(REFERRAL), {**YES, "start": "soon"}))
    event, data = ward.emitted()[-1]
    assert (event, data["error"]["type"]) == ("referral.answer.refused", "InvalidParameters")


@pytest.mark.parametrize("changed", [{"patient": ""}, {"from": "Okafor"}, {"letter": ""}, {"priority": "Okafor"}])
def test_a_referral_that_makes_no_sense_is_refused(ward: Ward, changed: dict[str, str]) -> None:
    assert done(ward.start({**REFERRAL, **changed}))
    assert ward.types() == ["referral.refused"]
    assert ward.all("ServiceRequest") == []
    assert ward.nothing_emitted_holds("Okafor")
