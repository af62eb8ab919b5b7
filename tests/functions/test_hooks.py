"""Webhooks and callbacks, as their callers meet them."""

from typing import Any

import pytest

from penstock.identity.model import Scope
from tests.functions.cloud import Answer, Cloud
from tests.functions.flows import ASK, STOP, executions, start, workflow

PATH = "lab/results"


def hook(**parameters: Any) -> dict[str, Any]:
    return {"name": "hook", "type": "core.trigger.webhook", "parameters": {"path": PATH, **parameters}}


def call(
    cloud: Cloud, body: Any = None, *, method: str = "POST", path: str = PATH, tenant: str = "acme", **more: Any
) -> Answer:
    return cloud.request("hooks", method, f"/v1/hooks/{tenant}/{path}", body, **more)


def test_a_webhook_answers_at_once_and_leaves_the_work_to_the_queue(cloud: Cloud) -> None:
    workflow(cloud, trigger=hook())
    answer = call(cloud, {"value": 7})
    assert (answer.status, answer.body["status"]) == (202, "running")
    assert cloud.messages("engine") == [{"stream": f"acme#execution#{answer.body['execution']}"}]


def test_the_item_is_the_request_without_its_credentials(cloud: Cloud) -> None:
    workflow(cloud, trigger=hook(respond="when_done", methods=["PUT"]))
    answer = call(
        cloud, {"value": 7}, method="PUT", query={"ward": "3B"}, headers={"X-Source": "lab", "Cookie": "secret"}
    )
    assert answer.status == 200
    (item,) = answer.body
    assert (item["method"], item["path"], item["query"], item["body"]) == ("PUT", PATH, {"ward": "3B"}, {"value": 7})
    assert item["headers"]["x-source"] == "lab"
    assert cloud.key not in answer.text
    assert "secret" not in answer.text


def test_a_webhook_answers_what_the_respond_node_says(cloud: Cloud) -> None:
    respond = {
        "name": "answer",
        "type": "core.respond",
        "parameters": {"status": 201, "headers": {"X-Lab": "yes"}, "body": {"got": "{{ $json.body.value }}"}},
    }
    workflow(cloud, respond, ASK, trigger=hook(respond="respond_node"))
    answer = call(cloud, {"value": 7})
    assert (answer.status, answer.headers["X-Lab"], answer.body) == (201, "yes", {"got": 7})


def test_text_is_answered_as_it_is(cloud: Cloud) -> None:
    respond = {
        "name": "answer",
        "type": "core.respond",
        "parameters": {"headers": {"content-type": "text/csv"}, "body": "a,b"},
    }
    workflow(cloud, respond, trigger=hook(respond="respond_node"))
    answer = call(cloud)
    assert (answer.status, answer.headers["Content-Type"], answer.text) == (200, "text/csv", "a,b")


@pytest.mark.parametrize("respond", ["when_done", "respond_node"])
def test_a_failure_is_no_answer_and_does_not_tell_strangers_why(cloud: Cloud, respond: str) -> None:
    workflow(cloud, STOP, trigger=hook(respond=respond))
    answer = call(cloud)
    assert (answer.status, answer.body["type"]) == (502, "urn:penstock:problem:no-answer")
    assert answer.body["execution"] in executions(cloud)
    assert "no more" not in answer.text


def test_an_execution_that_waits_is_answered_as_accepted(cloud: Cloud) -> None:
    workflow(cloud, ASK, trigger=hook(respond="when_done"))
    answer = call(cloud)
    assert (answer.status, answer.body["status"]) == (202, "waiting")


@pytest.mark.parametrize("more", [{"path": "lab/other"}, {"path": "lab"}, {"method": "GET"}, {"tenant": "other"}])
def test_what_no_webhook_is_for_is_not_found(cloud: Cloud, more: Any) -> None:
    workflow(cloud, trigger=hook())
    answer = call(cloud, **more)
    assert (answer.status, answer.body["type"]) == (404, "urn:penstock:problem:unknown-workflow")
    assert executions(cloud) == []


def test_an_archived_workflow_has_no_webhook(cloud: Cloud) -> None:
    name = workflow(cloud, trigger=hook())
    cloud.request("workflows", "POST", f"/v1/workflows/{name}/archive")
    cloud.catch_up()
    assert call(cloud).status == 404


def test_callers_need_a_key_of_the_tenant_that_may_run(cloud: Cloud) -> None:
    workflow(cloud, trigger=hook())
    keys = {
        "": 401,
        cloud.new_key("other"): 401,
        cloud.new_key("acme", Scope.READ): 403,
        cloud.new_key("acme", Scope.RUN): 202,
    }
    assert {key: call(cloud, key=key).status for key in keys} == keys
    assert len(executions(cloud)) == 1


def test_an_open_webhook_needs_no_key(cloud: Cloud) -> None:
    workflow(cloud, trigger=hook(authentication="none"))
    execution = call(cloud, key="").body["execution"]
    shown = cloud.request("executions", "GET", f"/v1/executions/{execution}").body
    assert (shown["actor"], shown["mode"]) == ("webhook:hook", "webhook")


def test_the_same_idempotency_key_starts_one_execution(cloud: Cloud) -> None:
    workflow(cloud, trigger=hook(authentication="none"))
    headers = {"Idempotency-Key": "m-1"}
    first, second = (call(cloud, key="", headers=headers) for _ in range(2))
    assert first.body["execution"] == second.body["execution"]
    assert len(executions(cloud)) == 1


@pytest.mark.parametrize(
    ("content_type", "body", "found"),
    [
        ("application/x-www-form-urlencoded", "a=1&b=", {"a": "1", "b": ""}),
        ("text/plain", "MSH|^~\\&", "MSH|^~\\&"),
        ("application/fhir+json; charset=utf-8", '{"a": 1}', {"a": 1}),
        ("application/json", None, None),
    ],
)
def test_bodies_are_read_by_their_type(cloud: Cloud, content_type: str, body: str | None, found: Any) -> None:
    workflow(cloud, trigger=hook(respond="when_done"))
    assert call(cloud, body, headers={"Content-Type": content_type}).body[0]["body"] == found


def test_a_body_that_is_not_the_json_it_says_is_refused(cloud: Cloud) -> None:
    workflow(cloud, trigger=hook())
    answer = call(cloud, "{nope")
    assert (answer.status, answer.body["problems"][0]["path"]) == (422, "body")
    assert executions(cloud) == []


@pytest.fixture
def asking(cloud: Cloud) -> str:
    """The callback's path of an execution that waits for an approval."""
    return str(start(cloud, workflow(cloud, ASK)).body["waiting"][0]["callback"])


def test_a_callback_shows_what_is_asked_and_changes_nothing(cloud: Cloud, asking: str) -> None:
    answer = cloud.request("hooks", "GET", asking, key="")
    assert answer.status == 200
    assert answer.body["details"]["message"] == "Seen?"
    assert answer.body["until"] > "2026"
    assert cloud.request("hooks", "GET", asking, key="").body == answer.body


def test_an_approval_carries_the_execution_on_once(cloud: Cloud, asking: str) -> None:
    answer = cloud.request("hooks", "POST", asking, {"approved": True, "by": "dr.b"}, key="")
    assert (answer.status, answer.body["status"]) == (200, "done")
    found = cloud.request("executions", "GET", f"/v1/executions/{answer.body['execution']}").body
    assert found["items"][0]["approval"] == {"approved": True, "by": "dr.b", "comment": ""}
    again = cloud.request("hooks", "POST", asking, {"approved": True}, key="")
    assert (again.status, again.body["type"]) == (404, "urn:penstock:problem:unknown-callback")


@pytest.mark.parametrize(
    ("payload", "paths"),
    [({}, ["approved"]), ({"approved": "yes"}, ["approved"]), ({"approved": True, "bye": 1}, ["bye"]), (7, ["body"])],
)
def test_a_decision_that_is_none_is_named_and_the_approval_still_waits(
    cloud: Cloud, asking: str, payload: Any, paths: list[str]
) -> None:
    answer = cloud.request("hooks", "POST", asking, payload, key="")
    assert (answer.status, [problem["path"] for problem in answer.body["problems"]]) == (422, paths)
    assert cloud.request("hooks", "GET", asking, key="").status == 200


def test_a_callback_takes_any_json(cloud: Cloud) -> None:
    waits = {"name": "wait", "type": "core.callback", "parameters": {"payload_field": "answer"}}
    path = start(cloud, workflow(cloud, waits)).body["waiting"][0]["callback"]
    execution = cloud.request("hooks", "POST", path, [1, None, "x"], key="").body["execution"]
    assert cloud.request("executions", "GET", f"/v1/executions/{execution}").body["items"] == [
        {"answer": [1, None, "x"]}
    ]


def test_a_callback_over_the_limit_is_refused(cloud: Cloud, asking: str) -> None:
    answer = cloud.request("hooks", "POST", asking, '"' + "x" * 1_000_000 + '"', key="")
    assert answer.status == 413
    assert cloud.request("hooks", "GET", asking, key="").status == 200


def test_a_callback_of_a_cancelled_execution_is_gone(cloud: Cloud, asking: str) -> None:
    execution = asking.split("/")[4]
    cloud.request("executions", "POST", f"/v1/executions/{execution}/cancel", {})
    for method in ("GET", "POST"):
        assert cloud.request("hooks", method, asking, {"approved": True}, key="").status == 404


@pytest.mark.parametrize("place", [3, 4, 5])
def test_a_callback_needs_the_right_tenant_execution_and_token(cloud: Cloud, asking: str, place: int) -> None:
    parts = asking.split("/")
    parts[place] = "other"
    answer = cloud.request("hooks", "POST", "/".join(parts), {"approved": True}, key="")
    assert (answer.status, answer.body["type"]) == (404, "urn:penstock:problem:unknown-callback")
