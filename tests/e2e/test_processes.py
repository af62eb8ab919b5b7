"""Processes on the stack: events of others answered in whichever order they come, and deadlines that pass."""

import time
from typing import Any
from uuid import uuid4

from penstock.clock import utc_now
from penstock.events import Draft, Origin, Position, StreamId
from tests.e2e.stack import Stack
from tests.e2e.tenant import MANUAL, Document, Node, Tenant, eventually, never
from tests.e2e.test_sagas import ORDER, furnish
from tests.e2e.test_sagas import ended as saga_ended
from tests.e2e.test_sagas import start as start_saga

ENDED = ("completed", "cancelled", "timed_out", "failed", "needs_attention")
SKU = {"sku": "pump"}
RESERVE = {
    "name": "Reserve",
    "type": "stock.reserve",
    "parameters": {**SKU, "quantity": 2},
    "compensation": {
        "name": "Release",
        "type": "stock.release",
        "parameters": {**SKU, "entry": "{{ $execution.key }}"},
    },
}
DEADLINE = 3


def process(**deadline: Any) -> Document:
    """Goods are reserved when an order comes, and kept when it is paid."""
    waiting = {"name": "reserved", "reactions": [{"on": {"type": "order.paid"}, "end": "completed"}]}
    return {
        "name": "Order",
        "starts": [{"on": {"type": "order.placed"}, "do": [RESERVE], "to": "reserved"}],
        "states": [{**waiting, "deadline": deadline} if deadline else waiting],
    }


def publish(tenant: Tenant, document: Document) -> str:
    made: str = tenant.call("POST", "/v1/processes", document, expect=201)["id"]
    tenant.call("POST", f"/v1/processes/{made}/publish", expect=200)
    eventually("it is listed as published", lambda: tenant.items("/v1/processes", status="published"))
    return made


def happens(stack: Stack, tenant: Tenant, event_type: str, correlation: str) -> None:
    """Something happens that no workflow or saga does."""
    key = uuid4().hex
    draft, origin = Draft(event_type, {}, utc_now()), Origin("shop", correlation)
    stream = StreamId(tenant.name, "event", key)
    stack.store.append(stream, [draft], expected=Position(), commit_id=key, origin=origin)


def instances(tenant: Tenant, **query: str) -> list[Document]:
    found: list[Document] = tenant.items("/v1/processes/instances", **query)
    return found


def ended(tenant: Tenant, seconds: float = 30) -> Document:
    """The one instance, once it has ended."""

    def probe() -> Document | None:
        listed = [each for each in instances(tenant) if each["status"] in ENDED]
        return listed[0] if listed else None

    listed = eventually("the instance ends", probe, seconds)
    found: Document = tenant.get(f"/v1/processes/instances/{listed['id']}")
    return found


def available(tenant: Tenant) -> int:
    """Units of the article that can be reserved, as one more reservation of one is told."""
    probe: Node = ("ask", "stock.reserve", {**SKU, "quantity": 1})
    give_back: Node = ("give back", "stock.release", {**SKU, "entry": "{{ $json.entry }}"})
    found: int = tenant.run(tenant.publish_row("Ask", MANUAL, probe, give_back))["items"][0]["available"]
    return found


def test_events_are_answered_in_whichever_order_they_come(stack: Stack, tenant: Tenant) -> None:
    furnish(tenant)
    before = available(tenant)
    publish(tenant, process())
    happens(stack, tenant, "order.paid", "early")
    happens(stack, tenant, "order.placed", "late")
    eventually("the other one waits", lambda: [it for it in instances(tenant) if it["state"] == "reserved"])
    assert [each["correlation"] for each in instances(tenant)] == ["late"]
    happens(stack, tenant, "order.placed", "early")
    happens(stack, tenant, "order.paid", "late")
    done = eventually("both end", lambda: it if len(it := instances(tenant, status="completed")) == 2 else None)
    assert {each["correlation"] for each in done} == {"early", "late"}
    assert available(tenant) == before - 4


def test_a_deadline_that_passes_gives_back_what_was_reserved(stack: Stack, tenant: Tenant) -> None:
    furnish(tenant)
    before = available(tenant)
    publish(tenant, process(within_seconds=DEADLINE, end="timed_out"))
    happens(stack, tenant, "order.placed", "order-7")
    found = ended(tenant)
    assert (found["status"], found["actions"][0]["status"]) == ("timed_out", "compensated")
    assert available(tenant) == before
    shown = tenant.get(f"/v1/events/process/{found['id']}", limit=100)["items"]
    times = {event["type"]: event["time"] for event in shown}
    assert times["DeadlineSet"] < times["DeadlinePassed"]
    assert [event["type"] for event in shown].count("DeadlinePassed") == 1
    happens(stack, tenant, "order.paid", "order-7")
    never("it goes on after its end", lambda: instances(tenant, status="completed"))


def test_a_deadline_far_away_is_left_to_a_schedule_that_does_no_harm_before_its_time(
    stack: Stack, tenant: Tenant
) -> None:
    furnish(tenant)
    publish(tenant, process(within_seconds=3_600, end="timed_out"))
    happens(stack, tenant, "order.placed", "order-7")
    (waiting,) = eventually("it waits", lambda: [it for it in instances(tenant) if it["deadline"]])
    (schedule,) = eventually("it is scheduled", lambda: stack.schedules(waiting["id"]))
    stack.sqs.send_message(QueueUrl=stack.queue("process_steps"), MessageBody=schedule["Target"]["Input"])
    never("it ends before its time", lambda: instances(tenant, status="timed_out"))
    happens(stack, tenant, "order.paid", "order-7")
    assert ended(tenant)["status"] == "completed"


def test_instances_whose_functions_are_killed_again_and_again_end_all_the_same(stack: Stack, tenant: Tenant) -> None:
    furnish(tenant)
    before = available(tenant)
    publish(tenant, process())
    orders = [f"order-{number}" for number in range(4)]
    killed = 0
    with stack.impatient("process_events", "process_steps"):
        for correlation in orders:
            happens(stack, tenant, "order.placed", correlation)
            killed += stack.kill("process_events")
            happens(stack, tenant, "order.paid", correlation)
            killed += stack.kill("process_steps")
            time.sleep(0.2)
        eventually("all end", lambda: len(instances(tenant, status="completed")) == len(orders), 120)
    assert killed > 0
    assert available(tenant) == before - 2 * len(orders)


def test_the_adopted_follow_up_closes_an_order_that_a_saga_fulfils(stack: Stack, tenant: Tenant) -> None:
    furnish(tenant)
    tenant.call("POST", "/v1/processes/library/order_follow_up/adopt", expect=200)
    eventually("it is listed", lambda: tenant.items("/v1/processes", status="published"))
    run = start_saga(tenant, "order_fulfilment", ORDER)
    assert saga_ended(tenant, run)["status"] == "completed"
    found = ended(tenant)
    assert (found["process"], found["status"], found["correlation"]) == ("order_follow_up", "completed", run)
    assert [each["status"] for each in found["actions"]] == ["succeeded"]
