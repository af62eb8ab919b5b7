"""The workflows endpoint, as a client meets it."""

from typing import Any

import pytest

from penstock.aws import clients
from tests.functions.cloud import Cloud

MANUAL = {"name": "start", "type": "core.trigger.manual"}
DEFINITION = {
    "name": "Hello",
    "nodes": [MANUAL, {"name": "end", "type": "core.noop"}],
    "connections": [{"from": "start", "to": "end"}],
}


def created(cloud: Cloud, **more: Any) -> Any:
    return cloud.request("workflows", "POST", "/v1/workflows", {**DEFINITION, **more}).body


def test_a_workflow_is_created_as_a_draft(cloud: Cloud) -> None:
    answer = cloud.request("workflows", "POST", "/v1/workflows", DEFINITION)
    assert answer.status == 201
    assert answer.headers["ETag"] == '"1"'
    assert (answer.body["status"], answer.body["revision"], answer.body["version"]) == ("draft", 1, None)
    assert answer.body["definition"] == DEFINITION


def test_every_problem_of_a_definition_is_told_at_once(cloud: Cloud) -> None:
    bad = {
        "name": "Bad",
        "nodes": [MANUAL, {"name": "x", "type": "core.nop"}],
        "connections": [{"from": "start", "to": "y"}],
    }
    answer = cloud.request("workflows", "POST", "/v1/workflows", bad)
    assert answer.status == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert {problem["path"] for problem in answer.body["problems"]} >= {"nodes[1].type", "connections[0].to"}


def test_a_stale_if_match_changes_nothing(cloud: Cloud) -> None:
    workflow = created(cloud)
    path = f"/v1/workflows/{workflow['id']}"
    first = cloud.request("workflows", "PUT", path, {**DEFINITION, "name": "One"}, headers={"If-Match": '"1"'})
    second = cloud.request("workflows", "PUT", path, {**DEFINITION, "name": "Two"}, headers={"If-Match": '"1"'})
    assert (first.status, second.status, second.body["revision"]) == (200, 412, 2)
    assert cloud.request("workflows", "GET", path).body["definition"]["name"] == "One"


def test_a_version_can_be_restored(cloud: Cloud) -> None:
    path = f"/v1/workflows/{created(cloud)['id']}"
    cloud.request("workflows", "POST", f"{path}/publish")
    cloud.request("workflows", "PUT", path, {**DEFINITION, "name": "Changed"})
    restored = cloud.request("workflows", "POST", f"{path}/versions/1/restore")
    assert restored.body["definition"]["name"] == "Hello"
    assert cloud.request("workflows", "GET", path, query={"revision": "3"}).body["definition"]["name"] == "Changed"


def test_an_export_can_be_imported(cloud: Cloud) -> None:
    export = cloud.request("workflows", "GET", f"/v1/workflows/{created(cloud)['id']}/export").body
    answer = cloud.request("workflows", "POST", "/v1/workflows/import", export)
    assert (answer.status, answer.body["definition"]) == (201, DEFINITION)


def test_listing_goes_page_by_page(cloud: Cloud) -> None:
    ids = [created(cloud, name=f"W{number}")["id"] for number in range(3)]
    cloud.catch_up()
    first = cloud.request("workflows", "GET", "/v1/workflows", query={"limit": "2"}).body
    second = cloud.request("workflows", "GET", "/v1/workflows", query={"limit": "2", "cursor": first["next"]}).body
    assert [item["id"] for item in first["items"] + second["items"]] == sorted(ids, reverse=True)
    assert second["next"] is None


def test_listing_by_status_shows_only_those(cloud: Cloud) -> None:
    first, second = created(cloud), created(cloud)
    cloud.request("workflows", "POST", f"/v1/workflows/{first['id']}/publish")
    cloud.catch_up()
    found = cloud.request("workflows", "GET", "/v1/workflows", query={"status": "draft"}).body
    assert [item["id"] for item in found["items"]] == [second["id"]]


def test_a_deleted_workflow_is_gone(cloud: Cloud) -> None:
    path = f"/v1/workflows/{created(cloud)['id']}"
    assert cloud.request("workflows", "DELETE", path).status == 204
    assert cloud.request("workflows", "GET", path).status == 404


def test_the_same_idempotency_key_creates_once(cloud: Cloud) -> None:
    headers = {"Idempotency-Key": "k1"}
    first = cloud.request("workflows", "POST", "/v1/workflows", DEFINITION, headers=headers)
    second = cloud.request("workflows", "POST", "/v1/workflows", DEFINITION, headers=headers)
    assert (first.status, second.status) == (201, 201)
    assert first.body == second.body
    assert second.headers["ETag"] == '"1"'


def test_an_idempotency_key_serves_one_body_only(cloud: Cloud) -> None:
    headers = {"Idempotency-Key": "k1"}
    cloud.request("workflows", "POST", "/v1/workflows", DEFINITION, headers=headers)
    answer = cloud.request("workflows", "POST", "/v1/workflows", {**DEFINITION, "name": "Other"}, headers=headers)
    assert (answer.status, answer.body["type"]) == (422, "urn:penstock:problem:key-reused")


def forget_answers() -> None:
    """As when a function was cut off after it had stored, and before it kept its answer; or after a day."""
    for item in clients.dynamodb().scan(TableName="views")["Items"]:
        if item["pk"]["S"] == "acme#idempotency":
            clients.dynamodb().delete_item(TableName="views", Key={"pk": item["pk"], "sk": item["sk"]})


def test_a_workflow_is_created_once_also_when_its_answer_was_lost(cloud: Cloud) -> None:
    headers = {"Idempotency-Key": "k1"}
    first = cloud.request("workflows", "POST", "/v1/workflows", DEFINITION, headers=headers)
    forget_answers()
    second = cloud.request("workflows", "POST", "/v1/workflows", DEFINITION, headers=headers)
    assert second.body == first.body
    assert len([stream for stream in cloud.streams() if stream.kind == "workflow"]) == 1


def test_a_change_sent_again_does_not_undo_the_one_that_came_in_between(cloud: Cloud) -> None:
    path, headers = f"/v1/workflows/{created(cloud)['id']}", {"Idempotency-Key": "k1", "If-Match": '"1"'}
    first = cloud.request("workflows", "PUT", path, {**DEFINITION, "name": "One"}, headers=headers)
    cloud.request("workflows", "PUT", path, {**DEFINITION, "name": "Two"})
    forget_answers()
    again = cloud.request("workflows", "PUT", path, {**DEFINITION, "name": "One"}, headers=headers)
    assert (again.status, again.body) == (200, first.body)
    assert cloud.request("workflows", "GET", path).body["definition"]["name"] == "Two"


@pytest.mark.parametrize("precondition", [{}, {"If-Match": '"1"'}])
def test_a_workflow_that_is_not_there_cannot_be_changed(cloud: Cloud, precondition: dict[str, str]) -> None:
    path = f"/v1/workflows/{created(cloud)['id']}"
    cloud.request("workflows", "DELETE", path)
    for missing in (path, "/v1/workflows/never-made"):
        answer = cloud.request("workflows", "PUT", missing, DEFINITION, headers=precondition)
        assert (answer.status, answer.body["type"]) == (404, "urn:penstock:problem:unknown-workflow")


@pytest.mark.parametrize("key", ["", "nonsense", "pk_acme.0.wrong"])
def test_without_credentials_that_hold_nothing_is_answered(cloud: Cloud, key: str) -> None:
    answer = cloud.request("workflows", "GET", "/v1/workflows", key=key)
    assert (answer.status, answer.body["type"]) == (401, "urn:penstock:problem:unauthenticated")
    assert "ApiKey" in answer.headers["WWW-Authenticate"]


def test_a_body_that_is_not_json_is_named(cloud: Cloud) -> None:
    answer = cloud.request("workflows", "POST", "/v1/workflows", "{nope")
    assert (answer.status, answer.body["type"]) == (422, "urn:penstock:problem:invalid-request")


def test_an_unknown_path_is_a_problem_too(cloud: Cloud) -> None:
    answer = cloud.request("workflows", "GET", "/v1/workflows/a/b/c/d")
    assert (answer.status, answer.headers["Content-Type"]) == (404, "application/problem+json")
