"""The nodes that write and find FHIR resources, run by their function over DynamoDB, and read at the FHIR endpoint."""

from typing import Any

from penstock.workflows.wire import outcome_from_json
from tests.functions.cloud import Cloud
from tests.functions.nodes import run_node

PATH = "/v1/healthcare/fhir"
TIMES = {"start": "2026-12-01T09:00:00Z", "end": "2026-12-01T09:30:00Z"}
ADA = {
    "resourceType": "Patient",
    "name": [{"family": "Okafor", "given": ["Elizabeth"]}],
    "birthDate": "1954-04-12",
}


def node(kind: str, key: str = "e/n/1/1", **parameters: Any) -> dict[str, list[dict[str, Any]]]:
    """What a node's run sends out, by port; ports without items are left out."""
    answer = run_node(kind, key=key, **parameters)
    outputs = outcome_from_json(answer).outputs  # type: ignore[union-attr]
    return {port: list(items) for port, items in outputs.items() if items}


def test_a_created_patient_is_found_by_other_spellings(cloud: Cloud) -> None:
    [made], [again] = (node("fhir.create", resource=ADA)["main"] for _ in range(2))
    assert made == again
    cloud.catch_up()
    [found] = node("patient.search", family="OKAFOR", given="Liz", birth_date="1954-12-04")["main"]
    assert [each["reference"] for each in found["matches"]] == [made["written"]["reference"]]
    assert cloud.request("fhir", "GET", f"{PATH}/{made['written']['reference']}").body["birthDate"] == "1954-04-12"


def test_a_time_is_booked_once_whether_the_read_model_knows_it_or_not(cloud: Cloud) -> None:
    given: dict[str, Any] = {"participants": ["Patient/p", "Practitioner/d"], **TIMES}
    [booked] = node("appointment.book", "a/n/1/1", **given)["booked"]
    assert set(node("appointment.book", "b/n/1/1", **given)) == {"taken"}
    cloud.catch_up()
    assert set(node("appointment.book", "c/n/1/1", **given)) == {"taken"}
    assert set(node("appointment.book", "a/n/1/1", **given)) == {"booked"}
    node("appointment.cancel", "d/n/1/1", reference=booked["appointment"]["reference"])
    found = cloud.request("fhir", "GET", f"{PATH}/Appointment").body["entry"]
    assert len(found) == 1


def test_a_transaction_is_one_over_the_real_tables_too(cloud: Cloud) -> None:
    entry = {"fullUrl": "urn:uuid:1", "resource": ADA, "request": {"method": "POST", "url": "Patient"}}
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
    first, again = (node("fhir.transaction", bundle=bundle)["main"] for _ in range(2))
    assert first == again
    [written] = first[0]["written"]
    history = cloud.request("fhir", "GET", f"{PATH}/{written['reference']}/_history").body
    assert history["total"] == 1
