"""Single instances: what they react to, how long they wait, and how they are undone and mended."""

import random
from datetime import timedelta
from typing import Any

import pytest

from penstock.clock import to_millis
from penstock.events import Origin, StreamId
from penstock.events.aggregate import Loaded
from penstock.processes import deciding
from penstock.processes.errors import UnknownProcess, WrongStatus
from penstock.processes.state import Process, Status
from penstock.sagas.plan import Role
from penstock.sagas.state import StepStatus
from tests.unit.platform.processes.world import PEOPLE, TENANT, MortalCheckpoints, World, on, process, state, task
from tests.unit.platform.sagas.participants import DO, Killed

PAID = {"on": on("paid"), "do": [task("pack")], "to": "packed"}
SHIPPED = {"on": on("shipped"), "do": [task("thank")], "end": "completed"}
ORDER = process(state("open", PAID), state("packed", SHIPPED))


def ran(document: dict[str, Any], *event_types: str, **more: Any) -> World:
    world = World(document, **more)
    for event_type in ("placed", *event_types):
        world.passes(1)
        world.happens(event_type)
    world.passes(1)
    return world


def test_events_lead_from_state_to_state_to_the_end() -> None:
    world = ran(ORDER, "paid")
    assert (world.load().status, world.load().state, world.effects()) == (Status.RUNNING, "packed", {"pack"})
    world.happens("shipped")
    world.passes()
    assert (world.load().status, world.effects()) == (Status.COMPLETED, {"pack", "thank"})


def test_an_event_that_comes_early_waits_for_its_state() -> None:
    world = ran(ORDER, "shipped")
    assert (world.load().state, len(world.load().pending)) == ("open", 1)
    world.happens("paid")
    world.passes()
    assert world.load().status is Status.COMPLETED


def test_an_event_that_comes_before_the_one_that_starts_the_process_waits_for_it() -> None:
    world = World(ORDER)
    world.happens("paid")
    world.passes(1)
    assert (world.load().status, world.types()) == (Status.NEW, ["EventObserved"])
    with pytest.raises(UnknownProcess):
        world.people.read(TENANT, world.stream().key)
    world.happens("placed")
    world.passes(1)
    assert world.load().state == "packed"


def test_where_early_events_are_ignored_none_is_kept() -> None:
    world = World(process(state("open", {**PAID, "on": on("paid", early="ignore"), "to": None, "end": "completed"})))
    world.happens("paid")
    world.passes(1)
    assert world.types() == []


def test_events_of_other_correlations_are_those_of_other_instances() -> None:
    world = ran(ORDER)
    world.happens("placed", correlation="order-8")
    world.happens("paid", correlation="order-8")
    world.passes(1)
    assert (world.load().state, world.load("order-8").state) == ("open", "packed")


def test_a_pattern_has_a_correlation_of_its_own() -> None:
    paid = {**PAID, "on": on("paid", correlation="{{ $json.data.order }}")}
    world = ran(process(state("open", paid), state("packed", SHIPPED)))
    world.happens("paid", {"order": "order-7"}, correlation="bank-1")
    world.happens("paid", {"order": None}, correlation="order-7")
    world.happens("paid", {"order": ["order-7"]}, correlation="order-7")
    world.passes(1)
    assert (world.load().state, len(world.load().places)) == ("packed", 2)


def test_what_an_action_does_bears_the_correlation_of_what_started_the_process() -> None:
    request = ran(ORDER, "paid").participant.requests[0]
    assert request.execution == "order-7"


def test_a_condition_chooses_between_reactions_to_one_event() -> None:
    ways = [
        {"on": on("paid"), "when": "{{ $json.data.amount > 100 }}", "to": "checked"},
        {"on": on("paid"), "when": "{{ $('Start').first().json.type === 'placed' }}", "end": "completed"},
    ]
    for amount, status in ((500, Status.RUNNING), (50, Status.COMPLETED)):
        world = ran(process(state("open", *ways), state("checked", SHIPPED)))
        world.happens("paid", {"amount": amount})
        world.passes(1)
        assert world.load().status is status


def test_a_condition_that_fails_asks_for_a_person() -> None:
    world = ran(process(state("open", {**SHIPPED, "when": "{{ $json.data.no.such }}"})), "shipped")
    assert (world.load().status, world.load().stuck) == (Status.NEEDS_ATTENTION, ())
    assert "a condition on" in (world.load().reason or "")


def test_reactions_of_every_state_come_after_the_states_own() -> None:
    anywhere = {"on": on("paid"), "end": "cancelled"}
    world = ran(process(state("open", PAID), state("packed", SHIPPED), reactions=[anywhere]), "paid")
    assert world.load().state == "packed"
    world.happens("paid")
    world.passes(1)
    assert (world.load().status, world.effects()) == (Status.CANCELLED, set())


def test_a_reaction_that_leads_nowhere_is_repeated_with_a_run_of_its_own_each_time() -> None:
    world = ran(process(state("open", {"on": on("asked"), "do": [task("answer")]}, SHIPPED)), "asked", "asked")
    assert (world.load().state, world.effects()) == ("open", {"answer", "answer#2"})
    world.people.cancel(TENANT, world.stream().key, "enough", PEOPLE)
    world.send(lambda: world.advancing.advance(world.stream()))
    world.passes(1)
    assert (world.load().status, world.effects()) == (Status.CANCELLED, set())


LATE = {"within_seconds": 60, "do": [task("remind")], "to": "late"}
PAID_LATE = {"on": on("paid"), "do": [task("pack late")], "to": "packed"}
PATIENT = process(state("open", PAID, deadline=LATE), state("late", PAID_LATE), state("packed", SHIPPED))


def test_a_deadline_that_passes_leads_on_once() -> None:
    world = ran(PATIENT)
    world.passes(59)
    assert world.load().state == "late"
    world.passes(10_000)
    assert (world.types().count("DeadlinePassed"), world.effects()) == (1, {"remind"})


def test_a_deadline_of_a_state_that_was_left_never_passes() -> None:
    world = ran(PATIENT, "paid")
    world.passes(10_000)
    assert (world.load().state, world.types().count("DeadlinePassed")) == ("packed", 0)


def test_a_deadline_that_is_seen_late_lets_what_happened_in_time_go_first() -> None:
    world = ran(PATIENT)
    world.now += timedelta(seconds=30)
    world.happens("paid")
    world.now += timedelta(seconds=500)
    world.queue.sort(key=lambda message: message.number, reverse=True)
    world.passes()
    assert (world.load().state, world.types().count("DeadlinePassed")) == ("packed", 0)


def test_what_happened_after_a_deadline_goes_after_it_however_late_that_is_seen() -> None:
    world = ran(PATIENT)
    for message in world.queue:
        message.due += timedelta(seconds=1_000)
    world.passes(500)
    world.happens("paid")
    world.passes(1)
    assert (world.load().state, world.effects()) == ("packed", {"remind", "pack late"})


def test_a_deadline_is_looked_at_once_however_many_commits_came_meanwhile() -> None:
    ask = {"on": on("asked"), "do": [task("answer")]}
    again = {"within_seconds": 60, "do": [task("tick")], "to": "open"}
    world = ran(process(state("open", ask, SHIPPED, deadline=again)), *["asked"] * 5)
    before = world.sent
    world.passes(60 * 50)
    assert world.types().count("DeadlinePassed") == 50
    assert world.sent - before < 50 * 10


@pytest.mark.parametrize(("end", "status"), [("cancelled", Status.CANCELLED), ("timed_out", Status.TIMED_OUT)])
def test_a_bad_end_undoes_what_has_been_done_the_last_first(end: str, status: Status) -> None:
    does = [task("reserve"), task("note", undoes=False), task("charge")]
    world = ran(process(state("open", {"on": on("paid"), "do": does, "end": end})), "paid")
    assert (world.load().status, world.effects()) == (status, {"note"})
    undone = [each.key for each in world.participant.requests if "/undo/" in each.key]
    assert [key.split("/")[2] for key in undone] == ["charge", "reserve"]


def test_an_action_that_is_refused_turns_the_process_round() -> None:
    does = [task("reserve"), task("charge"), task("ship")]
    world = ran(
        process(state("open", {**PAID, "do": does, "to": None, "end": "completed"})), "paid", refused={"charge"}
    )
    assert (world.load().status, world.effects(), world.load().reason) == (Status.FAILED, set(), "charge: Refused")
    assert {key: run.status for key, run in world.load().runs.items()} == {
        "reserve": StepStatus.COMPENSATED,
        "charge": StepStatus.REJECTED,
        "ship": StepStatus.PENDING,
    }


def stuck() -> World:
    world = ran(process(state("open", {**PAID, "to": None, "end": "cancelled"})), "paid", broken={"pack"})
    assert (world.load().status, world.load().stuck) == (Status.NEEDS_ATTENTION, ("pack",))
    return world


def carried_on(world: World) -> Process:
    world.send(lambda: world.advancing.advance(world.stream()))
    world.passes(1_000)
    return world.load()


def test_what_cannot_be_undone_is_tried_again_when_a_person_sends_it_on() -> None:
    world = stuck()
    world.people.resume(TENANT, world.stream().key, "try", PEOPLE)
    assert carried_on(world).stuck == ("pack",)
    world.participant.broken = frozenset()
    world.people.resume(TENANT, world.stream().key, "mended", PEOPLE)
    assert (carried_on(world).status, world.effects()) == (Status.CANCELLED, set())


def test_what_was_undone_by_hand_lets_the_process_end() -> None:
    world = stuck()
    with pytest.raises(WrongStatus, match="other is not stuck; pack is"):
        world.people.resolve(TENANT, world.stream().key, "other", "done", PEOPLE)
    world.people.resolve(TENANT, world.stream().key, "pack", "by hand", PEOPLE)
    assert carried_on(world).status is Status.CANCELLED


def test_one_that_its_definition_hands_to_a_person_goes_on_where_it_was_with_a_new_deadline() -> None:
    deadline = {"within_seconds": 60, "end": "needs_attention"}
    world = ran(process(state("open", PAID, deadline=deadline), state("packed", SHIPPED)))
    world.passes(100)
    assert (world.load().status, world.load().state) == (Status.NEEDS_ATTENTION, "open")
    world.people.resume(TENANT, world.stream().key, "they will pay", PEOPLE)
    assert world.load().deadline == to_millis(world.now) + 60_000
    world.happens("paid")
    world.passes(1)
    assert world.load().state == "packed"


def test_one_that_is_over_can_be_neither_cancelled_nor_sent_on() -> None:
    world = ran(ORDER, "paid", "shipped")
    for act in (world.people.cancel, world.people.resume):
        with pytest.raises(WrongStatus):
            act(TENANT, world.stream().key, "why not", PEOPLE)


def test_an_action_that_comes_through_after_it_was_undone_calls_for_a_person_and_is_undone_again() -> None:
    world = stuck()
    world.people.resolve(TENANT, world.stream().key, "pack", "by hand", PEOPLE)
    assert carried_on(world).ended
    world.instances.settle(world.stream(), lambda found: deciding.succeed(found, "pack", {}), lambda _: PEOPLE)
    assert (world.load().status, world.load().stuck) == (Status.NEEDS_ATTENTION, ("pack",))
    world.participant.broken = frozenset()
    world.people.resume(TENANT, world.stream().key, "undo it", PEOPLE)
    assert (carried_on(world).status, world.load().runs["pack"].round) == (Status.CANCELLED, 2)


def test_of_two_that_carry_an_instance_on_one_makes_the_attempt() -> None:
    world = ran(ORDER)
    calls = []
    run = world.participant.run

    def meet_a_rival(request: Any) -> Any:
        calls.append(request.key)
        if len(calls) == 1:
            world.advancing.advance(world.stream())
        return run(request)

    world.participant.run = meet_a_rival  # type: ignore[method-assign]
    world.happens("paid")
    world.passes(100)
    assert (len(calls), world.load().state) == (1, "packed")


def test_an_event_that_is_met_again_after_a_crash_counts_once() -> None:
    world = ran(process(state("open", {"on": on("asked"), "do": [task("answer")]}, SHIPPED)), "asked")
    world.checkpoints = MortalCheckpoints(world.chance)
    world.observe(StreamId.parse(world.load().runs["answer"].event.partition("@")[0]))
    world.passes(1)
    assert (world.types().count("EventObserved"), list(world.load().runs)) == (1, ["answer"])


def test_a_refusal_after_an_attempt_in_doubt_is_undone_all_the_same() -> None:
    world = ran(ORDER)
    run = world.participant.run

    def happen_then_refuse(request: Any) -> Any:
        outcome = run(request)
        if request.type == DO:
            world.participant.refused = frozenset({"pack"})
            world.participant.run = run  # type: ignore[method-assign]
            raise Killed
        return outcome

    world.participant.run = happen_then_refuse  # type: ignore[method-assign]
    world.happens("paid")
    world.passes(1_000)
    assert (world.load().status, world.effects()) == (Status.FAILED, set())
    assert world.load().runs["pack"].status is StepStatus.COMPENSATED


def test_messages_that_come_twice_and_in_any_order_make_no_second_attempt() -> None:
    for seed in range(20):
        world = World(ORDER, random.Random(seed), odds=0.4, is_deadly=False)
        for event_type in ("placed", "paid", "shipped"):
            world.happens(event_type)
        world.passes(10_000)
        assert world.load().status is Status.COMPLETED
        assert len(world.participant.requests) == 2


def test_an_instance_that_goes_round_in_circles_is_stopped_for_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deciding, "MOST_EVENTS", 5)
    ask = {"on": on("asked"), "do": [task("answer")]}
    world = ran(process(state("open", ask, SHIPPED)), *["asked"] * 9)
    assert (world.load().status, len(world.load().places)) == (Status.NEEDS_ATTENTION, 5)
    assert "more than 5 events" in (world.load().reason or "")


def test_an_attempt_that_is_under_way_is_not_another() -> None:
    world = ran(ORDER)
    loaded = Loaded(world.stream(), world.load(), world.instances.load(world.stream()).position)
    assert deciding.begin(loaded.state, deciding.Due("pack", Role.ACT), 0) == []


def test_the_stream_tells_who_and_why() -> None:
    world = ran(ORDER, "paid")
    events = [event for commit in world.inner.commits(world.stream()) for event in commit.events]
    assert {event.origin.actor for event in events} == {f"process:{world.definition.key}"}
    assert {event.origin.correlation for event in events} == {"order-7"}
    assert events[0].origin == Origin(f"process:{world.definition.key}", "order-7", events[0].data["event"])


def test_one_that_is_cancelled_while_an_action_is_under_way_waits_for_it_and_undoes_it() -> None:
    for undoes, effects in ((True, set()), (False, {"pack"})):
        world = ran(process(state("open", {**PAID, "do": [task("pack", undoes=undoes)]}), state("packed", SHIPPED)))
        run = world.participant.run

        def cancelled_meanwhile(request: Any, world: World = world, run: Any = run) -> Any:
            world.participant.run = run  # type: ignore[method-assign]
            world.people.cancel(TENANT, world.stream().key, "never mind", PEOPLE)
            world.advancing.advance(world.stream())
            return run(request)

        world.participant.run = cancelled_meanwhile  # type: ignore[method-assign]
        world.happens("paid")
        world.passes(1_000)
        assert (world.load().status, world.effects()) == (Status.CANCELLED, effects)
        assert world.types()[-1] in ("ProcessEnded", "ActionSucceeded")
