"""Broken on purpose: workers killed, records delivered twice and in disorder, a commit that cannot be read."""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from penstock.clock import utc_now
from penstock.events import StreamId
from penstock.workflows import lifecycle
from tests.e2e import ledger
from tests.e2e.stack import Stack
from tests.e2e.tenant import MANUAL, Node, Tenant, completed, eventually

ACTIONS = 150
SEED = 20261124
NOOP: Node = ("noop", "core.noop", {})


def _effects() -> tuple[Node, ...]:
    """Nodes with an effect outside each, so that the engine commits before and after every one of them."""
    return tuple((f"emit {number}", "core.emit", {"type": f"effect.{number}"}) for number in range(ACTIONS))


def _runs(tenant: Tenant, execution: str) -> list[str]:
    """The nodes that completed, in order, each as often as it did."""
    return [node for node, _ in completed(tenant.timeline(execution))]


def _done(stack: Stack, execution: StreamId) -> int:
    """How many nodes have completed, by the store itself: the API's workers are about to be killed."""
    events = [event for commit in stack.store.commits(execution) for event in commit.events]
    return sum(event.type == "NodeCompleted" for event in events)


def _kill_in_the_middle(stack: Stack, function: str, execution: StreamId) -> None:
    eventually("ten nodes have completed", lambda: _done(stack, execution) >= 10)
    assert stack.kill(function)
    assert _done(stack, execution) < ACTIONS, "it ended before the worker was killed"


def _assert_every_effect_once(stack: Stack, tenant: Tenant, execution: str) -> None:
    assert _runs(tenant, execution) == ["start", *(name for name, _, _ in _effects())]
    assert len(ledger.streams(stack, tenant.name, "event")) == ACTIONS


def test_an_execution_outlives_the_worker_that_carried_it(stack: Stack, tenant: Tenant) -> None:
    workflow = tenant.publish_row("Killed", MANUAL, *_effects())
    with stack.impatient("engine"):
        execution = tenant.run(workflow, {"n": 1}, wait=0, expect=202)["id"]
        _kill_in_the_middle(stack, "engine", StreamId(tenant.name, "execution", execution))
        assert tenant.ended(execution, seconds=60)["items"] == [{"n": 1}]
    _assert_every_effect_once(stack, tenant, execution)


def test_an_execution_outlives_the_request_that_ran_it(stack: Stack, tenant: Tenant) -> None:
    """The engine is nudged a minute after every commit; here the nudge comes at once."""
    workflow = tenant.publish_row("Killed inline", MANUAL, *_effects())
    with ThreadPoolExecutor(1) as caller:
        body = {"workflow": workflow, "items": [{"n": 1}]}
        request = caller.submit(tenant.http.post, "/v1/executions", json=body, params={"wait": 20})
        (stream,) = eventually("it has started", lambda: ledger.streams(stack, tenant.name, "execution"))
        _kill_in_the_middle(stack, "executions", stream)
        assert request.result(timeout=60).status_code >= 500
    stack.send("engine", {"stream": str(stream), "commit": 1})
    assert tenant.ended(stream.key)["items"] == [{"n": 1}]
    _assert_every_effect_once(stack, tenant, stream.key)


def test_records_delivered_twice_and_in_disorder_change_nothing(stack: Stack, tenant: Tenant) -> None:
    with ledger.subscriber(stack, tenant.name) as subscriber:
        on: Node = ("on", "core.trigger.event", {"types": ["order.placed"]})
        listener = tenant.publish_row("Listens", on, ("hold", "core.callback", {}))
        eventually("the listener is listed", lambda: tenant.items("/v1/workflows", status="published"))
        emitter = tenant.publish_row("Emits", MANUAL, ("emit", "core.emit", {"type": "order.placed"}))
        tenant.run(emitter, *({"n": number} for number in range(5)))
        _await_executions(tenant, {(emitter, "done"): 1, (listener, "waiting"): 5})
        events = ledger.events(stack, tenant.name)
        # The tenant's key is older than the rule: its event may have been on the bus before.
        every_id = {event for stream, ids in events.items() if "#key#" not in stream for event in ids}
        eventually("the bus has carried every event", lambda: subscriber.listen() >= every_id)
        stack.settle()
        models = ledger.read_models(stack, tenant.name)

        _tell_all_again(stack, tenant, subscriber, random.Random(SEED))
        stack.settle()

        assert ledger.events(stack, tenant.name) == events
        assert ledger.read_models(stack, tenant.name) == models
    assert len(tenant.executions(listener)) == 5


def _tell_all_again(stack: Stack, tenant: Tenant, subscriber: ledger.Subscriber, rng: random.Random) -> None:
    """Twice, in disorder: the stream's records to the sequencer, nudges to the engine, the bus's events to triggers."""
    records, executions = ledger.records(stack, tenant.name), ledger.streams(stack, tenant.name, "execution")
    for _ in range(2):
        ledger.deliver(stack, records, rng)
        for stream in rng.sample(executions, len(executions)):
            stack.send("engine", {"stream": str(stream), "commit": 1})
        for event in rng.sample(subscriber.heard, len(subscriber.heard)):
            stack.send("triggers", event)


def test_a_commit_that_cannot_be_read_stops_its_stream_alone_until_it_is_mended(stack: Stack, tenant: Tenant) -> None:
    poisoned, healthy = (tenant.publish_row(name, MANUAL, NOOP) for name in ("Poisoned", "Healthy"))
    _await_statuses(tenant, Poisoned="published", Healthy="published")
    stream = StreamId(tenant.name, lifecycle.EVENTS.kind, poisoned)
    item = ledger.next_item(stack, stream, lifecycle.EVENTS.draft(lifecycle.WorkflowArchived(), utc_now()))
    damaged = item | {"blob": {"B": item["blob"]["B"][:-4]}}
    # Processes look for who waits for such events first, and read nothing where nobody does.
    hurt = [consumer for consumer in stack.told_of(lifecycle.EVENTS.kind) if consumer != "process_events"]
    assert {"projector", "publisher"} <= set(hurt)
    with stack.impatient(*hurt):
        stack.dynamodb.put_item(TableName=stack.events_table, Item=damaged)
        for consumer in hurt:
            assert _await_letters(stack, tenant, consumer) == {str(stream)}
        tenant.call("POST", f"/v1/workflows/{healthy}/archive", expect=200)
        tenant.run(tenant.publish_row("Later", MANUAL, NOOP))
        _await_statuses(tenant, Poisoned="published", Healthy="archived", Later="published")

        stack.dynamodb.put_item(TableName=stack.events_table, Item=item)
        for consumer in hurt:
            stack.redrive(consumer)
        _await_statuses(tenant, Poisoned="archived", Healthy="archived", Later="published")
        stack.settle()
    assert not any(_letters(stack, tenant, consumer) for consumer in hurt)


def _await_letters(stack: Stack, tenant: Tenant, consumer: str) -> set[str]:
    return eventually(f"{consumer} has a dead letter", lambda: _letters(stack, tenant, consumer), 60)


def _letters(stack: Stack, tenant: Tenant, consumer: str) -> set[str]:
    """The tenant's streams that a consumer could not catch up with."""
    found = {str(letter.get("stream", "")) for letter in stack.dead_letters(consumer)}
    return {stream for stream in found if stream.startswith(f"{tenant.name}#")}


def _await_statuses(tenant: Tenant, **wanted: str) -> None:
    def probe() -> bool:
        return {each["name"]: each["status"] for each in tenant.items("/v1/workflows")} == wanted

    eventually(f"the workflows are listed as {wanted}", probe)


def _await_executions(tenant: Tenant, wanted: dict[tuple[str, str], int]) -> None:
    def probe() -> bool:
        return Counter((it["workflow"], it["status"]) for it in tenant.items("/v1/executions")) == wanted

    eventually(f"the executions are listed as {wanted}", probe)
