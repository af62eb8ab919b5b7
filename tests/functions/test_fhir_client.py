"""The client of outside FHIR servers against a whole server: this project's own, over HTTP."""

from collections.abc import Iterator

import pytest

from penstock.http.exchange import Session
from penstock.http.guard import Guard
from penstock_healthcare.fhir.client.authorization import Bearer
from penstock_healthcare.fhir.client.client import FhirClient
from penstock_healthcare.fhir.client.errors import NotAuthorized, Refused
from penstock_healthcare.fhir.client.transport import Sender
from penstock_healthcare.fhir.client.vendor import vendors
from tests.functions.cloud import Cloud
from tests.functions.fhir_facade import facade
from tests.unit.healthcare.fhir.client.contract import SYSTEM, ServerContract, patient, potassium
from tests.unit.platform.nodes.http_server import Server


@pytest.fixture
def client(cloud: Cloud, endpoint: Server) -> Iterator[FhirClient]:
    endpoint.answer = facade(cloud)
    with Session(Guard(frozenset({"127.0.0.1"}))) as session:
        base = f"{endpoint.url}/v1/healthcare/fhir"
        yield FhirClient(base, vendors()["generic"], Bearer(cloud.key), Sender(session))


class TestOwnServer(ServerContract):
    """The contract of all."""


def test_a_version_that_was_is_read(client: FhirClient) -> None:
    made = client.create(patient())
    kind, _, key = made.reference.partition("/")
    client.update({**client.read(kind, key), "active": True}, made.version)
    assert ("active" in client.read(kind, key), "active" in client.read(kind, key, "1")) == (True, False)


def test_decimals_come_back_with_their_digits(client: FhirClient) -> None:
    _, _, key = client.create(potassium("6.90")).reference.partition("/")
    assert client.read("Observation", key)["valueQuantity"]["value"] == "6.90"


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
