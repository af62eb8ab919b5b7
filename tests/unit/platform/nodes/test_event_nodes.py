"""Nodes that look into the past, and have read models made of it anew."""

from datetime import timedelta
from typing import Any

import pytest

from penstock.events import Draft, Origin, Position, StreamId
from penstock.events.memory import MemoryEventStore
from penstock.rebuilds.generations import Generations
from penstock.rebuilds.standing import AGGREGATE, load
from penstock.workflows.node import Emit, NodeFailure
from tests.unit.platform.nodes.conftest import NOW, Run

STREAM = StreamId("acme", "saga", "s-1")
BY = Origin("clerk", "c-1")
KEY = {"kind": "saga", "key": "s-1"}


def items(outcome: Any) -> Any:
    assert isinstance(outcome, Emit)
    return outcome.outputs["main"]


@pytest.fixture
def history(store: MemoryEventStore) -> None:
    """A saga that began, and a minute later needed a person."""
    started = {"saga": "order", "definition": {"name": "Order"}, "input": {}}
    stuck = {"steps": ["Ship"], "reason": "no carrier"}
    place = Position()
    for minute, (name, data) in enumerate({"SagaStarted": started, "SagaNeedsAttention": stuck}.items()):
        draft = Draft(name, data, NOW + timedelta(minutes=minute))
        place = store.append(STREAM, [draft], expected=place, commit_id=name, origin=BY).position


@pytest.mark.usefixtures("history")
def test_the_events_of_a_stream_are_items(run: Run) -> None:
    found = items(run("core.events.read", [{}], KEY))
    assert [(each["version"], each["type"], each["actor"]) for each in found] == [
        (1, "SagaStarted", "clerk"),
        (2, "SagaNeedsAttention", "clerk"),
    ]
    assert found[1]["data"]["steps"] == ["Ship"]


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize(
    ("more", "versions"),
    [
        ({"after_version": 1}, [2]),
        ({"to_version": 1}, [1]),
        ({"to_time": (NOW + timedelta(seconds=30)).isoformat()}, [1]),
        ({"types": ["SagaNeedsAttention"]}, [2]),
        ({"limit": 1}, [1]),
    ],
)
def test_only_the_events_that_are_wanted_are_read(run: Run, more: Any, versions: list[int]) -> None:
    assert [each["version"] for each in items(run("core.events.read", [{}], {**KEY, **more}))] == versions


@pytest.mark.usefixtures("history")
def test_a_state_is_that_of_its_time_and_tells_what_has_changed_since(run: Run) -> None:
    (then,) = items(run("core.events.state", [{}], {**KEY, "at": {"version": 1}}))
    assert (then["version"], then["documents"]["sagas"]["status"]) == (1, "running")
    (now,) = items(run("core.events.state", [{}], {**KEY, "since": {"time": NOW.isoformat()}}))
    assert now["documents"]["sagas"]["status"] == "needs_attention"
    assert {"projection": "sagas", "path": "status", "before": "running", "after": "needs_attention"} in now["changes"]


@pytest.mark.parametrize(
    ("node", "parameters", "kind"),
    [
        ("core.events.state", KEY, "NotFound"),
        ("core.events.read", {"kind": "key", "key": "k-1"}, "Forbidden"),
        ("core.events.read", {"kind": "saga", "key": "a b"}, "InvalidStream"),
        ("core.projection.rebuild", {"projections": ["sagsa"]}, "UnknownProjection"),
    ],
)
def test_what_cannot_be_read_or_rebuilt_fails_for_good(run: Run, node: str, parameters: Any, kind: str) -> None:
    with pytest.raises(NodeFailure) as failure:
        run(node, [{}], parameters)
    assert (failure.value.kind, failure.value.permanent) == (kind, True)


def test_a_rebuild_begins_once_and_is_left_alone_while_it_runs(run: Run, store: MemoryEventStore) -> None:
    parameters = {"projections": ["sagas", "keys"]}
    begun = [{"projection": "sagas", "begun": True}, {"projection": "keys", "begun": True}]
    assert items(run("core.projection.rebuild", [{}], parameters)) == begun
    assert items(run("core.projection.rebuild", [{}], parameters)) == begun
    assert Generations(store).kept_up("acme", "sagas") == ["sagas", "sagas@2"]
    (other,) = items(run("core.projection.rebuild", [{}], {"projections": ["sagas"]}, key="x2/Node/0/1"))
    assert other == {"projection": "sagas", "begun": False}


def test_what_follows_the_feed_is_rebuilt_in_one_slice(run: Run, store: MemoryEventStore) -> None:
    begun = items(run("core.projection.rebuild", [{}], {"projections": ["metrics", "search"]}))
    assert begun == [{"projection": name, "begun": True} for name in ("metrics", "search")]
    for name in ("metrics", "search"):
        rebuild = load(store, AGGREGATE.stream("acme", name)).rebuild
        assert rebuild
        assert (rebuild.generation, rebuild.slices) == (2, 1)


def test_all_read_models_are_rebuilt_when_none_is_named(run: Run) -> None:
    begun = {each["projection"] for each in items(run("core.projection.rebuild", [{}], {}))}
    assert {"executions", "keys", "metrics", "search"} <= begun
