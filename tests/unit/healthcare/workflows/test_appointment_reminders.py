"""healthcare.appointment_reminders, end to end, every branch."""

from typing import Any

import pytest

from penstock.workflows.execution.state import Execution
from tests.unit.healthcare.workflows.ward import Ward, done

HOUR = {"scheduled_at": "2026-11-24T08:00:00.000Z"}
START = "2026-11-25T08:30:00Z"


@pytest.fixture
def ward() -> Ward:
    return Ward("appointment_reminders")


def appointment(name: str, start: str = START, status: str = "booked", who: str = "Patient/p") -> dict[str, Any]:
    return {
        "resourceType": "Appointment",
        "id": name,
        "status": status,
        "start": start,
        "end": start.replace(":30:", ":45:").replace(":00:", ":15:"),
        "participant": [
            {"actor": {"reference": "Practitioner/d"}, "status": "accepted"},
            {"actor": {"reference": who}, "status": "accepted"},
        ],
    }


def reminded(ward: Ward) -> Execution:
    """The execution that waits for the patient's answer."""
    ward.keep(appointment("a"))
    assert done(ward.start(HOUR, "Every hour"))
    [event] = ward.events()
    return ward.start_on(event, "Reminder due")


def test_those_that_begin_a_day_later_are_told_each_once(ward: Ward) -> None:
    ward.keep(
        appointment("a"),
        appointment("b", "2026-11-25T08:00:00Z"),
        appointment("later", "2026-11-25T09:00:00Z"),
        appointment("sooner", "2026-11-25T07:30:00Z"),
        appointment("off", status="cancelled"),
        appointment("internal", who="Practitioner/e"),
    )
    assert done(ward.start(HOUR, "Every hour"))
    assert sorted(data["appointment"] for _, data in ward.emitted()) == ["Appointment/a", "Appointment/b"]
    assert set(ward.types()) == {"appointment.reminder.due"}
    assert {data["patient"] for _, data in ward.emitted()} == {"Patient/p"}


def test_an_hour_with_more_appointments_than_a_page_says_so(ward: Ward) -> None:
    ward.keep(*(appointment(f"a{number}") for number in range(101)))
    assert done(ward.start(HOUR, "Every hour"))
    assert ward.types().count("appointment.reminder.due") == 100
    assert ward.types().count("appointment.reminders.incomplete") == 1


def test_who_comes_is_confirmed(ward: Ward) -> None:
    execution = reminded(ward)
    assert "Patient/p" not in str(ward.asked(execution).details)
    assert done(ward.answer(execution, {"approved": True}))
    assert ward.emitted()[1:] == [("appointment.confirmed", {"appointment": "Appointment/a", "patient": "Patient/p"})]


def test_who_cannot_come_is_taken_off_the_list(ward: Ward) -> None:
    assert done(ward.answer(reminded(ward), {"approved": False}))
    assert ward.types()[1:] == ["appointment.freed"]
    kept = ward.read("Appointment/a")
    assert (kept["status"], kept["cancelationReason"]["coding"][0]["code"]) == ("cancelled", "pat")


def test_who_does_not_answer_is_told_to_the_front_desk(ward: Ward) -> None:
    assert done(ward.after(reminded(ward), hours=21))
    assert ward.types()[1:] == ["appointment.unconfirmed"]
    assert ward.read("Appointment/a")["status"] == "booked"


def test_an_appointment_that_is_over_when_the_patient_cancels_is_told(ward: Ward) -> None:
    execution = reminded(ward)
    ward.keep(appointment("a", status="fulfilled"))
    assert done(ward.answer(execution, {"approved": False}))
    [(event, data)] = ward.emitted()[1:]
    assert (event, data["error"]["type"]) == ("appointment.cancellation.failed", "WrongStatus")


@pytest.mark.parametrize("changed", [{"status": "cancelled"}, {"start": "2026-11-26T08:30:00Z"}])
def test_nobody_is_asked_about_an_appointment_that_changed(ward: Ward, changed: dict[str, str]) -> None:
    ward.keep(appointment("a"))
    ward.start(HOUR, "Every hour")
    [event] = ward.events()
    ward.keep(appointment("a", **changed))
    assert done(ward.start_on(event, "Reminder due"))
    assert ward.types() == ["appointment.reminder.due"]
