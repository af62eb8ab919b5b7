"""AWS HealthLake as one of the outside servers: who is let in, what is known of it, and what is never told."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import CredentialRetrievalError
from hypothesis import given
from hypothesis import strategies as st

from penstock.aws.signing import SigV4
from penstock.http.exchange import Request, Session
from penstock.http.signing import NoSigner, Signer
from penstock_healthcare.fhir.client.client import FhirClient
from penstock_healthcare.fhir.client.errors import NotAuthorized, NotSigned, NotSupported
from penstock_healthcare.fhir.client.signed import Signed
from penstock_healthcare.fhir.client.transport import Sender
from penstock_healthcare.fhir.client.vendor import vendors
from tests.unit.healthcare.fhir.client.conftest import GUARD
from tests.unit.healthcare.fhir.client.contract import SYSTEM, ServerContract, patient
from tests.unit.healthcare.fhir.client.healthlake import (
    HOME,
    REGION,
    SECRET,
    SESSION,
    HealthLake,
    problem,
    running,
    signer,
)
from tests.unit.platform.nodes.http_server import Answer, Asked

CONDITION = f"identifier={SYSTEM}|4711"


@pytest.fixture
def lake() -> Iterator[HealthLake]:
    with running() as server:
        yield server


@pytest.fixture
def client(lake: HealthLake) -> Iterator[FhirClient]:
    with Session(GUARD) as session:
        yield connected(lake, session, signer())


def connected(lake: HealthLake, session: Session, by: Signer, region: str = REGION) -> FhirClient:
    sender = Sender(session, sleep=lambda _: None, chance=lambda: 1.0)
    return FhirClient(lake.base, vendors()["healthlake"], Signed(by, region, lake.base), sender)


class TestHealthLake(ServerContract):
    """The contract of all."""


def bundle(number: int, **request: str) -> dict[str, Any]:
    entry = {"resource": patient(), "request": {"method": "PUT", "url": "Patient/p1", **request}}
    return {"resourceType": "Bundle", "type": "transaction", "entry": [entry] * number}


def test_whoever_signs_by_another_secret_or_for_another_region_is_not_let_in(lake: HealthLake) -> None:
    with Session(GUARD) as session:
        for by, region in ((signer("another"), REGION), (signer(), "us-east-1")):
            with pytest.raises(NotAuthorized) as caught:
                connected(lake, session, by, region).read("Patient", "p1")
            assert "Signature" not in str(caught.value)
    assert lake.refused == ["InvalidSignatureException", "IncompleteSignatureException"]


def test_what_a_proxy_changes_on_the_way_breaks_the_signature(lake: HealthLake, client: FhirClient) -> None:
    client.create(patient())
    [asked] = lake.server.asked
    assert problem(asked) is None
    for changed in ({"body": b"{}"}, {"method": "PUT"}, {"target": f"{asked.target}?x=1"}):
        forged = Asked(**{**vars(asked), **changed})
        assert problem(forged) == "InvalidSignatureException"


@given(
    pairs=st.lists(st.tuples(st.text(st.characters(codec="utf-8"), min_size=1), st.text(st.characters(codec="utf-8"))))
)
def test_any_query_is_signed_as_it_is_sent(pairs: list[tuple[str, str]]) -> None:
    from urllib.parse import parse_qsl, urlencode, urlsplit

    import httpx

    given_url = f"http://127.0.0.1{HOME}/Patient" + (f"?{urlencode(pairs)}" if pairs else "")
    signed = signer().sign(Request("GET", given_url), "healthlake", REGION)
    sent = httpx.Request(signed.method, signed.url, headers=dict(signed.headers))
    target = sent.url.raw_path.decode()
    assert problem(Asked("GET", target, {n.lower(): v for n, v in sent.headers.items()}, b"")) is None
    assert parse_qsl(urlsplit(target).query, True) == pairs


def test_every_try_is_signed_anew(lake: HealthLake, client: FhirClient) -> None:
    lake.put({"resourceType": "Patient", "id": "p1"})
    lake.next_answers = [Answer(503), Answer(429)]
    assert client.read("Patient", "p1")["id"] == "p1"
    assert (len(lake.server.asked), lake.refused) == (3, [])


def test_a_create_that_comes_twice_before_searches_find_it_is_made_once(
    lake: HealthLake, client: FhirClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lake, "_of", lambda _: [])
    first, second = client.create(patient(), CONDITION), client.create(patient(), CONDITION)
    assert (first.is_created, second.is_created, second.reference) == (True, False, first.reference)
    assert client.create(patient(active=True), CONDITION).is_created
    assert len(lake.kept) == 2


def test_a_create_whose_answer_is_lost_is_sent_again_and_made_once(lake: HealthLake, client: FhirClient) -> None:
    lake.after_write = []
    plain = lake.answer

    def losing(asked: Asked) -> Answer:
        done = plain(asked)
        is_first = asked.method == "POST" and len(lake.asked("/Patient")) == 2
        return Answer(504) if is_first else done

    lake.server.answer = losing
    assert client.create(patient(), CONDITION).is_created is False
    assert len(lake.kept) == 1


def test_a_transaction_goes_to_the_base_with_its_slash(lake: HealthLake, client: FhirClient) -> None:
    assert len(client.transaction(bundle(3))["entry"]) == 3
    assert lake.server.asked[-1].target == f"{HOME}/"


@pytest.mark.parametrize("given_bundle", [bundle(161), bundle(1, method="POST", ifNoneExist=CONDITION)])
def test_what_a_transaction_cannot_hold_is_not_sent(
    lake: HealthLake, client: FhirClient, given_bundle: dict[str, Any]
) -> None:
    with pytest.raises(NotSupported):
        client.transaction(given_bundle)
    assert lake.server.asked == []


def no_metadata() -> Any:
    raise CredentialRetrievalError(provider="role", error_msg=SECRET)


@pytest.mark.parametrize("by", [NoSigner(), SigV4(lambda: None), SigV4(no_metadata)])
def test_without_credentials_nothing_is_sent(lake: HealthLake, by: Signer) -> None:
    with Session(GUARD) as session, pytest.raises(NotSigned) as caught:
        connected(lake, session, by).read("Patient", "p1")
    assert (SECRET in str(caught.value), caught.value.permanent, lake.server.asked) == (False, False, [])


def test_no_log_and_no_error_tells_credentials_signatures_or_patients(
    lake: HealthLake, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    told = []
    with Session(GUARD) as session:
        list(connected(lake, session, signer()).search("Patient", [("name", "Doe")]))
        with pytest.raises(NotAuthorized) as caught:
            list(connected(lake, session, signer("another")).search("Patient", [("name", "Doe")]))
        told = [str(caught.value), repr(connected(lake, session, signer())), caplog.text]
    signatures = [asked.headers["authorization"].rpartition("=")[2] for asked in lake.server.asked]
    assert len(signatures) == 2
    for secret in (SECRET, SESSION, "Doe", *signatures):
        assert not any(secret in text for text in told)
