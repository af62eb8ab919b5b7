"""What starts workflows: events that the bus carries, and schedules that fire."""

import json
from typing import Any

import pytest

from penstock.aws import wiring
from penstock.clock import utc_now
from penstock.events import Draft, Origin, Position, StreamId
from penstock.events.publishing import message
from tests.functions.cloud import Cloud, load
from tests.functions.flows import STOP, executions, start, workflow

LISTEN = {"name": "on", "type": "core.trigger.event", "parameters": {"types": ["lab.*"], "match": {"data.ward": "3B"}}}
CLOCK = {"name": "clock", "type": "core.trigger.schedule", "parameters": {"cron": "0 7 * * *"}}
EMIT = {"name": "emit", "type": "core.emit", "parameters": {"type": "lab.filed"}}


def publish(*streams: StreamId) -> list[dict[str, Any]]:
    """Every event of the streams as the bus hands it on."""
    events = [event for stream in streams for commit in wiring.events().commits(stream) for event in commit.events]
    return [
        {"source": "penstock", "detail-type": event.type, "detail": json.loads(message(event).detail)}
        for event in events
    ]


def emitted(key: str, event_type: str, data: dict[str, Any], tenant: str = "acme") -> StreamId:
    stream = StreamId(tenant, "event", key)
    draft = Draft(event_type, data, utc_now())
    wiring.events().append(stream, [draft], expected=Position(), commit_id=key, origin=Origin("lab", "order-7"))
    return stream


def take(cloud: Cloud, *messages: Any) -> Any:
    return load("triggers").handler(cloud.sqs_event(*messages), cloud.context())


def read(cloud: Cloud, execution: str) -> Any:
    return cloud.request("executions", "GET", f"/v1/executions/{execution}").body


def test_an_event_starts_the_workflows_that_listen_for_it(cloud: Cloud) -> None:
    listener = workflow(cloud, trigger=LISTEN)
    workflow(cloud, trigger={**LISTEN, "parameters": {"types": ["adt.*"]}})
    wanted, unwanted = emitted("e-1", "lab.filed", {"ward": "3B"}), emitted("e-2", "lab.filed", {"ward": "4A"})
    assert take(cloud, *publish(wanted, unwanted)) == {"batchItemFailures": []}
    (execution,) = executions(cloud)
    assert cloud.messages("engine") == [{"stream": f"acme#execution#{execution}"}]
    wiring.engine().resume(StreamId("acme", "execution", execution), lambda: False)
    shown = read(cloud, execution)
    assert (shown["workflow"], shown["mode"], shown["correlation"], shown["actor"]) == (
        listener,
        "event",
        "order-7",
        "trigger:on",
    )
    assert (shown["items"][0]["type"], shown["items"][0]["data"]) == ("lab.filed", {"ward": "3B"})


def test_an_event_that_comes_twice_starts_once(cloud: Cloud) -> None:
    workflow(cloud, trigger=LISTEN)
    messages = publish(emitted("e-1", "lab.filed", {"ward": "3B"}))
    take(cloud, *messages, *messages)
    take(cloud, *messages)
    assert len(executions(cloud)) == 1


def test_another_tenants_event_starts_nothing(cloud: Cloud) -> None:
    workflow(cloud, trigger=LISTEN)
    take(cloud, *publish(emitted("e-1", "lab.filed", {"ward": "3B"}, tenant="other")))
    assert executions(cloud) == []


def test_a_workflow_can_listen_to_failures_of_others_but_never_to_its_own(cloud: Cloud) -> None:
    on_failure = {"types": ["ExecutionFailed"], "kind": "execution"}
    watcher = workflow(cloud, STOP, trigger={"name": "on", "type": "core.trigger.event", "parameters": on_failure})
    failed = start(cloud, workflow(cloud, STOP)).body["id"]
    take(cloud, *publish(StreamId("acme", "execution", failed)))
    (seen,) = set(executions(cloud)) - {failed}
    assert read(cloud, seen)["workflow"] == watcher
    wiring.engine().resume(StreamId("acme", "execution", seen), lambda: False)
    assert read(cloud, seen)["status"] == "failed"
    take(cloud, *publish(StreamId("acme", "execution", seen)))
    assert set(executions(cloud)) == {failed, seen}


def test_workflows_that_set_each_other_off_come_to_an_end(cloud: Cloud) -> None:
    def speaks(hears: str, says: str) -> None:
        on = {"name": "on", "type": "core.trigger.event", "parameters": {"types": [hears]}}
        workflow(cloud, {**EMIT, "parameters": {"type": says}}, trigger=on)

    speaks("ping", "pong")
    speaks("pong", "ping")
    emitted("e-1", "ping", {})
    done: set[StreamId] = set()
    while new := [stream for stream in cloud.streams() if stream.kind == "event" and stream not in done]:
        take(cloud, *publish(*new))
        done.update(new)
        for stream in cloud.streams():
            if stream.kind == "execution":
                wiring.engine().resume(stream, lambda: False)
    assert len(executions(cloud)) == 10


def firing(workflow_id: str, time: str = "2026-11-24T07:00:00Z") -> dict[str, Any]:
    return {"schedule": {"tenant": "acme", "workflow": workflow_id, "node": "clock", "time": time}}


def test_a_schedule_that_fires_starts_its_workflow_once_a_time(cloud: Cloud) -> None:
    name = workflow(cloud, trigger=CLOCK)
    take(cloud, firing(name), firing(name), firing(name, "2026-11-25T07:00:00Z"))
    assert len(executions(cloud)) == 2
    streams = [StreamId("acme", "execution", execution) for execution in executions(cloud)]
    ended = [wiring.engine().resume(stream, lambda: False) for stream in streams]
    times = {execution.result()[0]["scheduled_at"] for execution in ended}
    assert times == {"2026-11-24T07:00:00Z", "2026-11-25T07:00:00Z"}


def test_a_firing_without_its_time_is_one_of_its_own(cloud: Cloud) -> None:
    name = workflow(cloud, trigger=CLOCK)
    take(cloud, firing(name, "<aws.scheduler.scheduled-time>"), firing(name, "<aws.scheduler.scheduled-time>"))
    assert len(executions(cloud)) == 2


def test_a_schedule_of_an_archived_workflow_starts_nothing(cloud: Cloud) -> None:
    name = workflow(cloud, trigger=CLOCK)
    cloud.request("workflows", "POST", f"/v1/workflows/{name}/archive")
    assert take(cloud, firing(name)) == {"batchItemFailures": []}
    assert executions(cloud) == []


@pytest.mark.parametrize("bad", [{}, {"detail": {}}, [], {"schedule": {"tenant": "acme"}}])
def test_what_is_neither_fails_alone(cloud: Cloud, bad: Any) -> None:
    name = workflow(cloud, trigger=CLOCK)
    assert take(cloud, bad, firing(name)) == {"batchItemFailures": [{"itemIdentifier": "m-0"}]}
    assert len(executions(cloud)) == 1


def test_an_event_that_cannot_be_read_yet_comes_again(cloud: Cloud) -> None:
    workflow(cloud, trigger=LISTEN)
    (told,) = publish(emitted("e-1", "lab.filed", {"ward": "3B"}))
    told["detail"]["version"] = 2
    assert take(cloud, told) == {"batchItemFailures": [{"itemIdentifier": "m-0"}]}
