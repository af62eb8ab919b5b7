"""The response to a breach, run in process with a clock that moves: every notice, every way that it can end."""

from typing import Any

import pytest

from penstock.workflows.execution.state import Execution
from tests.unit.healthcare.workflows.ward import Item, Ward, done

INCIDENT: Item = {
    "incident_id": "INC-31",
    "discovered": "2026-11-20",
    "nature": "clinical",
    "recipient": "unknown",
    "by_state": {"MN": 501, "WI": 12},
}


@pytest.fixture
def ward() -> Ward:
    return Ward("breach_response")


def found(ward: Ward, **more: Any) -> dict[str, str]:
    """The notices whose clocks an incident starts, each with its last day."""
    assert done(ward.start({**INCIDENT, **more}, "Incident found"))
    return {data["to"]: data["due"] for event, data in ward.emitted() if event == "breach.notice.due"}


def notice(ward: Ward, to: str = "individuals", **more: Any) -> Execution:
    """The clock of one of an incident's notices, started by its event."""
    found(ward, **more)
    [event] = [event for event in ward.events() if event.type == "breach.notice.due" and event.data["to"] == to]
    return ward.start_on(event, "Notice due")


def of_notices(ward: Ward) -> list[str]:
    before = {"breach.found", "breach.notice.due"}
    return [event.removeprefix("breach.notice.") for event in ward.types() if event not in before]


def test_what_is_no_breach_starts_no_clock(ward: Ward) -> None:
    assert found(ward, exception="secured") == {}
    [(event, data)] = ward.emitted()
    assert (event, data["outcome"], data["incident_id"]) == ("breach.ruled_out", "no_breach", "INC-31")


@pytest.mark.parametrize(
    ("by_state", "without", "notices"),
    [
        ({"MN": 501, "WI": 12}, 0, {"individuals": "01-19", "media:MN": "01-19", "secretary": "01-19"}),
        ({"MN": 500}, 0, {"individuals": "01-19", "secretary": "01-19"}),
        ({"MN": 20}, 3, {"individuals": "01-19", "individuals_substitute": "01-19", "secretary": "03-01"}),
    ],
)
def test_each_notice_that_the_law_asks_for_has_its_own_clock(
    ward: Ward, by_state: dict[str, int], without: int, notices: dict[str, str]
) -> None:
    told = found(ward, by_state=by_state, without_address=without)
    assert told == {to: f"2027-{day}" for to, day in notices.items()}


@pytest.mark.parametrize("to", ["individuals", "media:MN", "secretary"])
def test_a_notice_that_a_person_confirms_is_sent_and_nobody_is_asked_again(ward: Ward, to: str) -> None:
    execution = notice(ward, to)
    assert to in str(ward.asked(execution).details["message"])
    assert done(ward.answer(execution, {"approved": True, "by": "privacy.officer"}))
    assert of_notices(ward) == ["sent"]
    [data] = [data for event, data in ward.emitted() if event == "breach.notice.sent"]
    assert (data["to"], data["decision"]["by"]) == (to, "privacy.officer")


def test_reminders_come_every_week_until_it_is_confirmed(ward: Ward) -> None:
    execution = ward.after(notice(ward), days=6)
    assert of_notices(ward) == []
    execution = ward.after(execution, days=1, minutes=1)
    execution = ward.after(execution, days=7, minutes=1)
    assert of_notices(ward) == ["open", "open"]
    days = [data["days_left"] for event, data in ward.emitted() if event == "breach.notice.open"]
    assert days == [50, 43]
    assert done(ward.answer(execution, {"approved": True}))
    assert of_notices(ward) == ["open", "open", "sent"]


def test_one_that_is_not_to_be_sent_is_told_with_who_decided_so(ward: Ward) -> None:
    decision = {"approved": False, "by": "privacy.officer", "comment": "delay asked for, 164.412"}
    assert done(ward.answer(notice(ward), decision))
    assert of_notices(ward) == ["withheld"]
    assert ward.emitted()[-1][1]["decision"]["comment"] == "delay asked for, 164.412"


def overdue(ward: Ward) -> Execution:
    """Nobody has answered until the last day was over."""
    execution = notice(ward)
    while "was due" not in str(ward.asked(execution).details["message"]):
        assert ward.now.date().isoformat() <= "2027-01-20"
        execution = ward.after(execution, days=1)
    assert ward.now.date().isoformat() == "2027-01-20", "the last day counts whole"
    return execution


def test_a_deadline_that_passes_is_told_once_and_the_notice_is_asked_for_still(ward: Ward) -> None:
    execution = overdue(ward)
    told = of_notices(ward)
    assert (told.count("deadline_passed"), set(told)) == (1, {"open", "deadline_passed"})
    assert done(ward.answer(execution, {"approved": True}))
    assert of_notices(ward)[-1] == "sent_late"


@pytest.mark.parametrize("refused", [True, False])
def test_a_notice_that_never_went_out_is_missing(ward: Ward, refused: bool) -> None:
    execution = overdue(ward)
    execution = ward.answer(execution, {"approved": False}) if refused else ward.after(execution, days=31)
    assert done(execution)
    assert of_notices(ward)[-1] == "missing"


def test_an_incident_that_is_found_too_late_is_overdue_at_once(ward: Ward) -> None:
    execution = notice(ward, discovered="2026-09-01")
    assert "was due by 2026-10-31" in str(ward.asked(execution).details["message"])
    assert of_notices(ward) == ["deadline_passed"]


def test_a_clock_that_was_long_unattended_goes_straight_to_the_deadline(ward: Ward) -> None:
    execution = ward.after(notice(ward), days=90)
    assert "was due" in str(ward.asked(execution).details["message"])
    assert of_notices(ward) == ["open", "deadline_passed"]
