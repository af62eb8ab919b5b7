"""The events endpoint, as a client meets it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from penstock.aws import clients, wiring
from penstock.clock import iso
from penstock.events import Draft, Origin, StreamId
from penstock.events.store import head
from penstock.identity.model import Scope
from tests.functions.cloud import Answer, Cloud
from tests.functions.flows import ASK, MANUAL, start, workflow

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def said(key: str, *texts: str, at: datetime = NOON, kind: str = "event") -> None:
    """One commit of events, a minute apart."""
    stream = StreamId("acme", kind, key)
    drafts = [Draft("said", {"text": text}, at + timedelta(minutes=place)) for place, text in enumerate(texts)]
    end = head(wiring.events().commits(stream))
    wiring.events().append(
        stream, drafts, expected=end, commit_id=str(end.commit), origin=Origin("tester", "order-7", "cause")
    )


def read(cloud: Cloud, path: str, key: str | None = None, **query: Any) -> Answer:
    given = {name: str(value) for name, value in query.items()}
    return cloud.request("events", "GET", f"/v1/events/{path}", query=given or None, key=key)


def test_a_stream_is_read_with_its_data_and_its_origin(cloud: Cloud) -> None:
    said("e-1", "a", "b")
    (first, second) = read(cloud, "event/e-1").body["items"]
    assert (first["id"], first["version"], first["type"], first["data"]) == (
        "acme#event#e-1@1",
        1,
        "said",
        {"text": "a"},
    )
    assert (first["actor"], first["correlation"], first["causation"]) == ("tester", "order-7", "cause")
    assert second["time"] == iso(NOON + timedelta(minutes=1))


def test_a_stream_goes_page_by_page(cloud: Cloud) -> None:
    said("e-1", "a", "b", "c")
    said("e-1", "d", "e")
    texts, after = [], 0
    while after is not None:
        page = read(cloud, "event/e-1", after_version=after, limit=2).body
        texts += [event["data"]["text"] for event in page["items"]]
        after = page["next"]
    assert texts == ["a", "b", "c", "d", "e"]
    assert [event["version"] for event in read(cloud, "event/e-1", after_version=1, to_version=3).body["items"]] == [
        2,
        3,
    ]
    assert read(cloud, "event/e-1", after_version=5).body == {"items": [], "next": None}


def test_a_page_holds_no_more_than_an_answer_can(cloud: Cloud) -> None:
    for letter in "abc":
        said("e-1", letter * 1_500_000)
    first = read(cloud, "event/e-1").body
    assert [event["version"] for event in first["items"]] == [1, 2]
    assert [event["version"] for event in read(cloud, "event/e-1", after_version=first["next"]).body["items"]] == [3]


@pytest.mark.parametrize("rest", ["", "/state"])
def test_a_stream_without_events_is_not_found(cloud: Cloud, rest: str) -> None:
    assert read(cloud, f"event/none{rest}").status == 404


def test_the_state_is_what_the_projections_make_of_it(cloud: Cloud) -> None:
    name = workflow(cloud)
    found = read(cloud, f"workflow/{name}/state").body
    assert (found["version"], found["documents"]["workflows"]["status"]) == (2, "published")
    listed = cloud.request("workflows", "GET", "/v1/workflows").body["items"][0]
    assert {**found["documents"]["workflows"], **listed} == found["documents"]["workflows"]


def test_the_state_is_read_as_it_was_at_a_version_or_a_time(cloud: Cloud) -> None:
    name = workflow(cloud)
    created, published = read(cloud, f"workflow/{name}").body["items"]
    for query in ({"version": 1}, {"time": created["time"]}):
        found = read(cloud, f"workflow/{name}/state", **query).body
        if created["time"] != published["time"] or "version" in query:
            assert (found["version"], found["documents"]["workflows"]["status"]) == (1, "draft")
    assert read(cloud, f"workflow/{name}/state", time="2027-01-01T00:00:00+01:00").body["version"] == 2
    assert read(cloud, f"workflow/{name}/state", time="2020-01-01T00:00:00Z").status == 404


def test_a_time_cuts_a_commit_in_two(cloud: Cloud) -> None:
    said("e-1", "a", "b", "c")
    found = read(cloud, "event/e-1/state", time=iso(NOON + timedelta(seconds=90))).body
    assert (found["version"], found["time"], found["documents"]) == (2, iso(NOON + timedelta(minutes=1)), {})


def test_callback_tokens_are_shown_only_to_who_may_run(cloud: Cloud) -> None:
    execution = start(cloud, workflow(cloud, ASK)).body["id"]
    keys = {cloud.new_key("acme", Scope.READ): False, cloud.new_key("acme", Scope.READ, Scope.RUN): True}
    for key, is_shown in keys.items():
        (waiting,) = [
            e for e in read(cloud, f"execution/{execution}", key=key).body["items"] if e["type"] == "NodeWaiting"
        ]
        assert (waiting["data"]["token"] is not None) == is_shown


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ({"limit": 0}, "query.limit"),
        ({"limit": 101}, "query.limit"),
        ({"after_version": -1}, "query.after_version"),
        ({"to_version": "x"}, "query.to_version"),
    ],
)
def test_bad_bounds_are_named(cloud: Cloud, query: dict[str, Any], path: str) -> None:
    answer = read(cloud, "event/e-1", **query)
    assert (answer.status, [problem["path"] for problem in answer.body["problems"]]) == (422, [path])


def test_a_time_without_a_zone_is_refused(cloud: Cloud) -> None:
    answer = read(cloud, "event/e-1/state", time="2026-11-24T12:00:00")
    assert (answer.status, answer.body["problems"][0]["path"]) == (422, "query.time")


def test_an_id_of_the_wrong_form_is_named(cloud: Cloud) -> None:
    answer = read(cloud, "event/a b")
    assert (answer.status, answer.body["type"]) == (400, "urn:penstock:problem:bad-id")


def named(name: str) -> dict[str, Any]:
    return {"name": name, "nodes": [MANUAL]}


def changed(cloud: Cloud) -> str:
    """A workflow that was renamed and then published: three events."""
    made = cloud.request("workflows", "POST", "/v1/workflows", named("One")).body["id"]
    cloud.request("workflows", "PUT", f"/v1/workflows/{made}", named("Two"))
    cloud.request("workflows", "POST", f"/v1/workflows/{made}/publish")
    return str(made)


def test_only_events_of_the_types_that_were_asked_for_are_shown(cloud: Cloud) -> None:
    found = read(cloud, f"workflow/{changed(cloud)}", types="WorkflowPublished").body["items"]
    assert [event["version"] for event in found] == [3]


def test_two_points_of_a_stream_are_compared(cloud: Cloud) -> None:
    answer = read(cloud, f"workflow/{changed(cloud)}/difference", from_version=1, to_version=2)
    changes = {change["path"]: (change["before"], change["after"]) for change in answer.body["changes"]["workflows"]}
    assert changes["name"] == ("One", "Two")
    assert "status" not in changes
    assert (answer.body["before"]["version"], answer.body["after"]["version"]) == (1, 2)


def test_a_difference_from_nothing_is_all_there_is(cloud: Cloud) -> None:
    answer = read(cloud, f"workflow/{changed(cloud)}/difference").body
    assert answer["before"] is None
    assert [change["path"] for change in answer["changes"]["workflows"]] == [""]


def test_another_past_comes_to_something_else_and_writes_nothing(cloud: Cloud) -> None:
    made = changed(cloud)
    path = f"/v1/events/workflow/{made}/what-if"
    answer = cloud.request("events", "POST", path, {"without": [3], "changed": {"2": {"definition": named("Three")}}})
    changes = {change["path"]: change["after"] for change in answer.body["changes"]["workflows"]}
    assert (changes["name"], changes["status"]) == ("Three", "draft")
    assert cloud.request("workflows", "GET", f"/v1/workflows/{made}").body["status"] == "published"


@pytest.mark.parametrize(
    "past", [{"without": [9]}, {"without": [1, 2, 3], "inserted": [{"after": 0, "type": "No", "data": {}}]}]
)
def test_a_past_that_cannot_be_is_refused(cloud: Cloud, past: dict[str, Any]) -> None:
    answer = cloud.request("events", "POST", f"/v1/events/workflow/{changed(cloud)}/what-if", past)
    assert (answer.status, answer.body["type"]) == (422, "urn:penstock:problem:invalid-request")


def test_a_stream_that_nobody_touched_holds(cloud: Cloud) -> None:
    answer = read(cloud, f"workflow/{changed(cloud)}/verification")
    assert answer.body == {"holds": True, "commits": 3, "first_bad_commit": None, "reason": None}


def test_the_first_commit_that_somebody_touched_is_named(cloud: Cloud) -> None:
    made = changed(cloud)
    key = {"pk": {"S": f"acme#workflow#{made}"}, "commit": {"N": "2"}}
    update = {"UpdateExpression": "SET commit_id = :x", "ExpressionAttributeValues": {":x": {"S": "forged"}}}
    clients.dynamodb().update_item(TableName="events", Key=key, **update)
    answer = read(cloud, f"workflow/{made}/verification").body
    assert (answer["holds"], answer["commits"], answer["first_bad_commit"]) == (False, 2, 3)
