"""Sagas and faults from a seed: however it goes wrong, the end is all, nothing, or in a person's hands."""

import random
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from penstock.events.projection import fold
from penstock.events.store import read
from penstock.projections.sagas import SAGAS
from penstock.sagas import deciding
from penstock.sagas.interpreter import Ending
from penstock.sagas.state import Status
from tests.unit.platform.sagas.participants import UNDO
from tests.unit.platform.sagas.world import Case, World, generated

RUNS = 10_000
MACHINE_RUNS = 1_000
LISTED_RUNS = 150
STATUS = {
    Ending.COMPLETED: Status.COMPLETED,
    Ending.COMPENSATED: Status.COMPENSATED,
    Ending.NEEDS_ATTENTION: Status.NEEDS_ATTENTION,
}


def assert_all_or_nothing(world: World) -> None:
    """A completed run has every effect, a compensated one none that can be undone; and none was ever had twice."""
    run = world.run
    assert run.ended
    if run.status is Status.COMPLETED:
        assert all(world.standing(name) for name in world.plan.steps)
    else:
        assert not [name for name in world.compensatable() if world.standing(name)]
    assert not [key for key, times in world.ledger.applied.items() if times > 1]


def assert_a_person_was_needed(world: World, case: Case) -> None:
    """Only a broken compensation, or a step from the pivot on, can be stuck; or one that came through after all."""
    run = world.run
    assert run.stuck or not (deciding.leftovers(run) if run.is_reversed else deciding.open_steps(run))
    for name in run.stuck:
        if run.is_reversed:
            assert (name, UNDO) in case.script.broken
        else:
            assert world.zone(name) != "before"


def check(case: Case) -> World:
    world = World(case)
    ending = world.interpreted()
    world.settle()
    assert world.run.status is STATUS[ending]
    if ending is Ending.NEEDS_ATTENTION:
        assert_a_person_was_needed(world, case)
        resume(world)
    assert_all_or_nothing(world)
    return world


def resume(world: World) -> None:
    """A person mends what was broken and sends the run on; a step that is refused again is said not to happen."""
    world.mend()
    world.save(lambda run: deciding.resume(run, "mended"))
    world.interpreted(is_reversed=world.run.is_reversed)
    world.settle()


def test_ten_thousand_runs_end_all_done_or_all_undone_or_with_a_person() -> None:
    endings = dict.fromkeys(Status, 0)
    for seed in range(RUNS):
        try:
            endings[check(generated(random.Random(seed))).run.status] += 1
        except AssertionError as error:
            pytest.fail(f"seed {seed}: {error}")
    assert endings[Status.COMPLETED] > RUNS / 10
    assert endings[Status.COMPENSATED] > RUNS / 10


def test_the_compiled_machine_does_what_the_interpreter_does() -> None:
    for seed in range(MACHINE_RUNS):
        case = generated(random.Random(seed))
        one, other = World(case), World(case)
        endings = one.interpreted(), other.as_machine()
        assert endings[0] is endings[1], f"seed {seed}"
        assert one.types() == other.types(), f"seed {seed}"
        one.settle(), other.settle()
        assert one.ledger.standing == other.ledger.standing, f"seed {seed}"


def test_a_run_is_listed_as_it_stands_before_and_after_a_person_looked() -> None:
    for seed in range(LISTED_RUNS):
        world = World(generated(random.Random(seed)))
        if world.interpreted() is Ending.NEEDS_ATTENTION:
            resume(world)
        world.settle()
        for at in range(1, len(world.types()) + 1):
            run = world.repository.load_at(world.stream, version=at).state
            row = fold(SAGAS, world.stream, None, read(world.store, world.stream, to_version=at))
            assert row
            assert row.document
            shown = [row.document[name] for name in ("status", "stuck", "reason", "is_reversed")]
            assert shown == [run.status, list(run.stuck), run.reason, run.is_reversed], f"seed {seed}, event {at}"


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False))
def test_the_same_with_what_hypothesis_comes_up_with(rng: random.Random) -> None:
    check(generated(rng))


def test_with_a_participant_that_forgets_no_run_ends_undone_while_an_effect_stands() -> None:
    """A late effect is then found out when its call reports it, and a person is asked."""
    found = {Status.NEEDS_ATTENTION: 0, Status.COMPENSATED: 0}
    for seed in count():
        world = World(generated(random.Random(seed), remembers=False))
        world.interpreted()
        world.settle()
        status = world.run.status
        if status in found:
            found[status] += 1
        if status is Status.COMPENSATED:
            assert not [name for name in world.compensatable() if world.standing(name)], f"seed {seed}"
        if seed > 1_000 and all(found.values()):
            return
