"""What every server that the client reaches must come to, whoever made it. Subclass it where `client` is a fixture."""

from typing import Any

import pytest

from penstock_healthcare.fhir.client.client import FhirClient
from penstock_healthcare.fhir.client.errors import ChangedMeanwhile, NotThere

SYSTEM = "urn:oid:1.2.3"


def patient(**more: Any) -> dict[str, Any]:
    numbered = {"identifier": [{"system": SYSTEM, "value": "4711"}], "name": [{"family": "Doe"}]}
    return {"resourceType": "Patient", **numbered, **more}


def potassium(value: str) -> dict[str, Any]:
    quantity = {"value": value, "unit": "mmol/L"}
    return {"resourceType": "Observation", "status": "final", "code": {"text": "K"}, "valueQuantity": quantity}


class ServerContract:
    def test_a_server_tells_what_it_is(self, client: FhirClient) -> None:
        assert client.capabilities()["fhirVersion"] == "4.0.1"

    def test_a_resource_lives_from_its_create_to_its_delete(self, client: FhirClient) -> None:
        made = client.create(patient(), f"identifier={SYSTEM}|4711")
        again = client.create(patient(), f"identifier={SYSTEM}|4711")
        assert (made.is_created, again.is_created, again.reference) == (True, False, made.reference)
        kind, _, key = made.reference.partition("/")
        updated = client.update({**client.read(kind, key), "active": True}, made.version)
        assert (updated.version, client.read(kind, key)["active"]) == ("2", True)
        with pytest.raises(ChangedMeanwhile):
            client.update(patient(id=key), "1")
        client.delete(kind, key)
        with pytest.raises(NotThere):
            client.read(kind, key)

    @pytest.mark.parametrize("post", [False, True])
    def test_every_page_of_a_search_comes_once(self, client: FhirClient, post: bool) -> None:
        made = {client.create(potassium(f"4.{number}")).reference for number in range(7)}
        pages = list(client.search("Observation", [("status", "final")], count=3, post=post))
        found = [f"Observation/{each['id']}" for page in pages for each in page.matches]
        assert ([len(page.matches) for page in pages], set(found), len(found)) == ([3, 3, 1], made, 7)
