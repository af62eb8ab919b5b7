"""healthcare.medication_reconciliation, end to end, every branch."""

from typing import Any

import pytest

from penstock.events import Draft, Origin, Position, StreamId
from penstock.workflows.execution.state import Execution
from tests.unit.healthcare.workflows.ward import Ward, done

METFORMIN, ASPIRIN = {"text": "Metformin 500 mg", "dose": "twice a day"}, {"text": "Aspirin 100 mg"}


@pytest.fixture
def ward() -> Ward:
    ward = Ward("medication_reconciliation")
    prescribed = {
        "resourceType": "MedicationRequest",
        "id": "m",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": {"coding": [{"code": "1", "display": "metformin 500 MG"}]},
        "subject": {"reference": "Patient/p"},
    }
    ward.keep(prescribed, {**prescribed, "id": "old", "status": "stopped"})
    return ward


def reported(ward: Ward, *medications: dict[str, str]) -> Execution:
    execution = ward.start({"patient": "Patient/p"}, "By hand")
    return ward.answer(execution, {"reported": list(medications)})


def test_what_is_taken_as_recorded_is_reconciled_at_once(ward: Ward) -> None:
    assert done(reported(ward, METFORMIN))
    assert ward.emitted() == [("medication.reconciled", {"patient": "Patient/p", "recorded": [], "missing": 0})]


def test_a_pharmacist_lets_what_is_new_be_recorded(ward: Ward) -> None:
    execution = reported(ward, METFORMIN, ASPIRIN, {"text": "Vitamin D", "dose": "daily"})
    assert "2 not on record, 0 on record" in str(ward.asked(execution).details["message"])
    assert done(ward.answer(execution, {"approved": True, "by": "pharmacist"}))
    [(event, data)] = ward.emitted()
    assert (event, data["missing"], len(data["recorded"])) == ("medication.reconciled", 0, 2)
    first, second = map(ward.read, data["recorded"])
    assert first["medicationCodeableConcept"] == {"text": "Aspirin 100 mg"}
    assert (second["dosage"], second["subject"]["reference"]) == ([{"text": "daily"}], "Patient/p")
    assert ward.nothing_emitted_holds("Aspirin", "Vitamin")


def test_what_is_not_taken_any_more_is_a_difference_too(ward: Ward) -> None:
    execution = reported(ward)
    assert "0 not on record, 1 on record" in str(ward.asked(execution).details["message"])
    assert done(ward.answer(execution, {"approved": True}))
    assert ward.emitted() == [("medication.reconciled", {"patient": "Patient/p", "recorded": [], "missing": 1})]
    assert ward.all("MedicationStatement") == []


def test_a_pharmacist_may_leave_the_record_as_it_is(ward: Ward) -> None:
    assert done(ward.answer(reported(ward, ASPIRIN), {"approved": False, "comment": "same drug"}))
    assert ward.types() == ["medication.reconciliation.declined"]
    assert ward.all("MedicationStatement") == []


def test_steps_that_nobody_takes_are_overdue(ward: Ward) -> None:
    assert done(ward.after(reported(ward, ASPIRIN), hours=25))
    assert done(ward.after(ward.start({"patient": "Patient/p"}, "By hand"), hours=25))
    assert [(event, data["step"]) for event, data in ward.emitted()] == [
        ("medication.reconciliation.overdue", "pharmacist"),
        ("medication.reconciliation.overdue", "bedside"),
    ]


def test_an_admission_starts_it(ward: Ward) -> None:
    data: dict[str, Any] = {"resources": ["Encounter/e", "Patient/p"], "message_id": "m", "control_id": "c"}
    stream = StreamId("acme", "event", "admitted")
    drafts = [Draft("patient.admitted", data, ward.now)]
    commit = ward.store.append(stream, drafts, expected=Position(), commit_id="c", origin=Origin("a", "b"))
    execution = ward.start_on(commit.events[0], "Admitted")
    assert done(ward.answer(execution, {"reported": [METFORMIN]}))
    assert ward.emitted()[-1] == ("medication.reconciled", {"patient": "Patient/p", "recorded": [], "missing": 0})
