"""The feed and its subscriptions over the API, on moto."""

from collections.abc import Iterator
from typing import Any

import pytest

from penstock.aws import wiring
from penstock.identity.model import Scope
from tests.functions.cloud import Cloud
from tests.functions.flows import SET, workflow
from tests.functions.test_projections import sequence


@pytest.fixture
def flow(cloud: Cloud) -> str:
    made = workflow(cloud, SET)
    sequence(cloud)
    return made


def pages(cloud: Cloud, **query: str) -> Iterator[Any]:
    after = 0
    while True:
        page = cloud.request("feed", "GET", "/v1/feed", query={**query, "after": str(after)}).body
        yield from page["items"]
        if page["is_head"]:
            return
        after = page["next"]


def test_everything_that_happened_is_read_page_by_page(cloud: Cloud, flow: str) -> None:
    workflow(cloud, SET)
    sequence(cloud)
    found = list(pages(cloud, limit="1"))
    assert {(each["kind"], each["key"]) for each in found} >= {("workflow", flow)}
    assert [each["position"] for each in found] == sorted({each["position"] for each in found})
    assert len([each for each in found if each["kind"] == "workflow"]) == 2


def test_a_page_holds_the_events_when_they_are_asked_for(cloud: Cloud, flow: str) -> None:
    (found,) = pages(cloud, kinds="workflow", events="true")
    assert [event["type"] for event in found["events"]] == found["types"] == ["WorkflowCreated", "WorkflowPublished"]
    path = f"/v1/events/workflow/{flow}"
    query = {"after_commit": str(found["first_commit"] - 1), "to_commit": str(found["last_commit"])}
    assert cloud.request("events", "GET", path, query=query).body["items"] == found["events"]
    first = cloud.request("events", "GET", path, query={"to_commit": "1"}).body["items"]
    assert [event["type"] for event in first] == ["WorkflowCreated"]


def test_kinds_that_need_more_than_reading_are_left_out_for_who_may_only_read(cloud: Cloud, flow: str) -> None:
    assert "key" in {each["kind"] for each in pages(cloud)}
    reader = cloud.new_key("acme", Scope.READ)
    page = cloud.request("feed", "GET", "/v1/feed", key=reader).body
    assert "key" not in {each["kind"] for each in page["items"]}
    assert page["is_head"]


def test_consumers_claim_and_acknowledge(cloud: Cloud, flow: str) -> None:
    order = {"name": "lake", "kinds": ["workflow"], "partitions": 2, "start": "beginning"}
    made = cloud.request("feed", "POST", "/v1/subscriptions", order)
    assert made.status == 201
    assert [each["position"] for each in made.body["partitions"]] == [0, 0]
    claimed = cloud.request("feed", "POST", "/v1/subscriptions/lake/claim", {"consumer": "one"}).body
    assert [span["key"] for span in claimed["items"]] == [flow]
    assert claimed["items"][0]["events"]
    assert cloud.request("feed", "POST", "/v1/subscriptions/lake/claim", {"consumer": "two"}).body is None
    held = cloud.request("feed", "GET", "/v1/subscriptions/lake").body["partitions"][claimed["partition"]]
    assert (held["consumer"], held["until"]) == ("one", claimed["until"])
    done = {"partition": claimed["partition"], "token": claimed["token"], "position": claimed["next"]}
    assert cloud.request("feed", "POST", "/v1/subscriptions/lake/acknowledge", done).body["position"] == claimed["next"]
    again = cloud.request("feed", "POST", "/v1/subscriptions/lake/acknowledge", done)
    assert (again.status, again.body["type"].rsplit(":")[-1]) == (409, "lease-lost")


def test_subscriptions_are_listed_and_deleted(cloud: Cloud) -> None:
    cloud.request("feed", "POST", "/v1/subscriptions", {"name": "lake", "types": ["OrderPlaced"]})
    assert cloud.request("feed", "POST", "/v1/subscriptions", {"name": "lake"}).status == 409
    cloud.catch_up()
    (listed,) = cloud.request("feed", "GET", "/v1/subscriptions").body["items"]
    assert (listed["name"], listed["types"], listed["partitions"]) == ("lake", ["OrderPlaced"], 1)
    assert cloud.request("feed", "DELETE", "/v1/subscriptions/lake").status == 204
    assert cloud.request("feed", "GET", "/v1/subscriptions/lake").status == 404
    cloud.catch_up()
    assert cloud.request("feed", "GET", "/v1/subscriptions").body["items"] == []


def test_a_tenant_reads_its_own_feed_only(cloud: Cloud, flow: str) -> None:
    key = cloud.new_key("other")
    sequence(cloud)
    assert {each["kind"] for each in cloud.request("feed", "GET", "/v1/feed", key=key).body["items"]} == {"key"}
    assert wiring.feed().tenants() == ["acme", "other"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "a b"}, "name"),
        ({"name": "a", "partitions": 0}, "partitions"),
        ({"name": "a", "start": "yesterday"}, "start"),
        ({"name": "a", "tyeps": []}, "tyeps"),
    ],
)
def test_what_is_wrong_with_a_subscription_is_named(cloud: Cloud, body: Any, field: str) -> None:
    answer = cloud.request("feed", "POST", "/v1/subscriptions", body)
    assert answer.status == 422
    assert field in answer.body["problems"][0]["path"]
