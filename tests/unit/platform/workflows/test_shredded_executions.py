"""An execution whose personal fields are blank folds to the same course: only what it carried is gone."""

import pytest
from hypothesis import given

from penstock.events import Commit, StreamId
from penstock.events.aggregate import Aggregate
from penstock.events.codec import Codec
from penstock.events.keyring import MemoryKeyring
from penstock.events.projection import fold
from penstock.projections.executions import EXECUTIONS
from penstock.workflows.definition import WorkflowDefinition
from penstock.workflows.execution.state import Execution
from penstock.workflows.execution.timeline import timeline
from tests.unit.platform.workflows.test_engine_properties import SLOW, graphs, items
from tests.unit.platform.workflows.world import World, workflow

SECRET = "Zzyzxwick"
EMIT = ("core.emit", {"type": "told"})
WAITING = {
    "callback": {"main": workflow({"t": ("core.trigger.manual",), "ask": ("test.ask",)}, "t>ask")},
    "timer": {"main": workflow({"t": ("core.trigger.manual",), "w": ("core.wait", {"seconds": 60})}, "t>w")},
    "child": {
        "main": workflow({"t": ("core.trigger.manual",), "c": ("test.child", {"workflow": "other"})}, "t>c"),
        "other": workflow({"t": ("core.trigger.manual",), "ask": ("test.ask",)}, "t>ask"),
    },
    "answered": {
        "main": workflow(
            {"t": ("core.trigger.manual",), "r": ("core.respond", {"body": "{{ $json }}"}), "e": EMIT}, "t>r, r>e"
        )
    },
    "failed": {"main": workflow({"t": ("core.trigger.manual",), "s": ("core.stop", {"message": SECRET})}, "t>s")},
}


def blank(world: World, stream: StreamId) -> list[Commit]:
    """The stream's commits as they are read when their keys are ended."""
    codec = Codec(keyring=MemoryKeyring())
    return [codec.skeleton(codec.pack(commit)) for commit in world.store.commits(stream)]


def folded(kind: Aggregate[Execution], commits: list[Commit]) -> Execution:
    return kind.fold(kind.initial(commits[0].events[0].stream), [event for each in commits for event in each.events])


def course(execution: Execution) -> object:
    """All that an execution came to, but for what it carried."""
    sent = {
        (node, run, port): len(items_)
        for node, runs in execution.outputs.items()
        for run, ports in runs.items()
        for port, items_ in ports.items()
    }
    return (
        execution.status,
        execution.runs,
        execution.next_wake(),
        [run.key for run in (*execution.ready, *execution.held)],
        [(key, each.reason, each.token) for key, each in execution.waiting.items()],
        sorted(execution.loops),
        sent,
        len(execution.result()),
        execution.error and execution.error["type"],
        execution.response and execution.response["status"],
    )


def check(world: World, stream: StreamId) -> None:
    kind, clear, commits = world.repository().aggregate, list(world.store.commits(stream)), blank(world, stream)
    assert SECRET in str(clear)
    assert SECRET not in str(commits)
    state = folded(kind, commits)
    assert course(state) == course(folded(kind, clear))
    assert kind.dump
    assert kind.restore
    assert course(kind.restore(kind.dump(state))) == course(state)
    shown, told = (fold(EXECUTIONS, stream, None, each) for each in (commits, clear))
    assert shown
    assert told
    assert {**(shown.document or {}), "error": None} == {**(told.document or {}), "error": None}
    counts = [[entry.outputs for entry in timeline(kind, stream, each)] for each in (commits, clear)]
    assert counts[0] == counts[1]


@SLOW
@given(graphs(), items)
def test_any_execution_takes_the_same_course(definition: WorkflowDefinition, given_items: list[dict[str, int]]) -> None:
    world = World({"main": definition})
    world.start([{**item, "who": SECRET} for item in given_items], execution_id="x")
    world.drain()
    check(world, StreamId("acme", "execution", "x"))


@pytest.mark.parametrize("name", WAITING)
def test_one_that_waits_failed_or_answered_stands_where_it_stood(name: str) -> None:
    world = World(WAITING[name])
    world.start([{"who": SECRET, "n": 1}], execution_id="x")
    for stream in [each for each in world.store.streams() if each.kind == "execution"]:
        check(world, stream)


def test_what_a_workflow_emitted_is_blank_altogether() -> None:
    world = World(WAITING["answered"])
    world.start([{"who": SECRET}], execution_id="x")
    (stream,) = [each for each in world.store.streams() if each.kind == "event"]
    ((event,),) = [commit.events for commit in blank(world, stream)]
    assert (event.type, event.data) == ("told", {})
