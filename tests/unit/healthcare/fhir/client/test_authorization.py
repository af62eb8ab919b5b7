"""SMART Backend Services against a token endpoint that checks every assertion."""

import time
from dataclasses import replace
from typing import Any

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock_healthcare.fhir.client.authorization import BackendService, Bearer, Credentials, Tokens
from penstock_healthcare.fhir.client.errors import Busy, NoDiscovery, NotAuthorized, TokenRefused, UnreadableAnswer
from penstock_healthcare.fhir.client.keys import SigningKey, UnusableKey, assertion, given_key, new_key, public_jwk
from tests.unit.healthcare.fhir.client.conftest import GUARD, Connect
from tests.unit.healthcare.fhir.client.ehr import CLIENT, Ehr
from tests.unit.platform.nodes.http_server import Answer

KEYS = {algorithm: new_key(algorithm) for algorithm in ("RS384", "ES384")}


def service(ehr: Ehr, key: SigningKey | None = None, **more: Any) -> BackendService:
    known = key or KEYS["ES384"]
    ehr.is_open, ehr.jwks = False, {"keys": [public_jwk(each) for each in KEYS.values()]}
    ehr.put({"resourceType": "Patient", "id": "p1"})
    credentials = Credentials("acme/epic/1", ehr.base, CLIENT, known, "system/*.rs")
    return BackendService(credentials, GUARD, **{"tokens": Tokens(), **more})


@pytest.mark.parametrize("algorithm", sorted(KEYS))
def test_an_assertion_gets_a_token_that_lets_in(ehr: Ehr, connect: Connect, algorithm: str) -> None:
    client = connect(authorizer=service(ehr, KEYS[algorithm]))
    assert client.read("Patient", "p1")["id"] == "p1"
    assert (ehr.refusals, ehr.server.asked[-1].headers["authorization"]) == ([], "Bearer token-1")


def test_a_token_is_asked_for_once_and_again_before_its_end(ehr: Ehr, connect: Connect) -> None:
    now = [1_000.0]
    client = connect(authorizer=service(ehr, tokens=Tokens(clock=lambda: now[0])))
    for _ in range(3):
        client.read("Patient", "p1")
    assert (len(ehr.asked("/oauth2/token")), len(ehr.asked("smart-configuration"))) == (1, 1)
    now[0] += 239
    client.read("Patient", "p1")
    assert len(ehr.asked("/oauth2/token")) == 1
    now[0] += 2
    client.read("Patient", "p1")
    assert (len(ehr.asked("/oauth2/token")), len(ehr.asked("smart-configuration"))) == (2, 1)


def test_a_token_that_no_longer_holds_is_replaced_once(ehr: Ehr, connect: Connect) -> None:
    client = connect(authorizer=service(ehr))
    client.read("Patient", "p1")
    ehr.tokens["token-1"] = 0
    assert client.read("Patient", "p1")["id"] == "p1"
    ehr.token_life = -1
    ehr.tokens["token-2"] = 0
    with pytest.raises(NotAuthorized):
        client.read("Patient", "p1")
    assert len(ehr.tokens) == 3


def test_every_try_has_an_assertion_of_its_own(ehr: Ehr, connect: Connect, waits: list[float]) -> None:
    ehr.next_answers = [Answer(503)]
    connect(authorizer=service(ehr)).read("Patient", "p1")
    bodies = [asked.body for asked in ehr.asked("/oauth2/token")]
    assert (len(bodies), len(set(bodies)), len(waits)) == (2, 2, 1)


def test_a_refusal_names_oauths_code_and_nothing_that_the_server_wrote(ehr: Ehr, connect: Connect) -> None:
    stranger = service(ehr, new_key("ES384"))
    with pytest.raises(TokenRefused, match="invalid_client") as caught:
        connect(authorizer=stranger).read("Patient", "p1")
    assert (caught.value.code, caught.value.permanent, "Jane" in str(caught.value)) == ("invalid_client", True, False)
    assert len(ehr.refusals) == 1


def test_a_clock_that_is_wrong_is_refused_by_the_server(ehr: Ehr, connect: Connect) -> None:
    late = service(ehr, unix_time=lambda: time.time() + 600)
    with pytest.raises(TokenRefused):
        connect(authorizer=late).read("Patient", "p1")


@pytest.mark.parametrize(
    "told",
    [
        {"token_endpoint": None},
        {"token_endpoint": "http://example.org/token"},
        {"token_endpoint": "https://user@example.org/token"},
        {"token_endpoint_auth_methods_supported": ["client_secret_basic"]},
        {"token_endpoint_auth_signing_alg_values_supported": ["RS384"]},
    ],
)
def test_a_server_that_takes_no_such_clients_is_sent_no_assertion(
    ehr: Ehr, connect: Connect, told: dict[str, Any]
) -> None:
    ehr.configuration = told
    with pytest.raises(NoDiscovery):
        connect(authorizer=service(ehr)).read("Patient", "p1")
    assert ehr.asked("token") == []


def test_a_token_endpoint_that_is_named_needs_no_discovery(ehr: Ehr, connect: Connect) -> None:
    made = service(ehr)
    named = replace(made, credentials=replace(made.credentials, token_url=f"{ehr.server.url}/oauth2/token"))
    connect(authorizer=named).read("Patient", "p1")
    assert ehr.asked("smart-configuration") == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"access_token": "a", "token_type": "mac"}',
        b'{"access_token": "a\\n", "token_type": "bearer"}',
    ],
)
def test_an_answer_without_a_bearer_token_is_told(ehr: Ehr, connect: Connect, body: bytes) -> None:
    ehr.next_answers = [Answer(200, body)]
    with pytest.raises(UnreadableAnswer):
        connect(authorizer=service(ehr)).read("Patient", "p1")


def test_a_busy_token_endpoint_is_busy(ehr: Ehr, connect: Connect) -> None:
    ehr.next_answers = [Answer(429, headers={"Retry-After": "99"})]
    with pytest.raises(Busy):
        connect(authorizer=service(ehr)).read("Patient", "p1")


def test_a_fixed_token_is_sent_and_never_renewed(ehr: Ehr, connect: Connect) -> None:
    ehr.is_open = False
    with pytest.raises(NotAuthorized):
        connect(authorizer=Bearer("fixed")).read("Patient", "p1")
    assert [asked.headers["authorization"] for asked in ehr.server.asked] == ["Bearer fixed"]
    assert "fixed" not in repr(Bearer("fixed"))


@pytest.mark.parametrize("algorithm", sorted(KEYS))
def test_only_the_public_half_is_published(algorithm: str) -> None:
    jwk = public_jwk(KEYS[algorithm])
    assert set(jwk) & {"d", "p", "q", "dp", "dq", "qi", "k"} == set()
    assert (jwk["kid"], jwk["alg"], jwk["use"]) == (KEYS[algorithm].id, algorithm, "sig")
    assert given_key(KEYS[algorithm].pem).id == KEYS[algorithm].id
    assert "PRIVATE" not in repr(KEYS[algorithm])


@pytest.mark.parametrize("pem", ["", "x", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"])
def test_what_is_no_key_is_refused_and_not_quoted(pem: str) -> None:
    with pytest.raises(UnusableKey) as caught:
        given_key(pem)
    assert "AAAA" not in str(caught.value)


def test_weak_and_strange_keys_are_refused() -> None:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    for private in (rsa.generate_private_key(65_537, 1_024), ec.generate_private_key(ec.SECP256R1())):
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        with pytest.raises(UnusableKey):
            given_key(pem)


@settings(max_examples=25, deadline=None)
@given(st.text(min_size=1, max_size=50), st.integers(0, 4_000_000_000))
def test_what_is_signed_is_read_back(client: str, now: int) -> None:
    key = KEYS["ES384"]
    signed = assertion(key, client, "https://ehr.example/token", now, "unique")
    claims = jwt.decode(
        signed,
        jwt.PyJWK(public_jwk(key)).key,
        algorithms=["ES384"],
        audience="https://ehr.example/token",
        options={"verify_exp": False, "verify_iat": False},
    )
    assert (claims["iss"], claims["sub"], claims["jti"]) == (client, client, "unique")
    assert 0 < claims["exp"] - now <= 300
