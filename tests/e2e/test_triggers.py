"""What starts workflows: webhooks, events through the bus, schedules."""

from typing import Any

import pytest

from tests.e2e.stack import Stack
from tests.e2e.tenant import MANUAL, Document, Tenant, eventually, fields, never

SEEN = ("seen", "core.set", fields(seen="{{ $json.body.n }}"))


def _hook(path: str, respond: str) -> tuple[str, str, Document]:
    return "hook", "core.trigger.webhook", {"path": path, "respond": respond}


def _called(tenant: Tenant, path: str, body: Document, expect: int) -> Any:
    """The answer of a webhook, which is found a moment after its workflow was published."""
    url = f"/v1/hooks/{tenant.name}/{path}"
    eventually(f"the webhook {path} is there", lambda: tenant.http.post(url, json={"n": 0}).status_code != 404)
    return tenant.call("POST", url, body, expect=expect)


def test_a_webhook_that_answers_immediately_gives_the_execution(tenant: Tenant) -> None:
    tenant.publish_row("At once", _hook("at-once", "immediately"), SEEN)
    begun = _called(tenant, "at-once", {"n": 3}, 202)
    assert tenant.ended(begun["execution"])["items"][0]["seen"] == 3


def test_a_webhook_that_answers_when_done_gives_the_items(tenant: Tenant) -> None:
    tenant.publish_row("When done", _hook("lab/results", "when_done"), SEEN)
    assert _called(tenant, "lab/results", {"n": 4}, 200)[0]["seen"] == 4


def test_a_webhook_with_a_respond_node_gives_what_it_says(tenant: Tenant) -> None:
    answer = ("answer", "core.respond", {"status": 201, "body": {"got": "{{ $json.body.n }}"}})
    tenant.publish_row("Answers", _hook("answers", "respond_node"), answer)
    assert _called(tenant, "answers", {"n": 5}, 201) == {"got": 5}


def test_a_webhook_asks_for_a_key_unless_it_is_open(tenant: Tenant) -> None:
    tenant.publish_row("Closed", _hook("closed", "immediately"), SEEN)
    _called(tenant, "closed", {"n": 1}, 202)
    tenant.call("POST", f"/v1/hooks/{tenant.name}/closed", {"n": 2}, expect=401, headers={"X-API-Key": ""})


def test_an_emitted_event_starts_another_workflow_through_the_bus(tenant: Tenant) -> None:
    on = ("on", "core.trigger.event", {"types": ["lab.result.*"]})
    listener = tenant.publish_row("Listens", on, ("seen", "core.set", fields(ward="{{ $json.data.ward }}")))
    deaf = tenant.publish_row("Deaf", ("on", "core.trigger.event", {"types": ["adt.*"]}))
    eventually("both listen", lambda: len(tenant.items("/v1/workflows", status="published")) == 2)
    emitter = tenant.publish_row("Emits", MANUAL, ("emit", "core.emit", {"type": "lab.result.filed"}))
    emitted = tenant.run(emitter, {"ward": "3B"}, {"ward": "4A"})
    started = tenant.listed(listener, 2)
    wards = {tenant.ended(each["id"])["items"][0]["ward"] for each in started}
    assert wards == {"3B", "4A"}
    assert {each["mode"] for each in started} == {"event"}
    assert {each["correlation"] for each in started} == {tenant.execution(emitted["id"])["id"]}
    never("an event of another type starts a workflow", lambda: tenant.executions(deaf))


@pytest.mark.parametrize(
    ("given", "expression"),
    [
        ({"cron": "0 7 * * MON-FRI", "timezone": "Europe/Amsterdam"}, "cron(0 7 ? * MON-FRI *)"),
        ({"every_seconds": 120}, "rate(2 minutes)"),
    ],
    ids=["cron", "every"],
)
def test_a_published_schedule_is_set_and_an_archived_one_goes(
    stack: Stack, tenant: Tenant, given: Document, expression: str
) -> None:
    workflow = tenant.publish_row("Scheduled", ("clock", "core.trigger.schedule", given), ("seen", "core.noop", {}))
    (schedule,) = eventually("the schedule is set", lambda: stack.schedules(workflow))
    assert schedule["ScheduleExpression"] == expression
    stack.sqs.send_message(QueueUrl=stack.queue("triggers"), MessageBody=schedule["Target"]["Input"])
    (started,) = tenant.listed(workflow)
    assert started["mode"] == "schedule"
    tenant.ended(started["id"])
    tenant.call("POST", f"/v1/workflows/{workflow}/archive", expect=200)
    eventually("the schedule is gone", lambda: not stack.schedules(workflow))
