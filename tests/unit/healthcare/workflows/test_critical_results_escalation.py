"""The escalation of critical results, run in process from the event that the lab results workflow tells."""

from datetime import timedelta
from typing import Any

import pytest

from penstock.events import Origin
from penstock.workflows.execution.ports import Start
from penstock.workflows.execution.state import Execution, Status
from penstock.workflows.triggers import event_item, wants
from tests.unit.healthcare.samples import sample
from tests.unit.healthcare.workflows.test_samples import ORIGIN, Ward, _trigger, forever

NAME = "healthcare.critical_results_escalation"
CHAIN = ["the physician on call", "the attending physician", "the head of the department"]


@pytest.fixture
def ward() -> Ward:
    return Ward()


def begin(ward: Ward) -> Execution:
    """The escalation that starts when nobody has acknowledged the sample's critical result in four hours."""
    execution = ward.run(sample("oru_r01_critical"))
    ward.now += timedelta(hours=4, minutes=1)
    ward.engine.resume(execution.id, forever)
    streams = [stream for stream in ward.store.streams() if stream.kind == "event"]
    [event] = [event for stream in streams for commit in ward.store.commits(stream) for event in commit.events]
    item = event_item(event)
    assert [name for name, found in ward.definitions.items() if wants(*_trigger(found), item)] == [NAME]
    return ward.engine.start(Start("acme", NAME, 1, [item], "event"), Origin("trigger", "c"), forever)


def asked(execution: Execution) -> str:
    """What the one who is asked now reads."""
    [waiting] = execution.waiting.values()
    return str(waiting.details["message"])


def answer(ward: Ward, execution: Execution, **decision: Any) -> Execution:
    [waiting] = execution.waiting.values()
    assert waiting.token
    return ward.engine.signal(execution.id, waiting.token, decision, ORIGIN, forever)


def test_the_first_one_who_acknowledges_ends_it(ward: Ward) -> None:
    execution = begin(ward)
    assert execution.status is Status.WAITING
    assert CHAIN[0] in asked(execution)
    assert "Delacroix" not in asked(execution)
    assert answer(ward, execution, approved=True, by="dr.lind").status is Status.DONE
    event, data = ward.emitted()[-1]
    assert (event, data["who"], data["requests"]) == ("critical_result.acknowledged", CHAIN[0], 1)
    assert data["acknowledgement"]["by"] == "dr.lind"
    assert [found["code"] for found in data["observations"]] == ["2823-3"]
    assert len(ward.emitted()) == 2, "the result's escalation, and its acknowledgement"


def test_who_says_no_or_nothing_hands_it_on_to_the_next(ward: Ward) -> None:
    execution = answer(ward, begin(ward), approved=False)
    assert CHAIN[1] in asked(execution)
    ward.now += timedelta(minutes=14)
    assert CHAIN[1] in asked(ward.engine.resume(execution.id, forever))
    ward.now += timedelta(minutes=2)
    execution = ward.engine.resume(execution.id, forever)
    assert CHAIN[2] in asked(execution)
    assert answer(ward, execution, approved=True).status is Status.DONE
    events = ward.emitted()[1:]
    assert sorted((event, data.get("request"), data["who"]) for event, data in events) == [
        ("critical_result.acknowledged", None, CHAIN[2]),
        ("critical_result.escalated", 1, CHAIN[0]),
        ("critical_result.escalated", 2, CHAIN[1]),
    ]


def test_the_chain_is_gone_through_twice_and_then_it_is_told(ward: Ward) -> None:
    execution, asks = begin(ward), []
    while execution.status is Status.WAITING:
        asks.append(asked(execution))
        ward.now += timedelta(minutes=31)
        execution = ward.engine.resume(execution.id, forever)
    assert execution.status is Status.DONE
    assert [next(who for who in CHAIN if who in ask) for ask in asks] == CHAIN * 2
    told = [event for event, _ in ward.emitted()[1:]]
    assert sorted(told) == ["critical_result.escalated"] * 6 + ["critical_result.unacknowledged"]
    [data] = [data for event, data in ward.emitted() if event == "critical_result.unacknowledged"]
    assert data["requests"] == 6


def test_the_last_one_can_still_acknowledge(ward: Ward) -> None:
    execution = begin(ward)
    for _ in range(5):
        execution = answer(ward, execution, approved=False)
    assert answer(ward, execution, approved=True).status is Status.DONE
    told = [event for event, _ in ward.emitted()]
    assert told.count("critical_result.acknowledged") == 1
    assert "critical_result.unacknowledged" not in told
