"""FHIR connections to AWS HealthLake, as those meet them who set them up."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from penstock.aws import clients
from penstock_healthcare.fhir.connections.datastores import DATASTORES
from tests.functions.cloud import Answer, Cloud
from tests.unit.healthcare.fhir.client.healthlake import KEY_ID, REGION, SECRET, SESSION, HealthLake, running

PATH = "/v1/healthcare/fhir-connections"


@pytest.fixture
def lake(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[HealthLake]:
    """A data store that the operator lets acme use; the function's role is in the environment, as Lambda has it."""
    monkeypatch.setenv("PENSTOCK_HTTP_ALLOW", "127.0.0.1")
    role = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": SESSION}
    for name, value in role.items():
        monkeypatch.setenv(name, value)
    with running() as server:
        monkeypatch.setenv(DATASTORES, json.dumps({"acme": {server.base: REGION}}))
        yield server


def call(cloud: Cloud, method: str, path: str = "", body: Any = None) -> Answer:
    return cloud.request("fhir_connections", method, f"{PATH}{path}", body)


def settings(lake: HealthLake, **more: Any) -> dict[str, Any]:
    return {"base_url": f"{lake.base}/", "vendor": "healthlake", "auth": "aws", **more}


def test_a_data_store_is_reached_as_the_function_itself(cloud: Cloud, lake: HealthLake) -> None:
    made = call(cloud, "PUT", "/lake", settings(lake))
    assert (made.status, made.body["auth"], made.body["keys"], made.body["jwks_path"]) == (200, "aws", [], None)
    told = call(cloud, "POST", "/lake/test").body
    assert told == {"is_reached": True, "error": None, "message": None, "fhir_version": "4.0.1"}
    assert lake.refused == []


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"base_url": "https://healthlake.eu-west-2.amazonaws.com/datastore/another/r4/"}, "body.base_url"),
        ({"base_url": "https://attacker.example/datastore/0123456789abcdef0123456789abcdef/r4"}, "body.base_url"),
        ({"vendor": "generic"}, "body.vendor"),
    ],
)
def test_what_the_operator_does_not_allow_is_not_set_up(
    cloud: Cloud, lake: HealthLake, change: dict[str, Any], path: str
) -> None:
    answer = call(cloud, "PUT", "/lake", settings(lake, **change))
    assert (answer.status, answer.body["problems"][0]["path"]) == (422, path)
    assert call(cloud, "GET", "/lake").status == 404


def test_a_data_store_that_was_taken_away_is_not_tried(
    cloud: Cloud, lake: HealthLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    call(cloud, "PUT", "/lake", settings(lake))
    monkeypatch.delenv(DATASTORES)
    answer = call(cloud, "POST", "/lake/test")
    assert (answer.status, answer.body["problems"][0]["path"], lake.server.asked) == (422, "connection", [])


def test_the_roles_credentials_are_kept_and_shown_nowhere(
    cloud: Cloud, lake: HealthLake, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        shown = [call(cloud, "PUT", "/lake", settings(lake)).text, call(cloud, "POST", "/lake/test").text]
        cloud.catch_up()
    shown += [call(cloud, "GET").text, cloud.request("events", "GET", "/v1/events/fhir_connection/lake").text]
    kept = [clients.dynamodb().scan(TableName=table)["Items"] for table in ("events", "views")]
    [asked] = lake.server.asked
    logged = [each.getMessage() for each in caplog.records if each.name.startswith(("penstock", "aws_lambda", "httpx"))]
    for secret in (SECRET, SESSION, asked.headers["authorization"].rpartition("=")[2]):
        assert secret not in str([shown, kept, logged])
