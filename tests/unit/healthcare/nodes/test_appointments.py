"""The appointment nodes, each in a workflow that the engine runs."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.workflows.catalogue import catalogue
from penstock.workflows.execution.running import NodeRequest
from penstock.workflows.node import Emit, Services
from penstock.workflows.runner import LocalRunner
from penstock_healthcare.fhir.validation import is_valid, validate_text
from tests.unit.healthcare.nodes.one_node import NOW, Hospital

BOOK, MOVE, CANCEL = "appointment.book", "appointment.reschedule", "appointment.cancel"
NINE = {"start": "2026-12-01T09:00:00Z", "end": "2026-12-01T09:30:00Z"}
TEN = {"start": "2026-12-01T11:00:00+01:00", "end": "2026-12-01T11:30:00+01:00"}
WHO = ["Patient/p", "Practitioner/d"]


@pytest.fixture
def hospital() -> Hospital:
    return Hospital()


def book(hospital: Hospital, *who: str, **times: Any) -> str:
    """The reference of an appointment that was free to be booked."""
    [item] = hospital.outputs(BOOK, participants=list(who or WHO), **(times or NINE))["booked"]
    return str(item["appointment"]["reference"])


def is_taken(hospital: Hospital, *who: str, **times: Any) -> bool:
    outputs = hospital.outputs(BOOK, participants=list(who), **times)
    return bool(outputs["taken"])


def test_a_booking_is_a_valid_appointment_that_all_agreed_to(hospital: Hospital) -> None:
    reference = book(hospital, *WHO, **TEN, service="Follow-up", based_on="ServiceRequest/s")
    assert is_valid(validate_text(hospital.text(reference).encode()))
    kept = hospital.read(reference)
    assert (kept["status"], kept["start"], kept["minutesDuration"]) == ("booked", "2026-12-01T10:00:00.000Z", 30)
    assert {each["status"] for each in kept["participant"]} == {"accepted"}


def test_nobody_is_booked_twice_at_one_time(hospital: Hospital) -> None:
    book(hospital)
    [item] = hospital.outputs(BOOK, {"n": 1}, participants=["Patient/q", "Practitioner/d"], **NINE)["taken"]
    assert item == {"n": 1, "taken": "Practitioner/d"}
    assert hospital.count("Appointment") == 1
    assert is_taken(hospital, "Patient/p", start="2026-12-01T09:29:00Z", end="2026-12-01T09:40:00Z")
    assert not is_taken(hospital, *WHO, start="2026-12-01T09:30:00Z", end="2026-12-01T10:00:00Z")
    assert not is_taken(hospital, "Patient/q", "HealthcareService/s", **NINE)


def test_a_booking_that_runs_again_books_once(hospital: Hospital) -> None:
    first, again = hospital.twice(BOOK, participants=WHO, **NINE)
    assert first == again
    assert hospital.count("Appointment") == 1
    assert hospital.commits(first["booked"][0]["appointment"]["reference"]) == 1


def test_appointments_from_elsewhere_take_time_too(hospital: Hospital) -> None:
    participants = [{"actor": {"reference": "Practitioner/d"}, "status": "accepted"}]
    other = {"resourceType": "Appointment", "id": "siu", "status": "booked", **NINE, "participant": participants}
    hospital.keep(other)
    assert is_taken(hospital, *WHO, **NINE)
    hospital.keep({**other, "id": "gone", "status": "cancelled", **TEN})
    declined = [{"actor": {"reference": "Practitioner/d"}, "status": "declined"}]
    hospital.keep({**other, "id": "declined", **TEN, "participant": declined})
    assert not is_taken(hospital, *WHO, **TEN)


def test_a_read_model_that_lags_lets_nobody_in_twice(hospital: Hospital) -> None:
    runner = LocalRunner(catalogue(), Services(hospital.store))  # its read models never hear of a booking
    ports = []
    for key in ("a/n/0/1", "b/n/0/1"):
        given = {"participants": WHO, **NINE}
        outcome = runner.run(
            NodeRequest("healthcare.appointment.book", {"main": [{}]}, [given], key, 1, NOW, "acme", "w", "e")
        )
        assert isinstance(outcome, Emit)
        ports += [port for port, items in outcome.outputs.items() if items]
    assert ports == ["booked", "taken"]


def test_moving_frees_the_old_time_and_takes_the_new_one(hospital: Hospital) -> None:
    reference = book(hospital)
    first, again = hospital.twice(MOVE, reference=reference, **TEN)
    assert first == again
    assert hospital.commits(reference) == 2
    assert hospital.read(reference)["start"] == "2026-12-01T10:00:00.000Z"
    assert is_taken(hospital, "Practitioner/d", **TEN)


def test_an_appointment_is_not_moved_to_where_somebody_is_busy_but_may_overlap_itself(hospital: Hospital) -> None:
    reference = book(hospital)
    book(hospital, "Practitioner/d", **TEN)
    [item] = hospital.outputs(MOVE, reference=reference, **TEN)["taken"]
    assert item["taken"] == "Practitioner/d"
    assert hospital.commits(reference) == 1
    later = {"start": "2026-12-01T09:10:00Z", "end": "2026-12-01T09:40:00Z"}
    assert hospital.outputs(MOVE, reference=reference, **later)["booked"]


def test_cancelling_is_valid_happens_once_and_frees_the_time(hospital: Hospital) -> None:
    reference = book(hospital)
    first, again = hospital.twice(CANCEL, reference=reference, reason="patient", text="Ill")
    assert first == again
    assert is_valid(validate_text(hospital.text(reference).encode()))
    assert hospital.read(reference)["status"] == "cancelled"
    assert hospital.run(CANCEL, reference=reference)["appointment"]["changed"] is False
    assert hospital.commits(reference) == 2


@pytest.mark.parametrize("status", ["fulfilled", "noshow", "entered-in-error"])
@pytest.mark.parametrize("node", [MOVE, CANCEL])
def test_what_is_over_cannot_be_moved_or_cancelled(hospital: Hospital, node: str, status: str) -> None:
    participants = [{"actor": {"reference": "Patient/p"}, "status": "accepted"}]
    kept = {"resourceType": "Appointment", "id": "a", "status": status, **NINE, "participant": participants}
    hospital.keep(kept)
    kind, text = hospital.failure(node, reference="Appointment/a", **(TEN if node == MOVE else {}))
    assert kind == "WrongStatus"
    assert f"its status is {status}" in text


@pytest.mark.parametrize("node", [MOVE, CANCEL])
def test_an_appointment_that_is_not_there_is_told(hospital: Hospital, node: str) -> None:
    kind, _ = hospital.failure(node, reference="Appointment/none", **(TEN if node == MOVE else {}))
    assert kind == "UnknownResource"


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"participants": "{{ ['Okafor'] }}", **NINE}, "participants.0"),
        ({"participants": "{{ ['Patient/p', 'Patient/p'] }}", **NINE}, "names somebody twice"),
        ({"participants": WHO, "start": "{{ '2026-12-01T09:00:00' }}", "end": NINE["end"]}, "start"),
        ({"participants": WHO, "start": "{{ '2026-12-01T10:00:00Z' }}", "end": NINE["end"]}, "end must be after start"),
        ({"participants": WHO, "start": "{{ '2026-11-01T10:00:00Z' }}", "end": NINE["end"]}, "at most a day"),
    ],
)
def test_a_booking_that_makes_no_sense_is_refused(hospital: Hospital, given: dict[str, Any], reason: str) -> None:
    kind, text = hospital.failure(BOOK, **given)
    assert kind == "InvalidParameters"
    assert reason in text
    assert "Okafor" not in json.dumps(text)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 12), st.sampled_from("abc")), max_size=6))
def test_however_it_is_booked_nobody_is_in_two_places(asked: list[tuple[int, int, str]]) -> None:
    hospital, booked = Hospital(), []
    for start, length, who in asked:
        minutes = [f"2026-12-01T{23 if m >= 60 else 22}:{m % 60:02}:00Z" for m in (start, start + length)]
        free = not is_taken(hospital, f"Practitioner/{who}", start=minutes[0], end=minutes[1])
        assert free == all(w != who or start >= e or start + length <= s for s, e, w in booked)
        booked += [(start, start + length, who)] if free else []
