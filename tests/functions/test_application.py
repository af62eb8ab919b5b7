"""What every endpoint has of its application."""

import json
from typing import Any

import pytest

from penstock.api import application
from penstock.aws import wiring
from tests.functions.cloud import Cloud
from tests.functions.flows import executions, start, workflow


@pytest.mark.parametrize("body", ["", "{nope", "[]", '"text"', "7", "null", '[{"workflow": "w"}]'])
def test_a_body_of_the_wrong_shape_starts_nothing(cloud: Cloud, body: str) -> None:
    known = workflow(cloud)
    answer = cloud.request("executions", "POST", "/v1/executions", body.replace('"w"', json.dumps(known)))
    assert (answer.status, answer.body["type"]) == (422, "urn:penstock:problem:invalid-request")
    assert all(problem["path"].startswith("body") and problem["message"] for problem in answer.body["problems"])
    assert executions(cloud) == []


def test_a_body_that_is_no_json_by_its_header_is_refused(cloud: Cloud) -> None:
    headers = {"Content-Type": "text/plain"}
    answer = cloud.request("executions", "POST", "/v1/executions", '{"workflow": "w"}', headers=headers)
    assert (answer.status, answer.body["type"]) == (415, "urn:penstock:problem:unsupported-media-type")


def test_what_fails_unexpectedly_says_nothing_of_why(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> Any:
        raise RuntimeError("Doe, John")

    monkeypatch.setattr(wiring, "views", broken)
    answer = cloud.request("workflows", "GET", "/v1/workflows")
    assert (answer.status, answer.body["type"]) == (500, "urn:penstock:problem:unexpected")
    assert answer.body["instance"] in caplog.text
    assert "Doe" not in answer.text + caplog.text


def test_an_answer_that_cannot_be_sent_says_so(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    name = workflow(cloud)
    monkeypatch.setattr(application, "LARGEST_ANSWER", 100)
    answer = cloud.request("workflows", "GET", f"/v1/workflows/{name}")
    assert (answer.status, answer.body["type"]) == (500, "urn:penstock:problem:answer-too-large")
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_items_that_are_many_are_shown_in_part_and_counted(cloud: Cloud) -> None:
    items = [{"text": "x" * 500_000} for _ in range(10)]
    found = start(cloud, workflow(cloud), items=items).body
    assert (len(found["items"]), found["items_total"]) == (7, 10)


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_an_idempotency_key_is_bounded(cloud: Cloud, key: str) -> None:
    answer = start(cloud, "none", headers={"Idempotency-Key": key})
    assert (answer.status, answer.body["problems"][0]["path"]) == (422, "Idempotency-Key")


def test_an_idempotency_key_belongs_to_its_tenant(cloud: Cloud) -> None:
    headers = {"Idempotency-Key": "k-1"}
    definition = {"name": "Hello", "nodes": [{"name": "start", "type": "core.trigger.manual"}]}
    first, second = (
        cloud.request("workflows", "POST", "/v1/workflows", definition, headers=headers, key=key)
        for key in (cloud.key, cloud.new_key("other"))
    )
    assert first.body["id"] != second.body["id"]


def test_what_was_refused_may_be_sent_again_with_its_key(cloud: Cloud) -> None:
    headers = {"Idempotency-Key": "k-1"}
    draft = workflow(cloud, publish=False)
    assert start(cloud, draft, headers=headers).status == 404
    cloud.request("workflows", "POST", f"/v1/workflows/{draft}/publish")
    assert start(cloud, draft, headers=headers).status == 200


def test_credentials_come_before_the_shape_of_a_request(cloud: Cloud) -> None:
    assert cloud.request("executions", "POST", "/v1/executions", "{nope", key="").status == 401
