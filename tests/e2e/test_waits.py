"""What makes an execution wait, and what brings it on: timers, schedules, callbacks, approvals."""

from datetime import UTC, datetime, timedelta

from tests.e2e.stack import Stack
from tests.e2e.tenant import MANUAL, Tenant, fields

AFTER = ("after", "core.set", fields(after=True))


def test_a_wait_of_two_seconds_ends_by_the_queue(tenant: Tenant) -> None:
    workflow = tenant.publish_row("Wait", MANUAL, ("wait", "core.wait", {"seconds": 2}), AFTER)
    begun = tenant.run(workflow, wait=0.5, expect=202)
    (resumed,) = [it for it in tenant.timeline(tenant.ended(begun["id"])["id"]) if it["type"] == "NodeResumed"]
    waited = datetime.fromisoformat(resumed["time"]) - datetime.fromisoformat(
        tenant.execution(begun["id"])["started_at"]
    )
    assert timedelta(seconds=2) <= waited < timedelta(seconds=6)


def test_a_wait_of_an_hour_is_left_to_a_schedule(stack: Stack, tenant: Tenant) -> None:
    workflow = tenant.publish_row("Long wait", MANUAL, ("wait", "core.wait", {"seconds": 3600}), AFTER)
    begun = tenant.run(workflow, wait=2, expect=202)
    due = datetime.fromisoformat(tenant.execution(begun["id"])["waiting"][0]["until"])
    (schedule,) = stack.schedules(begun["id"])
    at = datetime.strptime(schedule["ScheduleExpression"], "at(%Y-%m-%dT%H:%M:%S)").replace(tzinfo=UTC)
    assert abs(at - due) <= timedelta(seconds=1)


def test_a_callback_brings_its_payload_and_holds_once(tenant: Tenant) -> None:
    workflow = tenant.publish_row("Called back", MANUAL, ("hold", "core.callback", {"payload_field": "said"}), AFTER)
    begun = tenant.run(workflow, {"order": 7}, wait=5, expect=202)
    path = tenant.callback(begun["id"], "hold")
    tenant.call("POST", path, {"seen": True}, expect=200)
    assert tenant.ended(begun["id"])["items"] == [{"order": 7, "said": {"seen": True}, "after": True}]
    tenant.call("POST", path, {"seen": False}, expect=404)


def test_an_approval_goes_by_its_decision(tenant: Tenant) -> None:
    workflow = tenant.publish_row("Asked", MANUAL, ("ask", "core.approval", {"message": "Release?"}), AFTER)
    begun = tenant.run(workflow, {"order": 7}, wait=5, expect=202)
    path = tenant.callback(begun["id"], "ask")
    tenant.call("POST", path, {"approved": "maybe"}, expect=422)
    tenant.call("POST", path, {"approved": True, "by": "dr.b"}, expect=200)
    (item,) = tenant.ended(begun["id"])["items"]
    assert (item["approval"]["approved"], item["approval"]["by"], item["after"]) == (True, "dr.b", True)
