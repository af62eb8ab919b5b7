"""FHIR connections, as those meet them who set them up, and the servers that they lead to."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from penstock.aws import clients
from penstock_healthcare.fhir.client.keys import new_key
from tests.functions.cloud import Answer, Cloud
from tests.unit.healthcare.fhir.client.ehr import CLIENT, Ehr, running

PATH = "/v1/healthcare/fhir-connections"
TOKEN = "opaque-token-4711"


@pytest.fixture
def ehr(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ehr]:
    """A server of somebody else's, which the operator allows."""
    monkeypatch.setenv("PENSTOCK_HTTP_ALLOW", "127.0.0.1")
    with running() as server:
        server.is_open = False
        yield server


def call(cloud: Cloud, method: str, path: str = "", body: Any = None, **more: Any) -> Answer:
    return cloud.request("fhir_connections", method, f"{PATH}{path}", body, **more)


def service(ehr: Ehr, **more: Any) -> dict[str, Any]:
    return {"base_url": f"{ehr.base}/", "vendor": "epic", "auth": "backend_service", "client_id": CLIENT, **more}


def published(cloud: Cloud, connection: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = cloud.request("fhir_jwks", "GET", connection["jwks_path"], key="").body
    return found


def test_a_backend_service_gets_a_key_whose_public_half_lets_it_in(cloud: Cloud, ehr: Ehr) -> None:
    made = call(cloud, "PUT", "/ehr", service(ehr))
    assert (made.status, made.body["base_url"], made.body["keys"][0]["algorithm"]) == (200, ehr.base, "RS384")
    assert call(cloud, "POST", "/ehr/test").body["error"] == "TokenRefused"
    ehr.jwks = published(cloud, made.body)
    told = call(cloud, "POST", "/ehr/test").body
    assert told == {"is_reached": True, "error": None, "message": None, "fhir_version": "4.0.1"}
    assert "system%2F%2A.read" in ehr.asked("/oauth2/token")[-1].body.decode()


def test_after_a_rotation_both_keys_are_published_and_the_new_one_signs(cloud: Cloud, ehr: Ehr) -> None:
    made = call(cloud, "PUT", "/ehr", service(ehr, vendor="generic")).body
    own = new_key("ES384")
    rotated = call(cloud, "POST", "/ehr/rotate-key", {"private_key": own.pem}).body
    assert [key["kid"] for key in rotated["keys"]] == [own.id, made["keys"][0]["kid"]]
    assert (rotated["keys"][0]["until"], bool(rotated["keys"][1]["until"])) == (None, True)
    ehr.jwks = {"keys": [key for key in published(cloud, made)["keys"] if key["kid"] == own.id]}
    assert call(cloud, "POST", "/ehr/test").body["is_reached"]


def test_secrets_go_in_and_never_come_out(cloud: Cloud, ehr: Ehr, caplog: pytest.LogCaptureFixture) -> None:
    own = new_key("RS384")
    with caplog.at_level(logging.DEBUG):
        bearer = call(cloud, "PUT", "/plain", {"base_url": ehr.base, "auth": "bearer", "token": TOKEN})
        made = call(cloud, "PUT", "/ehr", service(ehr))
        rotated = call(cloud, "POST", "/ehr/rotate-key", {"private_key": own.pem})
        ehr.tokens[TOKEN] = 9e9
        assert call(cloud, "POST", "/plain/test").body["is_reached"]
        cloud.catch_up()
    shown = [
        *(answer.text for answer in (bearer, made, rotated, call(cloud, "GET"), call(cloud, "GET", "/ehr"))),
        *(cloud.request("events", "GET", f"/v1/events/fhir_connection/{each}").text for each in ("ehr", "plain")),
        json.dumps(published(cloud, made.body)),
    ]
    kept = [clients.dynamodb().scan(TableName=table)["Items"] for table in ("events", "views")]
    logged = [record.getMessage() for record in caplog.records if record.name.startswith(("penstock", "aws_lambda"))]
    for secret in (TOKEN, *own.pem.splitlines()[1:-1]):
        assert secret not in str([shown, kept, logged])


def test_a_token_that_is_kept_goes_to_no_other_server(cloud: Cloud, ehr: Ehr) -> None:
    call(cloud, "PUT", "/plain", {"base_url": ehr.base, "auth": "bearer", "token": TOKEN})
    again = call(cloud, "PUT", "/plain", {"base_url": ehr.base, "auth": "bearer", "description": "kept"})
    assert again.status == 200
    elsewhere = f"{ehr.server.url}/other"
    moved = call(cloud, "PUT", "/plain", {"base_url": elsewhere, "auth": "bearer"})
    assert (moved.status, moved.body["problems"][0]["path"]) == (422, "body.token")
    call(cloud, "PUT", "/plain", {"base_url": elsewhere})
    assert call(cloud, "PUT", "/plain", {"base_url": elsewhere, "auth": "bearer"}).status == 422


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"base_url": "ftp://example.org"}, "body.base_url"),
        ({"base_url": "http://example.org/r4"}, "body.base_url"),
        ({"base_url": "https://10.0.0.1/r4"}, "body.base_url"),
        ({"base_url": "https://169.254.169.254/"}, "body.base_url"),
        ({"base_url": "https://user:pass@example.org/r4"}, "body.base_url"),
        ({"token_url": "https://example.org/token?a=b"}, "body.token_url"),
        ({"vendor": "nobody"}, "body.vendor"),
        ({"client_id": ""}, "body.client_id"),
    ],
)
def test_settings_that_cannot_be_are_refused_by_name(cloud: Cloud, ehr: Ehr, change: dict[str, Any], path: str) -> None:
    answer = call(cloud, "PUT", "/ehr", service(ehr, **change))
    assert (answer.status, answer.body["problems"][0]["path"]) == (422, path)
    assert call(cloud, "GET", "/ehr").status == 404


def test_keys_that_cannot_sign_are_refused_and_not_quoted(cloud: Cloud, ehr: Ehr) -> None:
    call(cloud, "PUT", "/ehr", service(ehr))
    for pem in ("AAAA-no-key", new_key("ES384").pem):
        answer = call(cloud, "POST", "/ehr/rotate-key", {"private_key": pem})
        assert (answer.status, answer.body["problems"][0]["path"]) == (422, "body.private_key")
        assert pem not in answer.text
    call(cloud, "PUT", "/open", {"base_url": ehr.base})
    assert call(cloud, "POST", "/open/rotate-key").status == 422


def test_a_connection_that_was_removed_is_gone_with_its_keys(cloud: Cloud, ehr: Ehr) -> None:
    made = call(cloud, "PUT", "/ehr", service(ehr)).body
    cloud.catch_up()
    assert [item["name"] for item in call(cloud, "GET").body["items"]] == ["ehr"]
    assert call(cloud, "DELETE", "/ehr").status == 204
    cloud.catch_up()
    assert call(cloud, "GET").body["items"] == []
    assert call(cloud, "GET", "/ehr").status == 404
    assert cloud.request("fhir_jwks", "GET", made["jwks_path"], key="").status == 404
    assert call(cloud, "DELETE", "/ehr").status == 404


def test_whose_keys_they_are_is_not_found_out_by_guessing(cloud: Cloud, ehr: Ehr) -> None:
    made = call(cloud, "PUT", "/ehr", service(ehr)).body
    for path in (made["jwks_path"][:-1], made["jwks_path"].replace("acme", "globex"), made["jwks_path"] + "x"):
        assert cloud.request("fhir_jwks", "GET", path, key="").status == 404


def test_what_cannot_be_reached_is_told(cloud: Cloud, ehr: Ehr, monkeypatch: pytest.MonkeyPatch) -> None:
    call(cloud, "PUT", "/open", {"base_url": ehr.base})
    monkeypatch.delenv("PENSTOCK_HTTP_ALLOW")
    told = call(cloud, "POST", "/open/test").body
    assert (told["is_reached"], told["error"]) == (False, "Unreachable")
    assert ehr.server.asked == []
