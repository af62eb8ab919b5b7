"""Processes from the API to their participants: nudges and wakes are handed on here as queues would."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from penstock.aws import clients, wiring
from penstock.clock import from_millis, to_millis, utc_now
from penstock.events import Draft, Origin, Position, StreamId
from tests.functions.cloud import Cloud, load
from tests.functions.saga_runs import ORDER, available, balance, do, furnish, run_machine
from tests.functions.saga_runs import start as start_saga

RESERVE = {
    "name": "Reserve",
    "type": "stock.reserve",
    "parameters": {"sku": "{{ $json.data.sku }}", "quantity": 2},
    "compensation": {
        "name": "Release",
        "type": "stock.release",
        "parameters": {"sku": "{{ $json.data.sku }}", "entry": "{{ $execution.key }}"},
    },
}
PROCESS = {
    "name": "Order",
    "starts": [{"on": {"type": "order.placed"}, "do": [RESERVE], "to": "reserved"}],
    "states": [
        {
            "name": "reserved",
            "reactions": [{"on": {"type": "order.paid"}, "end": "completed"}],
            "deadline": {"within_seconds": 3_600, "end": "timed_out"},
        }
    ],
    "reactions": [{"on": {"type": "order.cancelled"}, "end": "cancelled"}],
}
WHY = {"reason": "the customer called"}


@pytest.fixture
def process(cloud: Cloud) -> str:
    """A published process; its id."""
    furnish()
    made = cloud.request("processes", "POST", "/v1/processes", PROCESS)
    assert made.status == 201, made.text
    assert cloud.request("processes", "POST", f"/v1/processes/{made.body['id']}/publish").status == 200
    cloud.catch_up()
    return str(made.body["id"])


def happens(key: str, event_type: str, correlation: str = "order-7", tenant: str = "acme") -> StreamId:
    stream = StreamId(tenant, "event", key)
    draft = Draft(event_type, {"sku": "pump"}, utc_now())
    origin = Origin("shop", correlation)
    wiring.events().append(stream, [draft], expected=Position(), commit_id=key, origin=origin)
    return stream


def nudged(cloud: Cloud, function: str, *streams: StreamId) -> None:
    event = cloud.sqs_event(*({"stream": str(stream), "commit": 1} for stream in streams))
    assert not streams or load(function).handler(event, Context()) == {"batchItemFailures": []}


class Context:
    """A function with all its time before it."""

    function_name = "tested"

    def get_remaining_time_in_millis(self) -> int:
        return 120_000


def settle(cloud: Cloud, *, is_reversed: bool = False) -> None:
    """Tell every consumer of every stream that there is, in the order of their kinds, or the other way round."""
    streams = sorted(cloud.streams(), key=lambda stream: stream.kind, reverse=is_reversed)
    nudged(cloud, "process_events", *(stream for stream in streams if stream.kind != "process"))
    nudged(cloud, "process_steps", *(stream for stream in cloud.streams() if stream.kind == "process"))
    cloud.catch_up()


def instance(cloud: Cloud) -> Any:
    """The one instance that is listed."""
    cloud.catch_up()
    (listed,) = cloud.request("processes", "GET", "/v1/processes/instances").body["items"]
    return cloud.request("processes", "GET", f"/v1/processes/instances/{listed['id']}").body


def test_events_carry_an_instance_from_its_start_to_its_end(cloud: Cloud, process: str) -> None:
    happens("e-1", "order.placed")
    settle(cloud)
    found = instance(cloud)
    assert (found["process"], found["status"], found["state"]) == (process, "running", "reserved")
    assert [(each["run"], each["status"]) for each in found["actions"]] == [("Reserve", "succeeded")]
    assert (found["correlation"], found["started_by"]) == ("order-7", "acme#event#e-1@1")
    happens("e-2", "order.paid")
    settle(cloud)
    assert (instance(cloud)["status"], available("pump")) == ("completed", 8)


def test_nudges_that_come_again_change_nothing(cloud: Cloud, process: str) -> None:
    happens("e-1", "order.placed")
    settle(cloud)
    version = instance(cloud)["version"]
    settle(cloud)
    assert (instance(cloud)["version"], available("pump")) == (version, 8)


def test_an_event_that_comes_before_the_start_waits_for_it(cloud: Cloud, process: str) -> None:
    happens("e-2", "order.paid")
    settle(cloud)
    assert cloud.request("processes", "GET", "/v1/processes/instances").body["items"] == []
    happens("e-1", "order.placed")
    settle(cloud)
    assert instance(cloud)["status"] == "completed"


def test_a_bad_end_gives_the_goods_back(cloud: Cloud, process: str) -> None:
    happens("e-1", "order.placed")
    happens("e-2", "order.cancelled")
    settle(cloud)
    assert (instance(cloud)["status"], available("pump")) == ("cancelled", 10)


def test_a_deadline_far_away_is_left_to_a_schedule_that_comes_to_the_same_queue(cloud: Cloud, process: str) -> None:
    happens("e-1", "order.placed")
    settle(cloud)
    found = instance(cloud)
    (listed,) = clients.scheduler().list_schedules(GroupName="penstock-test")["Schedules"]
    schedule = clients.scheduler().get_schedule(Name=listed["Name"], GroupName="penstock-test")
    assert schedule["Target"]["Arn"].endswith(":process_steps")
    message = json.loads(schedule["Target"]["Input"])
    assert message["stream"] == f"acme#process#{found['id']}"
    assert found["deadline"].startswith(from_millis(int(message["due"])).strftime("%Y-%m-%dT%H:%M:%S"))


def an_hour_later() -> datetime:
    """From now on, for what carries instances on, it is a little over an hour later; returns that time."""
    later = utc_now() + timedelta(seconds=3_601)
    object.__setattr__(wiring.process_advancing().instances, "clock", lambda: later)
    return later


def test_a_deadline_that_passes_ends_the_instance_once(cloud: Cloud, process: str) -> None:
    happens("e-1", "order.placed")
    settle(cloud)
    found = instance(cloud)
    later = an_hour_later()
    wake = cloud.sqs_event({"stream": f"acme#process#{found['id']}", "due": str(to_millis(later))})
    for _ in range(2):
        assert load("process_steps").handler(wake, Context()) == {"batchItemFailures": []}
    shown = cloud.request("events", "GET", f"/v1/events/process/{found['id']}").body["items"]
    types = [event["type"] for event in shown]
    assert (instance(cloud)["status"], types.count("DeadlinePassed"), available("pump")) == ("timed_out", 1, 10)


def test_a_deadline_soon_is_a_message_that_waits(cloud: Cloud) -> None:
    furnish()
    soon = {**PROCESS["states"][0], "deadline": {"within_seconds": 60, "end": "timed_out"}}  # type: ignore[index]
    made = cloud.request("processes", "POST", "/v1/processes", {**PROCESS, "states": [soon]}).body
    cloud.request("processes", "POST", f"/v1/processes/{made['id']}/publish")
    cloud.catch_up()
    happens("e-1", "order.placed")
    settle(cloud)
    name, url = "ApproximateNumberOfMessagesDelayed", cloud.queue_urls["process_steps"]
    found = clients.sqs().get_queue_attributes(QueueUrl=url, AttributeNames=[name])
    assert found["Attributes"][name] == "1"
    assert clients.scheduler().list_schedules(GroupName="penstock-test")["Schedules"] == []


def test_a_message_that_names_no_instance_fails_alone(cloud: Cloud, process: str) -> None:
    for function, bad in (("process_steps", {"due": "1"}), ("process_events", {"commit": 1})):
        answer = load(function).handler(cloud.sqs_event(bad), Context())
        assert answer == {"batchItemFailures": [{"itemIdentifier": "m-0"}]}


def test_a_person_cancels_an_instance(cloud: Cloud, process: str) -> None:
    happens("e-1", "order.placed")
    settle(cloud)
    path = f"/v1/processes/instances/{instance(cloud)['id']}/cancel"
    answer = cloud.request("processes", "POST", path, WHY)
    assert (answer.status, answer.body["status"], answer.body["reason"]) == (202, "compensating", WHY["reason"])
    settle(cloud)
    assert (instance(cloud)["status"], available("pump")) == ("cancelled", 10)
    again = cloud.request("processes", "POST", path, WHY)
    assert (again.status, again.body["status_found"]) == (409, "cancelled")


def stuck(cloud: Cloud) -> Any:
    """An instance whose goods were handed out by hand, so that they cannot be released."""
    happens("e-1", "order.placed")
    settle(cloud)
    found = instance(cloud)
    do("stock.issue", sku="pump", entry=f"process/{found['id']}/Reserve")
    happens("e-2", "order.cancelled")
    settle(cloud)
    return instance(cloud)


def test_what_cannot_be_undone_waits_for_a_person_who_tries_again_or_has_done_it(cloud: Cloud, process: str) -> None:
    found = stuck(cloud)
    assert (found["status"], found["stuck"]) == ("needs_attention", ["Reserve"])
    assert found["actions"][0]["error"]["type"] == "Issued"
    path = f"/v1/processes/instances/{found['id']}"
    assert cloud.request("processes", "POST", f"{path}/resume", WHY).body["status"] == "compensating"
    settle(cloud)
    assert instance(cloud)["actions"][0]["compensation_attempts"] == 2
    body = {"action": "Other", "reason": "?"}
    assert cloud.request("processes", "POST", f"{path}/resolve", body).status == 409
    cloud.request("processes", "POST", f"{path}/resolve", {"action": "Reserve", "reason": "the pumps came back"})
    settle(cloud)
    assert instance(cloud)["status"] == "cancelled"


def test_instances_are_listed_by_process_and_status(cloud: Cloud, process: str) -> None:
    happens("e-1", "order.placed")
    happens("e-2", "order.placed", "order-8")
    happens("e-3", "order.paid", "order-8")
    settle(cloud)

    def listed(**query: str) -> list[str]:
        items = cloud.request("processes", "GET", "/v1/processes/instances", query=query).body["items"]
        return [each["correlation"] for each in items]

    assert sorted(listed()) == ["order-7", "order-8"]
    assert listed(status="completed") == ["order-8"]
    assert listed(process=process, status="running") == ["order-7"]
    assert listed(process="other") == []


def test_a_definition_is_changed_published_again_and_archived(cloud: Cloud, process: str) -> None:
    path = f"/v1/processes/{process}"
    changed = cloud.request("processes", "PUT", path, {**PROCESS, "name": "Order 2"})
    assert (changed.status, changed.body["version"], changed.body["definition"]["name"]) == (200, 1, "Order 2")
    assert cloud.request("processes", "POST", f"{path}/publish").body["version"] == 2
    names = [each["definition"]["name"] for each in cloud.request("processes", "GET", f"{path}/versions").body]
    assert names == ["Order 2", "Order"]
    assert cloud.request("processes", "POST", f"{path}/archive").body["status"] == "archived"
    assert cloud.request("processes", "POST", f"{path}/archive").status == 409
    cloud.catch_up()
    (listed,) = cloud.request("processes", "GET", "/v1/processes", query={"status": "archived"}).body["items"]
    assert (listed["id"], listed["listens"]) == (process, ["event"])
    happens("e-1", "order.placed")
    settle(cloud)
    assert cloud.request("processes", "GET", "/v1/processes/instances").body["items"] == []


def test_a_draft_is_changed_only_by_who_saw_it_last(cloud: Cloud, process: str) -> None:
    path = f"/v1/processes/{process}"
    seen = {"If-Match": cloud.request("processes", "GET", path).headers["ETag"]}
    answers = [cloud.request("processes", "PUT", path, {**PROCESS, "name": name}, headers=seen) for name in "AB"]
    assert [answer.status for answer in answers] == [200, 412]
    assert answers[1].body["revision"] == 3


def test_a_bad_definition_is_told_by_field_and_not_stored(cloud: Cloud) -> None:
    bad = {**PROCESS, "starts": [{"on": {"type": "order.placed"}, "to": "nowhere"}]}
    answer = cloud.request("processes", "POST", "/v1/processes", bad)
    assert (answer.status, answer.body["problems"][0]["path"]) == (422, "starts[0].to")
    verdict = cloud.request("processes", "POST", "/v1/processes/validate", bad).body
    assert (verdict["valid"], verdict["problems"][0]["rule"]) == (False, "unknown_state")
    assert cloud.request("processes", "POST", "/v1/processes/validate", PROCESS).body["valid"] is True


def test_a_tenant_sees_and_starts_only_its_own(cloud: Cloud, process: str) -> None:
    happens("e-1", "order.placed", tenant="other")
    settle(cloud)
    key = cloud.new_key("other")
    for path in ("/v1/processes", "/v1/processes/instances"):
        assert cloud.request("processes", "GET", path, key=key).body["items"] == []
    assert cloud.request("processes", "GET", f"/v1/processes/{process}", key=key).status == 404


def adopted(cloud: Cloud) -> None:
    furnish()
    assert cloud.request("processes", "POST", "/v1/processes/library/order_follow_up/adopt").status == 200
    cloud.catch_up()


@pytest.mark.parametrize("is_reversed", [False, True], ids=["the saga first", "the stock first"])
def test_an_adopted_follow_up_closes_an_order_that_a_saga_fulfils(cloud: Cloud, is_reversed: bool) -> None:
    adopted(cloud)
    assert run_machine(start_saga(cloud, "order_fulfilment", ORDER)) == "Completed"
    settle(cloud, is_reversed=is_reversed)
    found = instance(cloud)
    assert (found["process"], found["status"], found["state"]) == ("order_follow_up", "completed", "Shipped")
    assert emitted(cloud) == {"order.confirmed", "order.closed"}


def test_an_adopted_follow_up_announces_that_an_order_was_undone(cloud: Cloud) -> None:
    adopted(cloud)
    assert run_machine(start_saga(cloud, "order_fulfilment", {**ORDER, "amount": 10**9})) == "Compensated"
    settle(cloud)
    assert (instance(cloud)["status"], emitted(cloud)) == ("cancelled", {"order.cancelled"})


def test_an_adopted_follow_up_makes_up_for_goods_that_leave_late(cloud: Cloud) -> None:
    adopted(cloud)
    started = start_saga(cloud, "order_fulfilment", ORDER)
    settle(cloud)
    an_hour_later()
    settle(cloud)
    assert instance(cloud)["state"] == "Late"
    assert run_machine(started) == "Completed"
    settle(cloud)
    assert (instance(cloud)["status"], balance("clinic")) == ("completed", 10_000 - 5_000 + 250)
    assert emitted(cloud) == {"order.delayed", "order.confirmed", "order.closed"}


def emitted(cloud: Cloud) -> set[str]:
    """The types of events that were emitted for others to hear."""
    streams = [stream for stream in cloud.streams() if stream.kind == "event"]
    return {event.type for stream in streams for commit in wiring.events().commits(stream) for event in commit.events}


def test_the_library_shows_what_can_be_adopted(cloud: Cloud) -> None:
    (found,) = cloud.request("processes", "GET", "/v1/processes/library").body
    assert (found["id"], found["definition"]["states"][0]["name"]) == ("order_follow_up", "Awaiting shipment")
    assert cloud.request("processes", "POST", "/v1/processes/library/nope/adopt").status == 404
