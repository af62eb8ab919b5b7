"""Single runs that go wrong in ways worth a name."""

import threading
from traceback import format_exception
from typing import Any

import pytest

from penstock.sagas import deciding
from penstock.sagas.deciding import Outcome
from penstock.sagas.definition import Retry
from penstock.sagas.errors import NotResumable, StepFailure, UnknownSaga
from penstock.sagas.interpreter import Ending, pause
from penstock.sagas.state import Status, StepStatus
from penstock.sagas.steps import Order
from tests.unit.platform.sagas.participants import DO, UNDO
from tests.unit.platform.sagas.world import RUN, TENANT, Case, Script, World, saga, step


def world(*steps: Any, faults: dict[tuple[str, str], list[str]] | None = None, **script: Any) -> World:
    return World(Case(saga(*steps), Script(faults or {}, **script)))


def order(task: str, name: str = "") -> Order:
    return Order(TENANT, RUN, task, name)


def test_a_step_that_crashes_after_its_effect_has_it_once() -> None:
    found = world(step("a"), faults={("a", DO): ["crash"]})
    assert found.interpreted() is Ending.COMPLETED
    assert found.ledger.applied == {f"saga/{RUN}/a": 1}


def test_compensation_goes_in_reverse_order() -> None:
    found = world(step("a"), step("b"), step("c"), faults={("c", DO): ["refuse"]})
    assert found.interpreted() is Ending.COMPENSATED
    undone = [
        event.data["step"]
        for commit in found.store.commits(found.stream)
        for event in commit.events
        if event.type == "CompensationSucceeded"
    ]
    assert undone == ["b", "a"]


def test_a_step_that_was_refused_at_once_is_not_undone() -> None:
    found = world(step("a"), faults={("a", DO): ["refuse"]})
    assert found.interpreted() is Ending.COMPENSATED
    assert "CompensationStarted" not in found.types()


def test_a_refusal_after_an_attempt_in_doubt_is_undone_all_the_same() -> None:
    found = world(step("a", attempts=3), faults={("a", DO): ["killed", "refuse"]})
    assert found.interpreted() is Ending.COMPENSATED
    assert "CompensationSucceeded" in found.types()


def test_a_call_that_comes_after_the_run_has_turned_round_begins_nothing() -> None:
    found = world(step("a"), step("b"), faults={("b", DO): ["refuse"]})
    found.interpreted()
    assert found.steps.perform(order("act", "a")) is Outcome.REJECTED
    assert not any(found.standing(name) for name in "ab")


def test_an_effect_that_comes_after_it_was_undone_calls_for_a_person() -> None:
    found = world(step("a", attempts=1), faults={("a", DO): ["hang"]}, remembers=False)
    assert found.interpreted() is Ending.COMPENSATED
    found.settle()
    assert (found.run.status, found.run.stuck) == (Status.NEEDS_ATTENTION, ("a",))
    found.mend()
    found.save(lambda run: deciding.resume(run, "undo it again"))
    assert found.interpreted(is_reversed=True) is Ending.COMPENSATED
    assert not found.standing("a")


def test_a_step_that_happens_while_it_is_undone_is_undone_again() -> None:
    hangs = {("a", DO): ["hang"]}
    found = world(step("a", attempts=1, undo_attempts=3), faults=hangs, remembers=False)
    undo = found.ledger.undo

    def undo_too_early(key: str) -> None:
        undo(key)
        found.settle()

    found.ledger.undo = undo_too_early  # type: ignore[method-assign]
    assert found.interpreted() is Ending.COMPENSATED
    assert (found.standing("a"), found.run.steps["a"].round) == (False, 2)


def test_after_the_pivot_a_run_only_goes_forward() -> None:
    found = world(step("a"), step("p", pivot=True), step("z", undo_attempts=None), faults={("z", DO): ["refuse"]})
    assert found.interpreted() is Ending.NEEDS_ATTENTION
    assert (found.run.stuck, found.run.is_reversed, found.standing("a")) == (("z",), False, True)
    found.save(lambda run: deciding.resume(run, "try again"))
    assert found.interpreted() is Ending.COMPLETED


def pivot_in_doubt() -> World:
    found = world(step("a"), step("p", attempts=1, undo_attempts=None, pivot=True), faults={("p", DO): ["crash"]})
    assert found.interpreted() is Ending.NEEDS_ATTENTION
    return found


def test_a_pivot_in_doubt_that_has_happened_lets_the_run_go_forward() -> None:
    found = pivot_in_doubt()
    found.save(lambda run: deciding.resolve(run, "p", has_happened=True, reason="seen", result={"x": 1}))
    found.save(lambda run: deciding.resume(run, "seen"))
    assert found.interpreted(is_reversed=found.run.is_reversed) is Ending.COMPLETED
    assert found.run.steps["p"].result == {"x": 1}


def test_a_pivot_in_doubt_that_has_not_happened_turns_the_run_round() -> None:
    found = pivot_in_doubt()
    found.save(lambda run: deciding.resolve(run, "p", has_happened=False, reason="checked", result={}))
    found.save(lambda run: deciding.resume(run, "checked"))
    assert found.run.is_reversed
    assert found.interpreted(is_reversed=True) is Ending.COMPENSATED
    assert found.run.steps["p"].status is StepStatus.REJECTED


def broken() -> World:
    found = world(step("a"), step("b"), faults={("b", DO): ["refuse"]}, broken=frozenset({("a", UNDO)}))
    assert found.interpreted() is Ending.NEEDS_ATTENTION
    return found


def test_what_is_stuck_on_the_way_back_cannot_be_said_to_be_done() -> None:
    with pytest.raises(NotResumable, match="has to be undone"):
        broken().save(lambda run: deciding.resolve(run, "a", has_happened=True, reason="x", result={}))


def test_a_step_that_is_not_stuck_cannot_be_resolved() -> None:
    with pytest.raises(NotResumable, match="b is not stuck; a is"):
        broken().save(lambda run: deciding.resolve(run, "b", has_happened=False, reason="x", result={}))


def test_what_was_undone_by_hand_is_not_undone_again() -> None:
    found = broken()
    found.save(lambda run: deciding.resolve(run, "a", has_happened=False, reason="by hand", result={}))
    found.save(lambda run: deciding.resume(run, "by hand"))
    before = found.types().count("CompensationStarted")
    assert found.interpreted(is_reversed=True) is Ending.COMPENSATED
    assert found.types().count("CompensationStarted") == before


def test_a_run_that_nobody_started_is_unknown() -> None:
    with pytest.raises(UnknownSaga):
        world(step("a")).steps.perform(Order(TENANT, "other", "act", "a"))


def test_a_task_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="undo"):
        world(step("a")).steps.perform(order("undo", "a"))


def test_steps_side_by_side_all_get_into_the_stream() -> None:
    names = [f"s{number}" for number in range(8)]
    found = world([step(name) for name in names])
    calls = [threading.Thread(target=found.steps.perform, args=(order("act", name),)) for name in names]
    for call in calls:
        call.start()
    for call in calls:
        call.join()
    assert {found.run.steps[name].status for name in names} == {StepStatus.SUCCEEDED}


def test_pauses_grow_up_to_the_cap_with_full_jitter() -> None:
    retry = Retry(attempts=9, delay_seconds=2, backoff=3, max_delay_seconds=20)
    assert [pause(retry, failures, lambda: 1.0) for failures in (1, 2, 3, 4)] == [2, 6, 18, 20]
    assert pause(retry, 3, lambda: 0.0) == 0


def test_what_a_participant_says_is_kept_in_the_stream_and_not_in_the_error_that_gets_logged() -> None:
    found = world(step("a"))
    found.participant.faults = {f"saga/{RUN}/a {DO}": ["fail"]}
    with pytest.raises(StepFailure) as raised:
        found.steps.perform(order("act", "a"))
    assert found.run.steps["a"].error == {"type": "Unavailable", "message": "not now"}
    assert "not now" not in "".join(format_exception(raised.value))
