"""API keys and tokens, as those who hold them meet them."""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from penstock.aws import clients, wiring
from tests.functions.cloud import Answer, Cloud

WANTED = {"name": "ward 3B", "scopes": ["read", "run"]}
ISSUER, AUDIENCE = "https://id.example", "penstock"


def create(cloud: Cloud, body: Any = WANTED, **more: Any) -> Answer:
    return cloud.request("keys", "POST", "/v1/keys", body, **more)


def knock(cloud: Cloud, **more: Any) -> Answer:
    return cloud.request("workflows", "GET", "/v1/workflows", **more)


def test_a_key_holds_as_soon_as_it_is_made(cloud: Cloud) -> None:
    made = create(cloud)
    assert (made.status, made.body["scopes"]) == (201, ["read", "run"])
    assert knock(cloud, key=made.body["key"]).status == 200
    assert cloud.request("workflows", "POST", "/v1/workflows", {}, key=made.body["key"]).status == 403


def test_the_secret_is_shown_once_and_kept_nowhere(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        made = create(cloud).body
        knock(cloud, key=made["key"])
    cloud.catch_up()
    secret = made["key"].rpartition(".")[2]
    listed = cloud.request("keys", "GET", "/v1/keys")
    streams = cloud.request("events", "GET", f"/v1/events/key/{made['id']}")
    kept = [clients.dynamodb().scan(TableName=table)["Items"] for table in ("events", "views")]
    assert secret not in listed.text + streams.text + str(kept)
    logged = [record.getMessage() for record in caplog.records if record.name.startswith(("penstock", "aws_lambda"))]
    assert secret not in str(logged)


def test_keys_are_listed_newest_first_without_their_hash(cloud: Cloud) -> None:
    made = create(cloud).body
    cloud.catch_up()
    first = cloud.request("keys", "GET", "/v1/keys").body["items"][0]
    assert (first["id"], first["name"], first["revoked_at"]) == (made["id"], "ward 3B", None)
    assert first["created_by"].startswith("key:")
    assert "hash" not in first


def test_a_revoked_key_holds_no_more(cloud: Cloud) -> None:
    made = create(cloud).body
    for _ in range(2):
        assert cloud.request("keys", "DELETE", f"/v1/keys/{made['id']}").status == 204
    assert knock(cloud, key=made["key"]).status == 401


def test_a_key_that_was_never_made_cannot_be_revoked(cloud: Cloud) -> None:
    answer = cloud.request("keys", "DELETE", "/v1/keys/none")
    assert (answer.status, answer.body["type"]) == (404, "urn:penstock:problem:unknown-key")


def test_making_a_key_cannot_be_answered_twice(cloud: Cloud) -> None:
    answer = create(cloud, headers={"Idempotency-Key": "k-1"})
    assert (answer.status, answer.body["problems"][0]["path"]) == (422, "Idempotency-Key")


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"scopes": ["read"]}, "body.name"),
        ({"name": "x", "scopes": []}, "body.scopes"),
        ({"name": "x", "scopes": ["god"]}, "body.scopes.0"),
        ({"name": "x" * 121, "scopes": ["read"]}, "body.name"),
    ],
)
def test_bad_input_is_named(cloud: Cloud, body: Any, path: str) -> None:
    answer = create(cloud, body)
    assert (answer.status, [problem["path"] for problem in answer.body["problems"]]) == (422, [path])


@pytest.fixture(scope="module")
def signing() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


@pytest.fixture
def provider(cloud: Cloud, signing: rsa.RSAPrivateKey, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An identity provider that the platform trusts."""
    public = signing.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    known = {"issuer": ISSUER, "audience": AUDIENCE, "public_key": public.decode()}
    monkeypatch.setenv("PENSTOCK_JWT", json.dumps(known))
    for part in (wiring.settings, wiring.access):
        part.cache_clear()
    yield
    for part in (wiring.settings, wiring.access):
        part.cache_clear()


def token(key: Any, algorithm: str = "RS256", **changed: Any) -> str:
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "dr.b",
        "tenant": "acme",
        "scope": "read write openid",
        "exp": datetime.now(UTC) + timedelta(minutes=5),
        **changed,
    }
    return jwt.encode({name: value for name, value in claims.items() if value is not None}, key, algorithm)


def bearer(cloud: Cloud, text: str) -> Answer:
    definition = {"name": "Hello", "nodes": [{"name": "start", "type": "core.trigger.manual"}]}
    headers = {"Authorization": f"Bearer {text}"}
    return cloud.request("workflows", "POST", "/v1/workflows", definition, key="", headers=headers)


@pytest.mark.usefixtures("provider")
def test_a_token_of_the_identity_provider_holds(cloud: Cloud, signing: rsa.RSAPrivateKey) -> None:
    made = bearer(cloud, token(signing))
    assert made.status == 201
    (event,) = cloud.request("events", "GET", f"/v1/events/workflow/{made.body['id']}").body["items"]
    assert event["actor"] == "user:dr.b"


@pytest.mark.usefixtures("provider")
def test_a_token_does_only_what_its_scope_says(cloud: Cloud, signing: rsa.RSAPrivateKey) -> None:
    assert bearer(cloud, token(signing, scope="read")).status == 403
    assert bearer(cloud, token(signing, scope=None)).status == 403


@pytest.mark.usefixtures("provider")
def test_a_token_speaks_for_its_own_tenant_only(cloud: Cloud, signing: rsa.RSAPrivateKey) -> None:
    made = bearer(cloud, token(signing, tenant="other")).body["id"]
    assert cloud.request("workflows", "GET", f"/v1/workflows/{made}").status == 404


@pytest.mark.usefixtures("provider")
@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://id.evil"},
        {"aud": "other"},
        {"exp": datetime(2020, 1, 1, tzinfo=UTC)},
        {"exp": None},
        {"tenant": None},
        {"tenant": "a#b"},
        {"sub": None},
    ],
    ids=str,
)
def test_a_token_with_a_claim_that_does_not_hold_is_refused(
    cloud: Cloud, signing: rsa.RSAPrivateKey, changed: dict[str, Any]
) -> None:
    answer = bearer(cloud, token(signing, **changed))
    assert (answer.status, answer.body["detail"]) == (401, "the token does not hold")


@pytest.mark.usefixtures("provider")
def test_a_token_that_another_key_or_none_signed_is_refused(cloud: Cloud) -> None:
    stranger = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    for text in (token(stranger), token("x" * 32, "HS256"), token(None, "none"), "a.b.c", ""):
        assert bearer(cloud, text).status == 401


def test_without_an_identity_provider_no_token_holds(cloud: Cloud, signing: rsa.RSAPrivateKey) -> None:
    assert bearer(cloud, token(signing)).status == 401


@pytest.mark.usefixtures("provider")
@pytest.mark.parametrize(
    ("claim", "told"),
    [
        (["billing"], "role billing"),
        ("billing nurse", "role billing, nurse"),
        ([], "unknown-role"),
        (7, "unknown-role"),
    ],
)
def test_a_tokens_roles_narrow_it_and_a_claim_that_names_none_opens_nothing(
    cloud: Cloud, signing: rsa.RSAPrivateKey, claim: Any, told: str
) -> None:
    text = token(signing, penstock_roles=claim)
    assert bearer(cloud, text).status == 403
    headers = {"Authorization": f"Bearer {text}", "X-Purpose-Of-Use": "HPAYMT"}
    refused = cloud.request("fhir", "GET", "/v1/healthcare/fhir/Observation", key="", headers=headers)
    assert (refused.status, told in refused.text) == (403, True), refused.text
