"""Definitions: their versions, who is heard by which, and what a stream brings that nobody listened to before."""

from datetime import timedelta
from typing import Any

import pytest

from penstock.documents.lifecycle import Status
from penstock.events import StreamId
from penstock.processes.errors import InvalidProcess, UnknownProcess, WrongStatus
from penstock.processes.library import built_in
from penstock.processes.service import Processes
from penstock.workflows.catalogue import catalogue
from tests.unit.platform.processes.world import PEOPLE, TENANT, World, on, process, state

PAID = {"on": on("paid"), "end": "completed"}
ORDER = process(state("open", PAID))


def lasting(**more: Any) -> dict[str, Any]:
    """Another version, that does not end by itself."""
    return process(state("waiting", {"on": on("called"), "end": "completed"}), **more)


def test_an_instance_keeps_the_version_that_it_began_with() -> None:
    world = World(ORDER)
    world.happens("placed")
    world.passes(1)
    world.publish(lasting())
    world.happens("placed", correlation="order-8")
    world.happens("paid")
    world.passes(1)
    assert (world.load().version, world.load().status) == (1, "completed")
    assert (world.load("order-8").version, world.load("order-8").state) == (2, "waiting")


def test_a_new_version_is_not_reacted_by_to_what_belongs_to_an_old_ones_instance() -> None:
    world = World(ORDER)
    world.happens("placed")
    world.passes(1)
    world.publish(lasting())
    world.happens("called")
    world.passes(1)
    assert (world.load().state, world.load().pending) == ("open", ())


def test_an_archived_process_starts_nothing_and_lets_go_on_what_runs() -> None:
    world = World(ORDER)
    world.happens("placed")
    world.passes(1)
    world.people.archive(TENANT, world.definition.key, PEOPLE)
    world.project()
    world.happens("placed", correlation="order-8")
    world.happens("paid")
    world.passes(1)
    assert (world.load().status, world.types("order-8")) == ("completed", [])
    with pytest.raises(WrongStatus):
        world.people.archive(TENANT, world.definition.key, PEOPLE)


def test_a_stream_that_nobody_listened_to_leaves_no_checkpoint_and_is_met_without_its_past() -> None:
    world = World(process(state("open", {"on": on("paid", kind="bank"), "end": "completed"})))
    world.happens("placed", key="s", kind="order")
    world.passes(1)
    assert world.checkpoints.load("process_events", StreamId(TENANT, "order", "s")) == 0
    world.now += timedelta(seconds=10)
    world.publish(process(state("open", PAID), starts=[{"on": on("placed", kind="order")}]))
    world.happens("other", key="s", kind="order")
    world.passes(1)
    assert world.types() == []
    world.happens("placed", key="s", kind="order")
    world.passes(1)
    assert world.load().version == 2
    assert world.checkpoints.load("process_events", StreamId(TENANT, "order", "s")) == 3


def test_processes_that_set_each_other_off_come_to_an_end() -> None:
    """Each event has a correlation of its own, so that each would start one more."""
    emit = {"name": "Say", "type": "core.emit", "parameters": {"type": "placed"}}
    world = World(lasting(starts=[{"on": on("placed"), "do": [emit]}], correlation="{{ $json.id }}"))
    instance = ""
    for number in range(15):
        actor = f"workflow:process/{instance}" if instance else "somebody"
        world.happens("placed", key=f"p{number}", actor=actor)
        world.observe(StreamId(TENANT, "event", f"p{number}"))
        instance = world.stream(f"{TENANT}#event#p{number}@1").key
    depths = [world.load(f"{TENANT}#event#p{number}@1").depth for number in range(15)]
    assert depths[:11] == [*range(1, 11), 0]


def test_what_is_wrong_is_not_stored() -> None:
    world = World(ORDER)
    with pytest.raises(InvalidProcess):
        world.people.change(TENANT, world.definition.key, {"name": "x"}, PEOPLE)
    assert world.people.definition(TENANT, world.definition.key).definition["states"] == ORDER["states"]


def test_publishing_twice_makes_one_version() -> None:
    world = World(ORDER)
    world.publish()
    found = world.people.definition(TENANT, world.definition.key)
    assert (found.status, len(found.versions), found.version(1).number) == (Status.PUBLISHED, 1, 1)
    with pytest.raises(UnknownProcess):
        found.version(2)


@pytest.fixture
def library() -> Processes:
    return Processes(World(ORDER).instances, catalogue(), built_in())


def test_a_process_of_the_library_is_adopted_as_it_stands_there(library: Processes) -> None:
    adopted = [library.adopt(TENANT, "order_follow_up", PEOPLE) for _ in range(2)]
    assert [(found.status, len(found.versions)) for found in adopted] == [(Status.PUBLISHED, 1)] * 2
    with pytest.raises(UnknownProcess):
        library.adopt(TENANT, "nope", PEOPLE)


def test_what_is_unknown_is_said_to_be(library: Processes) -> None:
    for act in (library.publish, library.archive):
        with pytest.raises(UnknownProcess):
            act(TENANT, "nope", PEOPLE)
    with pytest.raises(UnknownProcess):
        library.change(TENANT, "nope", ORDER, PEOPLE)
