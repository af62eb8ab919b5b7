"""A saga whose personal fields are blank stands where it stood."""

import random
from dataclasses import replace

import pytest

from penstock.events.codec import Codec
from penstock.events.keyring import MemoryKeyring
from penstock.events.projection import fold
from penstock.projections.sagas import SAGAS
from penstock.sagas.state import AGGREGATE, SagaRun
from tests.unit.platform.sagas.world import World, generated


def course(run: SagaRun) -> object:
    """All that a run came to, but for what was handed over and what was answered."""
    steps = {name: replace(step, result={}, error=None) for name, step in run.steps.items()}
    return replace(run, steps=steps, input={}, reason=None)


@pytest.mark.parametrize("seed", range(40))
def test_any_saga_takes_the_same_course(seed: int) -> None:
    world = World(generated(random.Random(seed)))
    world.interpreted()
    codec = Codec(keyring=MemoryKeyring())
    clear = list(world.store.commits(world.stream))
    blank = [codec.skeleton(codec.pack(commit)) for commit in clear]
    runs = [
        AGGREGATE.fold(AGGREGATE.initial(world.stream), [event for commit in each for event in commit.events])
        for each in (clear, blank)
    ]
    assert course(runs[0]) == course(runs[1])
    rows = [fold(SAGAS, world.stream, None, each) for each in (clear, blank)]
    documents = [{**(row.document or {}), "reason": None} for row in rows if row]
    assert documents[0] == documents[1]
