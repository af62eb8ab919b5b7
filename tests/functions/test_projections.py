"""Read models over the API: how far they stand behind, and a rebuild as it is deployed, on moto."""

from collections.abc import Callable
from typing import Any

import pytest

from penstock.aws import clients, wiring
from penstock.events.feed import Mark, index
from tests.functions.cloud import Cloud, load
from tests.functions.flows import SET, start, workflow


@pytest.fixture
def flow(cloud: Cloud) -> str:
    """A workflow that is in its tenant's feed and its read model."""
    made = workflow(cloud, SET)
    sequence(cloud)
    cloud.catch_up()
    return made


def sequence(cloud: Cloud) -> None:
    """Do the sequencer's work for the tenant's streams."""
    for stream in cloud.streams():
        marks = [Mark.of(commit) for commit in wiring.events().commits(stream)]
        index(wiring.feed(), wiring.events(), stream.tenant, {stream: marks})


def hand_out(cloud: Cloud, projection: str) -> None:
    """Tell the function that hands out the work, as a nudge does."""
    nudge = {"stream": f"acme#projection#{projection}", "commit": 1}
    assert load("rebuilds").handler(cloud.sqs_event(nudge), cloud.context()) == {"batchItemFailures": []}


def work_it_off(cloud: Cloud, projection: str) -> None:
    """Let the rebuilder do all that there is to do."""
    while messages := cloud.messages("rebuilder"):
        assert load("rebuilder").handler(cloud.sqs_event(*messages), cloud.context()) == {"batchItemFailures": []}
        hand_out(cloud, projection)


def follow(cloud: Cloud) -> None:
    """Do the work of those that follow the tenant's feed."""
    sequence(cloud)
    nudge = {"stream": "acme#feed#all", "commit": 1}
    for function in ("metrics_projector", "search_indexer"):
        assert load(function).handler(cloud.sqs_event(nudge), cloud.context()) == {"batchItemFailures": []}


def test_every_read_model_is_listed_with_its_lag(cloud: Cloud, flow: str) -> None:
    listed = {each["name"]: each for each in cloud.request("projections", "GET", "/v1/projections").body}
    assert {"workflows", "executions", "keys", "fhir_resources", "hl7_messages", "metrics", "search"} <= listed.keys()
    assert (listed["workflows"]["behind"], listed["workflows"]["lag_ms"]) == (0, 0)
    cloud.request("workflows", "POST", f"/v1/workflows/{flow}/archive")
    sequence(cloud)
    behind = cloud.request("projections", "GET", "/v1/projections/workflows").body
    assert behind["behind"] == 1
    assert behind["lag_ms"] > 0


def test_a_rebuild_is_worked_off_by_its_queue_and_then_shown(
    cloud: Cloud, flow: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("worker", "tasks"):
        monkeypatch.setattr(f"penstock.rebuilds.{module}.GRACE_SECONDS", 0)
    begun = cloud.request("projections", "POST", "/v1/projections/workflows/rebuild")
    assert begun.status == 202
    assert begun.body["rebuild"]["generation"] == 2
    hand_out(cloud, "workflows")
    work_it_off(cloud, "workflows")
    wiring.generations.cache_clear()
    wiring.views.cache_clear()
    after = cloud.request("projections", "GET", "/v1/projections/workflows").body
    assert (after["generation"], after["rebuild"]) == (2, None)
    assert [each["id"] for each in cloud.request("workflows", "GET", "/v1/workflows").body["items"]] == [flow]
    assert wiring.rows().get("acme", "workflows", flow) is None


def started(cloud: Cloud) -> int:
    """How many runs the metrics have counted."""
    items = cloud.request("metrics", "GET", "/v1/metrics/workflows").body["items"]
    return sum(int(item["started"]) for item in items)


def found(cloud: Cloud) -> int:
    """How many runs are found by search."""
    query = {"q": "type:execution"}
    return int(cloud.request("search", "GET", "/v1/search", query=query).body["total"])


@pytest.mark.parametrize(("name", "read"), [("metrics", started), ("search", found)])
def test_what_follows_the_feed_is_rebuilt_beside_what_is_live(
    cloud: Cloud, flow: str, monkeypatch: pytest.MonkeyPatch, name: str, read: Callable[[Cloud], int]
) -> None:
    for module in ("worker", "tasks"):
        monkeypatch.setattr(f"penstock.rebuilds.{module}.GRACE_SECONDS", 0)
    monkeypatch.setattr("penstock.rebuilds.generations.LONGEST_MEMORY", -1)
    kept = rows_and_files()
    start(cloud, flow)
    path = f"/v1/projections/{name}"
    behind = cloud.request("projections", "GET", path).body
    assert (behind["kind"], behind["generation"], behind["behind"] > 0) == ("feed", 1, True)
    follow(cloud)
    of_the_first = rows_and_files() - kept
    begun = cloud.request("projections", "POST", f"{path}/rebuild").body["rebuild"]
    assert (begun["generation"], begun["slices"], begun["done"]) == (2, 1, 0)
    assert read(cloud) == 1
    start(cloud, flow)
    follow(cloud)
    assert read(cloud) == 2
    hand_out(cloud, name)
    work_it_off(cloud, name)
    after = cloud.request("projections", "GET", path).body
    assert (after["generation"], after["rebuild"], after["abandoned"]) == (2, None, "")
    assert read(cloud) == 2
    start(cloud, flow)
    follow(cloud)
    assert read(cloud) == 3
    assert cloud.request("projections", "GET", path).body["behind"] == 0
    mine = {each for each in of_the_first if name in each}
    assert mine
    assert not mine & rows_and_files(), "nothing of the first generation is left"


def rows_and_files() -> set[str]:
    """What is kept of read models: rows, by their partitions, places in the feed, and files."""
    pages = clients.dynamodb().get_paginator("scan").paginate(TableName="views")
    rows = {item["pk"]["S"] for page in pages for item in page["Items"]}
    listing = clients.s3().list_objects_v2(Bucket=wiring.settings().search_bucket)
    return rows | {f"search:{file['Key']}" for file in listing.get("Contents", ())}


def test_a_wings_projection_is_rebuilt_by_the_wings_function(cloud: Cloud, flow: str) -> None:
    cloud.request("projections", "POST", "/v1/projections/fhir_resources/rebuild")
    hand_out(cloud, "fhir_resources")
    assert cloud.messages("rebuilder") == []
    (task,) = cloud.messages("healthcare_rebuilder")
    assert load("healthcare_rebuilder").handler(cloud.sqs_event(task), cloud.context()) == {"batchItemFailures": []}


def test_all_are_rebuilt_at_once_but_those_that_already_are(cloud: Cloud, flow: str) -> None:
    cloud.request("projections", "POST", "/v1/projections/keys/rebuild")
    rebuilt = cloud.request("projections", "POST", "/v1/projections/rebuild")
    assert rebuilt.status == 202
    assert {each["rebuild"]["generation"] for each in rebuilt.body} == {2}


@pytest.mark.parametrize(
    ("path", "body", "status", "slug"),
    [
        ("unheard_of/rebuild", None, 404, "unknown-projection"),
        ("workflows/rebuild/resume", None, 409, "wrong-state"),
        ("workflows/rebuild/abandon", {"reason": "no"}, 409, "wrong-state"),
        ("workflows/rebuild/abandon", {}, 422, "invalid-request"),
    ],
)
def test_what_cannot_be_done_is_said(cloud: Cloud, path: str, body: Any, status: int, slug: str) -> None:
    answer = cloud.request("projections", "POST", f"/v1/projections/{path}", body)
    assert answer.status == status
    assert answer.body["type"].endswith(slug)


def test_a_task_that_is_none_fails_alone(cloud: Cloud, flow: str) -> None:
    cloud.request("projections", "POST", "/v1/projections/workflows/rebuild")
    hand_out(cloud, "workflows")
    (task,) = cloud.messages("rebuilder")
    answer = load("rebuilder").handler(cloud.sqs_event({"work": "dream"}, task), cloud.context())
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m-0"}]}
    assert cloud.request("projections", "GET", "/v1/projections/workflows").body["rebuild"]["slices_done"] == 1
