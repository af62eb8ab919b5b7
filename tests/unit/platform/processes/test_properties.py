"""Processes from a seed: whatever comes twice, late, out of order or crashes, they end as if all had come in order."""

import random
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from penstock.events.projection import fold
from penstock.events.store import read
from penstock.processes.state import Process, Status
from penstock.projections.processes import PROCESSES
from penstock.sagas.state import StepStatus
from tests.unit.platform.processes.world import World, on, process, state, task

RUNS = 300
PATIENCE = 100_000
"""Seconds until every deadline has passed, and all that was late has come."""

DEADLINE = 10_000
LISTED_RUNS = 50
LOST_ATTEMPT = 3227908
"""A seed whose disturbance loses the first attempt at an action that is refused."""


@dataclass(frozen=True)
class Case:
    """A process, what is refused and cannot be undone, and the events that happen, in order."""

    document: dict[str, Any]
    happens: list[tuple[str, dict[str, Any]]]
    refused: frozenset[str]
    broken: frozenset[str]


def generated(rng: random.Random) -> Case:
    """A row of states, each left by an event of its own, by one of two ways, or by a deadline."""
    count = rng.randint(1, 4)
    names = [f"s{place}" for place in range(count)]
    happens: list[tuple[str, dict[str, Any]]] = [("placed", {})]
    states, refused, broken = [], set(), set()
    if rng.random() < 0.3:
        happens.append(("placed too", {}))
    for place, name in enumerate(names):
        goes_on = {"to": names[place + 1]} if place + 1 < count else {"end": rng.choice(ENDS)}
        does = [task(f"{name}-{letter}", undoes=rng.random() < 0.8) for letter in "ab"[: rng.randint(0, 2)]]
        refused.update(each["name"] for each in does if rng.random() < 0.08)
        broken.update(each["name"] for each in does if rng.random() < 0.08)
        reaction = {"on": on(f"e{place}"), "do": does, **goes_on}
        ways = [reaction]
        if rng.random() < 0.4:
            ways = [
                {"on": on(f"e{place}"), "when": "{{ $json.data.value > 5 }}", "end": rng.choice(ENDS)},
                {**reaction, "when": "{{ $json.data.value <= 5 }}"},
            ]
        more = {}
        if rng.random() < 0.5:
            more["deadline"] = {"within_seconds": DEADLINE, "do": [task(f"{name}-late")], **goes_on}
        if rng.random() < 0.8:
            happens.append((f"e{place}", {"value": rng.randint(0, 10)}))
        states.append(state(name, *ways, **more))
    if rng.random() < 0.3:
        _open_end(rng, states, happens)
    starts = [{"on": on("placed")}, {"on": on("placed.too")}]
    return Case(process(*states, starts=starts), happens, frozenset(refused), frozenset(broken))


def _open_end(rng: random.Random, states: list[dict[str, Any]], happens: list[tuple[str, dict[str, Any]]]) -> None:
    """A last state that is never left, with an action for every note that comes."""
    for each in (*states[-1]["reactions"], states[-1].get("deadline", {})):
        if each.pop("end", None):
            each["to"] = "notes"
    note = {"on": on("note"), "do": [task("note", undoes=False)]}
    states.append(state("notes", note, {"on": on("never"), "end": "completed"}))
    for _ in range(rng.randint(1, 3)):
        happens.insert(rng.randint(1, len(happens)), ("note", {}))


ENDS = ("completed", "completed", "cancelled", "timed_out", "needs_attention")


def run(case: Case, rng: random.Random | None) -> World:
    world = World(case.document, rng, refused=case.refused, broken=case.broken)
    for event_type, data in case.happens:
        world.passes(1)
        world.happens(event_type.replace(" ", "."), data)
    world.passes(PATIENCE)
    return world


def outcome(world: World) -> tuple[Any, ...]:
    """What must not depend on how messages came: where it stands, what it has done, and which effects are left."""
    found = world.load()
    done = {key: each.status is StepStatus.SUCCEEDED for key, each in found.runs.items()}
    return found.status, found.state, found.is_reversed, found.stuck, done, world.effects()


def check(seed: int) -> World:
    case = generated(random.Random(seed))
    in_order, disturbed = run(case, None), run(case, random.Random(seed + 1))
    if doubtful := _doubtful(case, disturbed.load()):
        assert disturbed.load().status is Status.NEEDS_ATTENTION
        assert doubtful <= set(disturbed.load().stuck) <= case.broken
    else:
        assert outcome(disturbed) == outcome(in_order)
    assert all(times == 1 for times in disturbed.participant.ledger.applied.values())
    assert_is_where_it_should_be(case, in_order.load())
    return disturbed


def _doubtful(case: Case, found: Process) -> set[str]:
    """What was refused after a lost attempt, of which nobody knows what it did, and cannot be undone either.

    In order the first attempt is refused, and has done nothing.
    """
    again = {key for key, each in found.runs.items() if each.attempts > 1 and found.task(key).compensation}
    return again & case.refused & case.broken


def assert_is_where_it_should_be(case: Case, found: Process) -> None:
    """A person is asked only where the definition says so or something cannot be undone."""
    if found.status is Status.NEEDS_ATTENTION and found.stuck:
        assert set(found.stuck) <= case.broken
    if found.status in (Status.CANCELLED, Status.TIMED_OUT, Status.FAILED):
        left = [key for key, each in found.runs.items() if each.status is StepStatus.SUCCEEDED]
        assert not [key for key in left if found.task(key).compensation]


def test_every_ending_comes_up_and_is_that_of_the_run_in_order() -> None:
    found = set()
    for seed in range(RUNS):
        try:
            found.add(check(seed).load().status)
        except AssertionError as error:
            pytest.fail(f"seed {seed}: {error}")
    assert found >= set(Status) - {Status.NEW, Status.COMPENSATING}


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(min_value=RUNS, max_value=2**32))
def test_a_disturbed_run_ends_as_the_one_in_order(seed: int) -> None:
    check(seed)


def test_a_refusal_after_a_lost_attempt_is_undone_and_where_that_fails_a_person_is_asked() -> None:
    """Nobody knows what the lost attempt did. In order, the first attempt is refused: there is nothing to undo."""
    case = generated(random.Random(LOST_ATTEMPT))
    assert case.refused == case.broken == {"s0-b"}
    in_order, disturbed = run(case, None), run(case, random.Random(LOST_ATTEMPT + 1))
    assert in_order.load().status is Status.FAILED
    assert in_order.effects() == set()
    found = disturbed.load()
    assert found.runs["s0-b"].attempts > 1
    assert (found.status, found.is_reversed, found.stuck) == (Status.NEEDS_ATTENTION, True, ("s0-b",))
    assert disturbed.effects() == {"s0-a"}


@pytest.mark.parametrize("seed", range(LISTED_RUNS))
def test_the_listing_tells_what_the_stream_tells(seed: int) -> None:
    world = run(generated(random.Random(seed)), random.Random(seed))
    found, row = world.load(), fold(PROCESSES, world.stream(), None, read(world.inner, world.stream()))
    assert row
    assert row.document
    shown = row.document
    assert (shown["status"], shown["state"], tuple(shown["stuck"]), shown["is_reversed"]) == (
        found.status,
        found.state or None,
        found.stuck,
        found.is_reversed,
    )
    assert (shown["ended_at"] is not None) == found.ended
    assert (shown["deadline"] is not None) == (found.deadline is not None)
