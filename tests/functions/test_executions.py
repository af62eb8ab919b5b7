"""The executions endpoint, as a client meets it."""

from typing import Any

import pytest

from penstock.identity.model import Scope
from tests.functions.cloud import Answer, Cloud, load
from tests.functions.flows import ASK, SET, STOP, executions, start, workflow


def read(cloud: Cloud, execution: str, rest: str = "", **query: str) -> Answer:
    return cloud.request("executions", "GET", f"/v1/executions/{execution}{rest}", query=query or None)


def test_an_execution_that_ends_in_time_is_answered_with_its_items(cloud: Cloud) -> None:
    answer = start(cloud, workflow(cloud, SET), items=[{"a": 1}, {"a": 2}])
    assert answer.status == 200, answer.body
    assert answer.headers["Location"] == f"/v1/executions/{answer.body['id']}"
    assert (answer.body["status"], answer.body["items_total"]) == ("done", 2)
    assert [item["b"] for item in answer.body["items"]] == [2, 3]


def test_without_waiting_the_queue_gets_all_of_it(cloud: Cloud) -> None:
    answer = start(cloud, workflow(cloud, SET), wait=0, items=[{"a": 1}])
    assert (answer.status, answer.body["status"]) == (202, "running")
    messages = cloud.messages("engine")
    assert messages == [{"stream": f"acme#execution#{answer.body['id']}"}]
    assert load("engine").handler(cloud.sqs_event(*messages), cloud.context()) == {"batchItemFailures": []}
    found = read(cloud, answer.body["id"]).body
    assert (found["status"], found["items"]) == ("done", [{"a": 1, "b": 2}])
    assert found["ended_at"] >= found["started_at"]


def test_a_message_for_no_execution_fails_alone(cloud: Cloud) -> None:
    running = start(cloud, workflow(cloud), wait=0).body["id"]
    messages = [{"stream": "acme#execution#none"}, {"stream": f"acme#execution#{running}"}]
    answer = load("engine").handler(cloud.sqs_event(*messages), cloud.context())
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m-0"}]}
    assert read(cloud, running).body["status"] == "done"


def test_a_draft_runs_only_when_it_is_asked_for(cloud: Cloud) -> None:
    draft = workflow(cloud, publish=False)
    refused = start(cloud, draft)
    assert (refused.status, refused.body["type"]) == (404, "urn:penstock:problem:unknown-workflow")
    assert start(cloud, draft, draft=True).status == 200


def test_a_trigger_that_is_not_there_is_named(cloud: Cloud) -> None:
    answer = start(cloud, workflow(cloud), trigger="other")
    assert (answer.status, answer.body["type"]) == (409, "urn:penstock:problem:wrong-state")
    assert "other" in answer.body["detail"]


def test_the_same_idempotency_key_starts_once(cloud: Cloud) -> None:
    headers = {"Idempotency-Key": "k-1"}
    known = workflow(cloud)
    first, second = start(cloud, known, headers=headers), start(cloud, known, headers=headers)
    assert (first.status, second.status) == (200, 200)
    assert first.body == second.body
    assert len(executions(cloud)) == 1


def test_the_same_key_with_other_items_is_refused(cloud: Cloud) -> None:
    known = workflow(cloud)
    start(cloud, known, headers={"Idempotency-Key": "k-1"}, items=[{"a": 1}])
    answer = start(cloud, known, headers={"Idempotency-Key": "k-1"}, items=[{"a": 2}])
    assert (answer.status, answer.body["type"]) == (422, "urn:penstock:problem:key-reused")


def test_a_large_answer_is_given_again_too(cloud: Cloud) -> None:
    known, items = workflow(cloud), [{"text": "x" * 1_000} for _ in range(500)]
    first = start(cloud, known, headers={"Idempotency-Key": "k-1"}, items=items)
    second = start(cloud, known, headers={"Idempotency-Key": "k-1"}, items=items)
    assert (first.status, len(first.body["items"])) == (200, 500)
    assert second.body == first.body


def test_a_waiting_execution_says_what_is_asked_and_where_to_answer(cloud: Cloud) -> None:
    answer = start(cloud, workflow(cloud, ASK))
    assert (answer.status, answer.body["status"]) == (202, "waiting")
    (waiting,) = read(cloud, answer.body["id"]).body["waiting"]
    assert (waiting["node"], waiting["reason"]) == ("ask", "callback")
    assert waiting["details"]["message"] == "Seen?"
    assert waiting["callback"].startswith(f"/v1/callbacks/acme/{answer.body['id']}/")


def test_who_may_only_read_does_not_see_the_callback(cloud: Cloud) -> None:
    execution = start(cloud, workflow(cloud, ASK)).body["id"]
    reader = cloud.new_key("acme", Scope.READ)
    found = cloud.request("executions", "GET", f"/v1/executions/{execution}", key=reader).body
    assert found["waiting"][0]["callback"] is None


def test_an_execution_is_read_as_it_was(cloud: Cloud) -> None:
    execution = start(cloud, workflow(cloud, SET), items=[{"a": 1}]).body["id"]
    then = read(cloud, execution, version="2").body
    assert (then["status"], then["version"], then["items"], then["ended_at"]) == ("running", 2, [{"a": 1}], None)


def test_the_timeline_tells_each_step(cloud: Cloud) -> None:
    execution = start(cloud, workflow(cloud, SET, STOP), items=[{"a": 1}, {"a": 2}]).body["id"]
    entries = read(cloud, execution, "/timeline").body["items"]
    assert [(entry["type"], entry["node"], entry["outputs"]) for entry in entries] == [
        ("ExecutionStarted", None, {}),
        ("NodeCompleted", "start", {"main": 2}),
        ("NodeCompleted", "set", {"main": 2}),
        ("NodeFailed", "stop", {}),
        ("ExecutionFailed", "stop", {}),
    ]
    assert entries[3]["error"]["message"] == "no more"
    assert entries[3]["attempt"] == 1
    assert entries[0]["actor"].startswith("key:")


def test_the_timeline_goes_page_by_page(cloud: Cloud) -> None:
    execution = start(cloud, workflow(cloud)).body["id"]
    first = read(cloud, execution, "/timeline", limit="2").body
    second = read(cloud, execution, "/timeline", limit="2", after=str(first["next"])).body
    assert [entry["version"] for entry in first["items"] + second["items"]] == [1, 2, 3]
    assert second["next"] is None


def test_a_nodes_items_go_page_by_page(cloud: Cloud) -> None:
    named = {**SET, "name": "my set"}
    execution = start(cloud, workflow(cloud, named), items=[{"a": n} for n in range(3)]).body["id"]
    first = read(cloud, execution, "/items/my%20set", limit="2").body
    second = read(cloud, execution, "/items/my set", limit="2", offset=str(first["next"])).body
    assert [item["b"] for item in first["items"] + second["items"]] == [1, 2, 3]
    assert (first["run"], first["port"], first["ports"], second["next"]) == (0, "main", {"main": 3}, None)


def test_a_node_that_never_ran_has_no_items(cloud: Cloud) -> None:
    execution = start(cloud, workflow(cloud)).body["id"]
    assert read(cloud, execution, "/items/other").status == 404


def test_a_cancelled_execution_is_over(cloud: Cloud) -> None:
    execution = start(cloud, workflow(cloud, ASK)).body["id"]
    path = f"/v1/executions/{execution}/cancel"
    answer = cloud.request("executions", "POST", path, {"reason": "mistake"})
    assert (answer.status, answer.body["status"], answer.body["waiting"]) == (200, "cancelled", [])
    assert read(cloud, execution, "/timeline").body["items"][-1]["reason"] == "mistake"
    assert cloud.request("executions", "POST", path, {}).status == 409


def test_a_failed_execution_is_retried_from_where_it_failed(cloud: Cloud) -> None:
    execution = start(cloud, workflow(cloud, STOP)).body["id"]
    answer = cloud.request("executions", "POST", f"/v1/executions/{execution}/retry", query={"wait": "5"})
    assert (answer.status, answer.body["status"]) == (200, "failed")
    types = [(entry["type"], entry["attempt"]) for entry in read(cloud, execution, "/timeline").body["items"]]
    assert types[-3:] == [("ExecutionRetried", None), ("NodeFailed", 2), ("ExecutionFailed", None)]


def test_listing_filters_by_workflow_and_status(cloud: Cloud) -> None:
    well, ill = workflow(cloud), workflow(cloud, STOP)
    ids = {name: start(cloud, name).body["id"] for name in (well, ill)}
    start(cloud, well)
    cloud.catch_up()

    def listed(**query: str) -> list[str]:
        found = cloud.request("executions", "GET", "/v1/executions", query=query)
        return [item["id"] for item in found.body["items"]]

    assert listed(workflow=ill) == [ids[ill]]
    assert listed(status="failed") == [ids[ill]]
    assert listed(workflow=well, status="failed") == []
    assert len(listed(workflow=well, status="done")) == 2
    assert len(listed()) == 3


@pytest.mark.parametrize(
    ("body", "query", "path"),
    [
        ({}, {}, "body.workflow"),
        ({"workflow": "w", "item": []}, {}, "body.item"),
        ({"workflow": "w", "items": [1]}, {}, "body.items.0"),
        ({"workflow": "w", "items": [{}] * 10_001}, {}, "body.items"),
        ({"workflow": "w"}, {"wait": "26"}, "query.wait"),
        ({"workflow": "w"}, {"wait": "soon"}, "query.wait"),
    ],
)
def test_bad_input_is_named_with_its_reason(cloud: Cloud, body: Any, query: dict[str, str], path: str) -> None:
    answer = cloud.request("executions", "POST", "/v1/executions", body, query=query)
    assert (answer.status, answer.headers["Content-Type"]) == (422, "application/problem+json")
    assert [problem["path"] for problem in answer.body["problems"]] == [path]
    assert answer.body["problems"][0]["message"]


def test_a_body_over_the_limit_is_refused(cloud: Cloud) -> None:
    answer = cloud.request("executions", "POST", "/v1/executions", "x" * 6_000_001)
    assert (answer.status, answer.body["type"]) == (413, "urn:penstock:problem:too-large")


def test_the_callers_correlation_is_kept(cloud: Cloud) -> None:
    answer = start(cloud, workflow(cloud), headers={"X-Correlation-Id": "order-7"})
    assert read(cloud, answer.body["id"]).body["correlation"] == "order-7"
