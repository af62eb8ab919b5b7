"""Snapshots as they are taken when deployed, on moto: from nudges to snapshots that loads start from."""

import tomllib
from typing import Any

import pytest

from penstock.aws import clients, wiring
from penstock.events import Origin, Position, StreamId
from penstock.events.aggregate import Snapshot
from penstock.events.snapshots import snapshotted
from penstock.workflows.lifecycle import AGGREGATE
from tests.functions.cloud import ROOT, Cloud, load
from tests.functions.flows import SET, executions, start, workflow

ORIGIN = Origin("editor", "editing")


def nudged(cloud: Cloud, *streams: StreamId | str) -> Any:
    nudges = [{"stream": str(stream), "commit": 1} for stream in streams]
    return load("snapshots").handler(cloud.sqs_event(*nudges), cloud.context())


@pytest.fixture
def edited(cloud: Cloud) -> StreamId:
    """A workflow that was changed a hundred times."""
    workflows, workflow_id = wiring.workflows(), workflow(cloud, SET, publish=False)
    definition = workflows.read("acme", workflow_id).definition
    for number in range(100):
        workflows.update("acme", workflow_id, {**definition, "name": f"Draft {number}"}, ORIGIN)
    return AGGREGATE.stream("acme", workflow_id)


def test_a_nudge_takes_the_snapshot_that_loads_start_from(cloud: Cloud, edited: StreamId) -> None:
    assert wiring.snapshots().load(edited) is None
    assert nudged(cloud, edited, edited) == {"batchItemFailures": []}
    kept = wiring.snapshots().load(edited)
    assert kept is not None
    assert kept.position == Position(101, 101)
    clients.dynamodb().delete_item(TableName="events", Key={"pk": {"S": str(edited)}, "commit": {"N": "1"}})
    assert wiring.workflows().read("acme", edited.key).definition["name"] == "Draft 99"


def test_without_its_snapshot_a_workflow_is_the_same(cloud: Cloud, edited: StreamId) -> None:
    nudged(cloud, edited)
    with_snapshot = wiring.workflows().read("acme", edited.key)
    key = {"pk": {"S": f"acme#snapshot#workflow#{edited.key}"}, "sk": {"S": "snapshot"}}
    clients.dynamodb().delete_item(TableName="views", Key=key)
    assert wiring.snapshots().load(edited) is None
    assert wiring.workflows().read("acme", edited.key) == with_snapshot


def test_a_snapshot_of_an_older_fold_is_ignored_and_replaced(cloud: Cloud, edited: StreamId) -> None:
    wiring.snapshots().save(edited, Snapshot(Position(101, 101), 0, "of another shape"))
    assert wiring.workflows().read("acme", edited.key).revision == 101
    nudged(cloud, edited)
    kept = wiring.snapshots().load(edited)
    assert kept is not None
    assert (kept.fold_version, kept.position) == (1, Position(101, 101))


def test_a_short_execution_takes_none(cloud: Cloud) -> None:
    start(cloud, workflow(cloud, SET), items=[{"a": 1}])
    stream = StreamId("acme", "execution", executions(cloud)[0])
    assert nudged(cloud, stream) == {"batchItemFailures": []}
    assert wiring.snapshots().load(stream) is None


def test_a_long_execution_takes_one_over_its_workflows_graph(cloud: Cloud) -> None:
    loop = {"name": "loop", "type": "core.loop"}
    made = cloud.request(
        "workflows",
        "POST",
        "/v1/workflows",
        {
            "name": "Long",
            "nodes": [{"name": "start", "type": "core.trigger.manual"}, loop, SET],
            "connections": [
                {"from": "start", "to": "loop"},
                {"from": "loop", "output": "batch", "to": "set"},
                {"from": "set", "to": "loop", "input": "next"},
            ],
        },
    )
    cloud.request("workflows", "POST", f"/v1/workflows/{made.body['id']}/publish")
    cloud.catch_up()
    assert start(cloud, made.body["id"], items=[{"a": n} for n in range(60)]).body["status"] == "done"
    stream = StreamId("acme", "execution", executions(cloud)[0])
    whole = wiring.engine().load(stream)
    nudged(cloud, stream)
    kept = wiring.snapshots().load(stream)
    assert kept is not None
    assert kept.position.version > 100
    assert wiring.engine().load(stream).outputs == whole.outputs


def test_a_poisoned_nudge_stops_no_other_and_other_kinds_are_passed_by(cloud: Cloud, edited: StreamId) -> None:
    answer = nudged(cloud, "nowhere", StreamId("acme", "key", "k-1"), edited)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m-0"}]}
    assert wiring.snapshots().load(edited) is not None


def test_it_hears_of_every_kind_of_the_platform_that_takes_snapshots() -> None:
    definition = tomllib.loads((ROOT / "functions" / "snapshots" / "function.toml").read_text())
    assert set(definition["trigger"]["events"]["kinds"]) == set(snapshotted())
