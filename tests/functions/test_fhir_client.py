"""The client of outside FHIR servers against a whole server: this project's own, over HTTP."""

from collections.abc import Iterator
from typing import Any

import pytest

from penstock.http.exchange import Session
from penstock.http.guard import Guard
from penstock_healthcare.fhir.client.authorization import Bearer
from penstock_healthcare.fhir.client.client import FhirClient
from penstock_healthcare.fhir.client.errors import ChangedMeanwhile, NotAuthorized, NotThere, Refused
from penstock_healthcare.fhir.client.transport import Sender
from penstock_healthcare.fhir.client.vendor import vendors
from tests.functions.cloud import Cloud
from tests.functions.fhir_facade import facade
from tests.unit.platform.nodes.http_server import Server

SYSTEM = "urn:oid:1.2.3"


@pytest.fixture
def client(cloud: Cloud, endpoint: Server) -> Iterator[FhirClient]:
    endpoint.answer = facade(cloud)
    with Session(Guard(frozenset({"127.0.0.1"}))) as session:
        base = f"{endpoint.url}/v1/healthcare/fhir"
        yield FhirClient(base, vendors()["generic"], Bearer(cloud.key), Sender(session))


def patient(**more: Any) -> dict[str, Any]:
    numbered = {"identifier": [{"system": SYSTEM, "value": "4711"}], "name": [{"family": "Doe"}]}
    return {"resourceType": "Patient", **numbered, **more}


def potassium(value: str) -> dict[str, Any]:
    quantity = {"value": value, "unit": "mmol/L"}
    return {"resourceType": "Observation", "status": "final", "code": {"text": "K"}, "valueQuantity": quantity}


def test_a_server_tells_what_it_is(client: FhirClient) -> None:
    assert client.capabilities()["fhirVersion"] == "4.0.1"


def test_a_resource_lives_from_its_create_to_its_delete(client: FhirClient) -> None:
    made = client.create(patient(), f"identifier={SYSTEM}|4711")
    again = client.create(patient(), f"identifier={SYSTEM}|4711")
    assert (made.is_created, again.is_created, again.reference) == (True, False, made.reference)
    kind, _, key = made.reference.partition("/")
    updated = client.update({**client.read(kind, key), "active": True}, made.version)
    assert (updated.version, client.read(kind, key)["active"]) == ("2", True)
    assert "active" not in client.read(kind, key, "1")
    with pytest.raises(ChangedMeanwhile):
        client.update(patient(id=key), "1")
    client.delete(kind, key)
    with pytest.raises(NotThere):
        client.read(kind, key)


def test_decimals_come_back_with_their_digits(client: FhirClient) -> None:
    _, _, key = client.create(potassium("6.90")).reference.partition("/")
    assert client.read("Observation", key)["valueQuantity"]["value"] == "6.90"


@pytest.mark.parametrize("post", [False, True])
def test_every_page_of_a_search_comes_once(client: FhirClient, post: bool) -> None:
    made = {client.create(potassium(f"4.{number}")).reference for number in range(7)}
    pages = list(client.search("Observation", [("status", "final")], count=3, post=post))
    found = [f"Observation/{each['id']}" for page in pages for each in page.matches]
    assert ([len(page.matches) for page in pages], set(found), len(found)) == ([3, 3, 1], made, 7)


def test_a_transaction_is_done_whole(client: FhirClient) -> None:
    entries = [
        {"fullUrl": f"urn:uuid:0000000{n}-0000-4000-8000-000000000000", "resource": each, "request": request}
        for n, (each, request) in enumerate(
            [
                (patient(), {"method": "POST", "url": "Patient", "ifNoneExist": f"identifier={SYSTEM}|4711"}),
                (potassium("4.1"), {"method": "POST", "url": "Observation"}),
            ]
        )
    ]
    done = client.transaction({"resourceType": "Bundle", "type": "transaction", "entry": entries})
    assert [entry["response"]["status"][:3] for entry in done["entry"]] == ["201", "201"]


def test_what_it_refuses_is_told_by_place_and_not_by_value(client: FhirClient) -> None:
    with pytest.raises(Refused) as caught:
        client.create(patient(birthDate="Doe-was-born"))
    assert ("Patient.birthDate" in str(caught.value), "Doe" in str(caught.value)) == (True, False)
    with Session(client.sender.session.guard) as session:
        stranger = FhirClient(client.base, client.vendor, Bearer("pk_acme.none.none"), Sender(session))
        with pytest.raises(NotAuthorized):
            stranger.read("Patient", "p1")
