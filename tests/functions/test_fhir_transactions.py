"""FHIR's batches and transactions on the real handler."""

from typing import Any

import pytest

from penstock.aws import wiring
from penstock.aws.event_store import DynamoEventStore
from penstock_healthcare.fhir.validation import is_valid, validate_text
from tests.functions.cloud import Answer, Cloud

PATH = "/v1/healthcare/fhir"
URN = "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a"
PATIENT = {"resourceType": "Patient", "identifier": [{"system": "urn:mrn", "value": "1"}]}


def observation(about: str, **more: Any) -> dict[str, Any]:
    code = {"text": "K"}
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": code,
        "subject": {"reference": about},
        "valueQuantity": {"value": 6.9, "unit": "mmol/L"},
        **more,
    }


def entry(method: str, url: str, resource: Any = None, full_url: str = "", **request: str) -> dict[str, Any]:
    held = {"resource": resource} if resource else {}
    named = {"fullUrl": full_url} if full_url else {}
    return {**named, **held, "request": {"method": method, "url": url, **request}}


def send(cloud: Cloud, kind: str, *entries: Any, **headers: str) -> Answer:
    body = {"resourceType": "Bundle", "type": kind, "entry": list(entries)}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = cloud.request("fhir", "POST", PATH, body, headers=named)
    cloud.catch_up()
    findings = validate_text(answer.text.encode())
    assert is_valid(findings), [each for each in findings if each.severity == "error"]
    return answer


def statuses(answer: Answer) -> list[str]:
    return [each["response"]["status"][:3] for each in answer.body["entry"]]


def fhir_streams(cloud: Cloud) -> list[str]:
    return [stream.key for stream in cloud.streams() if stream.kind == "fhir"]


ADMISSION = (
    entry("POST", "Observation", observation(URN)),
    entry("POST", "Patient", PATIENT, URN, ifNoneExist="identifier=urn:mrn|1"),
    entry("GET", "Patient?identifier=urn:mrn|1"),
)


def test_a_transactions_references_point_to_what_it_creates(cloud: Cloud) -> None:
    answer = send(cloud, "transaction", *ADMISSION)
    assert (answer.status, answer.body["type"], statuses(answer)) == (
        200,
        "transaction-response",
        ["201", "201", "200"],
    )
    made, patient = (each["resource"] for each in answer.body["entry"][:2])
    assert made["subject"]["reference"] == f"Patient/{patient['id']}"
    again = send(cloud, "transaction", *ADMISSION)
    assert statuses(again) == ["201", "200", "200"]
    assert again.body["entry"][0]["resource"]["subject"]["reference"] == f"Patient/{patient['id']}"


def test_a_conditional_reference_points_to_the_one_that_meets_it(cloud: Cloud) -> None:
    send(cloud, "transaction", entry("PUT", "Patient/p", {**PATIENT, "id": "p"}))
    meant = observation("Patient?identifier=urn:mrn|1")
    answer = send(cloud, "transaction", entry("POST", "Observation", meant))
    assert answer.body["entry"][0]["resource"]["subject"]["reference"] == "Patient/p"


@pytest.mark.parametrize(
    ("bad", "status"),
    [
        (entry("POST", "Observation", {"resourceType": "Observation", "status": "final"}), 422),
        (entry("PUT", "Patient/p", {**PATIENT, "id": "p"}, ifMatch='W/"7"'), 412),
        (entry("POST", "Observation", observation("Patient?identifier=none")), 400),
        (entry("PUT", "Patient/q", {**PATIENT, "id": "q"}), 400),
        (entry("PATCH", "Patient/q", PATIENT), 400),
        (entry("PUT", "Patient/q/x", PATIENT), 400),
        (entry("POST", "Dog", {"resourceType": "Dog"}), 404),
    ],
)
def test_of_a_transaction_with_one_fault_nothing_is_written(cloud: Cloud, bad: Any, status: int) -> None:
    body = {"resourceType": "Bundle", "type": "transaction"}
    good = [entry("PUT", "Patient/q", {**PATIENT, "id": "q"}), entry("DELETE", "Patient/z")]
    answer = cloud.request("fhir", "POST", PATH, {**body, "entry": [*good, bad]})
    assert (answer.status, answer.body["resourceType"], fhir_streams(cloud)) == (status, "OperationOutcome", [])


def test_each_entry_of_a_batch_stands_alone(cloud: Cloud) -> None:
    answer = send(
        cloud,
        "batch",
        entry("PUT", "Patient/p", {**PATIENT, "id": "p"}),
        entry("POST", "Patient", {**PATIENT, "gender": "cat"}),
        entry("GET", "Patient/p"),
        entry("GET", "Patient/none"),
        entry("DELETE", "Patient/p"),
    )
    assert (answer.body["type"], statuses(answer)) == ("batch-response", ["201", "422", "200", "404", "204"])
    assert answer.body["entry"][1]["response"]["outcome"]["issue"][0]["expression"] == ["Patient.gender"]


@pytest.mark.parametrize("cut", [0, 1, 2])
def test_a_transaction_that_was_cut_off_goes_on_under_its_key(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, cut: int
) -> None:
    send(cloud, "transaction", entry("PUT", "Patient/p", {**PATIENT, "id": "p"}))
    body = (
        entry("PUT", "Patient/p", {**PATIENT, "id": "p", "active": True}, ifMatch='W/"1"'),
        entry("POST", "Observation", observation(URN)),
        entry("POST", "Patient", PATIENT, URN),
    )
    append, left = DynamoEventStore.append, [cut]

    def failing(*arguments: Any, **named: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise OSError("cut off")
        return append(*arguments, **named)

    with monkeypatch.context() as patched:
        patched.setattr(DynamoEventStore, "append", failing)
        assert send(cloud, "transaction", *body, Idempotency_Key="k").status == 500
    assert statuses(send(cloud, "transaction", *body, Idempotency_Key="k"))[1:] == ["201", "201"]
    counts = [len(list(wiring.events().commits(stream))) for stream in cloud.streams() if stream.kind == "fhir"]
    assert sorted(counts) == [1, 1, 2]


def test_a_bundle_of_another_type_or_size_is_refused(cloud: Cloud) -> None:
    assert send(cloud, "collection").status == 400
    assert send(cloud, "batch", *[entry("GET", "Patient/p")] * 201).status == 400
