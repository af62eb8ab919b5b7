"""Workflows run through the deployed API: started, waited for, listed, read, cancelled, retried."""

import json
from pathlib import Path

import pytest

from tests.e2e.tenant import MANUAL, Tenant, completed, eventually, fields, row

ADDED = fields(total="{{ $json.price * 2 }}")


def test_a_workflow_is_created_published_run_and_listed(tenant: Tenant) -> None:
    workflow = tenant.publish_row("Double", MANUAL, ("double", "core.set", ADDED))
    ended = tenant.run(workflow, {"price": 4}, {"price": 5})
    assert ended["status"] == "done"
    assert [item["total"] for item in ended["items"]] == [8, 10]
    (listed,) = tenant.listed(workflow)
    assert listed["id"] == ended["id"]
    eventually("the listing says done", lambda: tenant.executions(workflow)[0]["status"] == "done")
    (shown,) = eventually("the workflow is listed", lambda: tenant.items("/v1/workflows"))
    assert (shown["id"], shown["name"], shown["status"]) == (workflow, "Double", "published")


def test_an_execution_runs_the_version_that_is_published_not_the_draft(tenant: Tenant) -> None:
    workflow = tenant.publish_row("Versions", MANUAL, ("say", "core.set", fields(said="one")))
    tenant.call(
        "PUT", f"/v1/workflows/{workflow}", row("Versions", MANUAL, ("say", "core.set", fields(said="two"))), expect=200
    )
    assert tenant.run(workflow)["items"] == [{"said": "one"}]
    tenant.call("POST", f"/v1/workflows/{workflow}/publish", expect=200)
    assert tenant.run(workflow)["items"] == [{"said": "two"}]
    versions = tenant.get(f"/v1/workflows/{workflow}/versions")
    assert [version["number"] for version in versions] == [2, 1]
    tenant.call("POST", f"/v1/workflows/{workflow}/versions/1/restore", expect=200)
    tenant.call("POST", f"/v1/workflows/{workflow}/publish", expect=200)
    assert tenant.run(workflow)["items"] == [{"said": "one"}]


def test_an_expression_that_needs_javascript_runs_in_the_deployed_function(tenant: Tenant) -> None:
    shout = fields(shout="{{ $json.name.toUpperCase().split('').reverse().join('') }}")
    workflow = tenant.publish_row("Shout", MANUAL, ("shout", "core.set", shout))
    assert tenant.run(workflow, {"name": "anna"})["items"][0]["shout"] == "ANNA"[::-1]


def test_a_start_that_is_left_to_the_queue_ends_too(tenant: Tenant) -> None:
    workflow = tenant.publish_row("Queued", MANUAL, ("double", "core.set", ADDED))
    begun = tenant.run(workflow, {"price": 1}, wait=0, expect=202)
    assert tenant.ended(begun["id"])["items"] == [{"price": 1, "total": 2}]


def test_the_same_idempotency_key_starts_one_execution(tenant: Tenant) -> None:
    workflow = tenant.publish_row("Once", MANUAL, ("double", "core.set", ADDED))
    first, second = (tenant.run(workflow, {"price": 1}, Idempotency_Key="order-17") for _ in range(2))
    other = tenant.run(workflow, {"price": 1}, Idempotency_Key="order-18")
    assert first["id"] == second["id"] != other["id"]
    assert len(tenant.listed(workflow, 2)) == 2


def test_a_sub_workflow_runs_within_its_parent(tenant: Tenant) -> None:
    child = tenant.publish_row("Child", MANUAL, ("double", "core.set", ADDED))
    parent = tenant.publish_row(
        "Parent", MANUAL, ("call", "core.workflow", {"workflow": child}), ("seen", "core.set", fields(seen=True))
    )
    ended = tenant.run(parent, {"price": 3})
    assert ended["items"] == [{"price": 3, "total": 6, "seen": True}]
    (started,) = tenant.listed(child)
    assert (started["parent"], started["mode"]) == (ended["id"], "child")


def test_a_failure_starts_the_error_workflow(tenant: Tenant) -> None:
    watch = tenant.publish_row("Watch", MANUAL, ("note", "core.set", fields(noted=True)))
    stop = ("stop", "core.stop", {"message": "no such patient", "kind": "UnknownPatient"})
    workflow = tenant.publish_row("Fails", MANUAL, stop, error_workflow=watch)
    failed = tenant.run(workflow)
    assert (failed["status"], failed["error"]["type"]) == ("failed", "UnknownPatient")
    (started,) = tenant.listed(watch)
    item = tenant.ended(started["id"])["items"][0]
    assert (item["execution"], item["error"]["message"]) == (failed["id"], "no such patient")


def test_a_failed_execution_goes_on_from_the_node_that_failed(tenant: Tenant) -> None:
    """The child that it calls is published only after the first try."""
    child = tenant.call("POST", "/v1/workflows", row("Late", MANUAL, ("ok", "core.set", fields(ok=True))), expect=201)[
        "id"
    ]
    emit = ("emit", "core.emit", {"type": "tried"})
    workflow = tenant.publish_row("Retried", MANUAL, emit, ("call", "core.workflow", {"workflow": child}))
    failed = tenant.run(workflow, {"n": 1})
    assert failed["status"] == "failed"
    tenant.call("POST", f"/v1/workflows/{child}/publish", expect=200)
    tenant.call("POST", f"/v1/executions/{failed['id']}/retry", expect=200, wait=20)
    ended = tenant.ended(failed["id"])
    assert ended["items"] == [{"n": 1, "ok": True}]
    assert completed(tenant.timeline(failed["id"])).count(("emit", 0)) == 1


def test_a_waiting_execution_can_be_cancelled(tenant: Tenant) -> None:
    workflow = tenant.publish_row("Cancelled", MANUAL, ("hold", "core.callback", {}))
    begun = tenant.run(workflow, wait=5, expect=202)
    tenant.call("POST", f"/v1/executions/{begun['id']}/cancel", {"reason": "wrong patient"}, expect=200)
    assert tenant.ended(begun["id"], "cancelled")["waiting"] == []
    tenant.call("POST", f"/v1/executions/{begun['id']}/cancel", {}, expect=409)


def test_a_concurrency_limit_lets_one_run_after_the_other(tenant: Tenant) -> None:
    workflow = tenant.publish_row("One at a time", MANUAL, ("hold", "core.callback", {}), concurrency=1)
    first = tenant.run(workflow, wait=5, expect=202)
    path = tenant.callback(first["id"], "hold")
    second = tenant.run(workflow, wait=1, expect=202)
    assert second["waiting"] == []
    tenant.call("POST", path, {"n": 1}, expect=200)
    tenant.ended(first["id"])
    tenant.call("POST", tenant.callback(second["id"], "hold"), {"n": 2}, expect=200)
    assert tenant.ended(second["id"])["items"] == [{"n": 2}]


def test_an_execution_can_be_read_as_it_was_and_its_events_as_they_are(tenant: Tenant) -> None:
    workflow = tenant.publish_row("Told", MANUAL, ("double", "core.set", ADDED))
    ended = tenant.run(workflow, {"price": 4})
    path = f"/v1/executions/{ended['id']}"
    assert tenant.get(path, version=1)["status"] == "running"
    assert [entry["type"] for entry in tenant.timeline(ended["id"])] == [
        "ExecutionStarted",
        "NodeCompleted",
        "NodeCompleted",
        "ExecutionCompleted",
    ]
    events = tenant.get(f"/v1/events/execution/{ended['id']}")["items"]
    assert [event["version"] for event in events] == [1, 2, 3, 4]
    assert tenant.get(f"{path}/items/double")["items"] == [{"price": 4, "total": 8}]


def test_another_tenants_key_sees_nothing(tenant: Tenant, other_tenant: Tenant) -> None:
    workflow = tenant.publish_row("Private", MANUAL, ("hold", "core.callback", {}))
    begun = tenant.run(workflow, wait=5, expect=202)
    tenant.listed(workflow)
    for path in (f"/v1/workflows/{workflow}", f"/v1/executions/{begun['id']}", f"/v1/events/execution/{begun['id']}"):
        tenant.get(path)
        other_tenant.call("GET", path, expect=404)
    assert other_tenant.items("/v1/workflows") == other_tenant.items("/v1/executions") == []
    other_tenant.call("POST", "/v1/executions", {"workflow": workflow}, expect=404)
    other_tenant.call("POST", f"/v1/executions/{begun['id']}/cancel", {}, expect=404)
    assert tenant.execution(begun["id"])["status"] == "waiting"


@pytest.mark.parametrize("key", ["", "pk_demo.none.none"], ids=["none", "unknown"])
def test_a_request_without_a_key_that_holds_is_refused(tenant: Tenant, key: str) -> None:
    problem = tenant.call("GET", "/v1/workflows", expect=401, headers={"X-API-Key": key})
    assert problem["type"] == "urn:penstock:problem:unauthenticated"


def test_the_openapi_document_that_is_served_is_the_committed_one(tenant: Tenant) -> None:
    committed = Path(__file__).parents[2] / "functions/openapi/openapi.json"
    assert tenant.get("/v1/openapi.json") == json.loads(committed.read_text(encoding="utf-8"))
