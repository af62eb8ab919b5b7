"""Metrics from the feed to the API, by the functions that are deployed, on moto."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from penstock.aws import wiring
from penstock.clock import iso, utc_now
from penstock.events.feed import Mark, feed_stream, index
from tests.functions.cloud import Cloud, load
from tests.functions.flows import SET, STOP, start, workflow
from tests.functions.saga_runs import ORDER, furnish, run_machine
from tests.functions.saga_runs import start as start_saga


def count(cloud: Cloud, tenant: str = "acme") -> dict[str, Any]:
    """What the sequencer and the consumer do about everything that happened."""
    heard = {stream: [Mark.of(commit) for commit in wiring.events().commits(stream)] for stream in cloud.streams()}
    index(
        wiring.feed(), wiring.events(), tenant, {each: marks for each, marks in heard.items() if each.tenant == tenant}
    )
    nudge = {"stream": str(feed_stream(tenant)), "commit": wiring.feed().head(tenant)}
    found: dict[str, Any] = load("metrics_projector").handler(cloud.sqs_event(nudge), cloud.context())
    return found


def read(cloud: Cloud, path: str, **query: str) -> Any:
    answer = cloud.request(
        "metrics", "GET", f"/v1/metrics/{path}", query={key.rstrip("_"): query[key] for key in query}
    )
    assert answer.status == 200, answer.text
    return answer.body


def test_runs_of_workflows_are_counted_and_read(cloud: Cloud) -> None:
    well, ill = workflow(cloud, SET), workflow(cloud, STOP)
    for _ in range(3):
        start(cloud, well, items=[{"a": 1}])
    start(cloud, ill)
    assert count(cloud) == {"batchItemFailures": []}
    answer = read(cloud, "workflows")
    found = {item["id"]: item for item in answer["items"]}
    assert (found[well]["started"], found[well]["completed"], found[well]["error_rate"]) == (3, 3, 0.0)
    assert (found[ill]["failed"], found[ill]["error_rate"], list(found[ill]["errors"])) == (1, 1.0, ["Stopped"])
    assert found[well]["p50_ms"] <= found[well]["p95_ms"] <= found[well]["p99_ms"]
    hours = (datetime.fromisoformat(answer["to"]) - datetime.fromisoformat(answer["from"])) / timedelta(hours=1)
    assert found[well]["per_hour"] == round(3 / hours, 3)


def test_one_workflow_is_read_hour_by_hour_and_node_by_node(cloud: Cloud) -> None:
    known = workflow(cloud, SET)
    start(cloud, known, items=[{"a": 1}])
    count(cloud)
    found = read(cloud, f"workflows/{known}")
    assert [hour["completed"] for hour in found["hours"]] == [1]
    assert found["hours"][0]["hour"].endswith(":00:00.000Z")
    assert {node["node"]: node["runs"] for node in found["nodes"]} == {"start": 1, "set": 1}
    assert (found["id"], found["started"]) == (known, 1)


def test_what_is_told_twice_counts_once(cloud: Cloud) -> None:
    known = workflow(cloud, SET)
    start(cloud, known, items=[{"a": 1}])
    for _ in range(3):
        count(cloud)
    assert read(cloud, f"workflows/{known}")["started"] == 1


def test_runs_of_sagas_are_counted_by_their_steps(cloud: Cloud) -> None:
    furnish()
    run_machine(start_saga(cloud, "order_fulfilment", ORDER))
    count(cloud)
    (found,) = read(cloud, "sagas")["items"]
    assert (found["id"], found["completed"], found["failed"]) == ("order_fulfilment", 1, 0)
    detail = read(cloud, "sagas/order_fulfilment")
    assert {node["runs"] for node in detail["nodes"]} == {1}
    assert read(cloud, "sagas/wire_transfer")["started"] == 0


def test_a_time_before_anything_happened_holds_nothing(cloud: Cloud) -> None:
    known = workflow(cloud, SET)
    start(cloud, known, items=[{"a": 1}])
    count(cloud)
    ago = iso(utc_now() - timedelta(days=2))
    assert read(cloud, "workflows", to=ago)["items"] == []
    assert read(cloud, f"workflows/{known}", to=ago)["hours"] == []


@pytest.mark.parametrize("path", ["workflows/none", "sagas/none"])
def test_what_is_not_there_and_never_ran_is_not_found(cloud: Cloud, path: str) -> None:
    assert cloud.request("metrics", "GET", f"/v1/metrics/{path}").status == 404


@pytest.mark.parametrize(
    "query",
    [
        {"from": "2026-01-01T00:00:00Z", "to": "2026-02-02T00:00:00Z"},
        {"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"},
        {"from": "2026-01-01T00:00:00"},
        {"to": "yesterday"},
    ],
)
def test_a_time_that_is_too_long_or_none_is_refused(cloud: Cloud, query: dict[str, str]) -> None:
    for path in ("/v1/metrics/workflows", "/v1/metrics/sagas/wire_transfer"):
        answer = cloud.request("metrics", "GET", path, query=query)
        assert (answer.status, answer.body["type"]) == (422, "urn:penstock:problem:invalid-request")


def test_the_consumer_publishes_its_lag(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    start(cloud, workflow(cloud, SET), items=[{"a": 1}])
    capsys.readouterr()
    count(cloud)
    assert '"projection":"metrics_projector"' in capsys.readouterr().out
