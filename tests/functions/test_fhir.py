"""The FHIR endpoint, and the function that runs the healthcare nodes."""

import json
from typing import Any

from penstock.aws import wiring
from penstock.events import Origin
from penstock.identity.model import Scope
from penstock.workflows.wire import outcome_from_json
from penstock_healthcare.fhir.from_hl7 import from_hl7
from penstock_healthcare.fhir.resources import Resources
from penstock_healthcare.hl7 import parse
from tests.functions.cloud import Cloud, Context, load
from tests.functions.nodes import run_node
from tests.unit.healthcare.samples import encoded, sample

PATH = "/v1/healthcare/fhir"
ORIGIN = Origin("workflow:w", "execution-1")


def saved(cloud: Cloud, name: str, tenant: str = "acme") -> list[Any]:
    found = from_hl7(parse(sample(name))).resources
    for place, resource in enumerate(found):
        Resources(wiring.events()).save(tenant, resource, ORIGIN, f"{name}-{place}")
    cloud.catch_up()
    return list(found)


def potassium(**more: Any) -> dict[str, Any]:
    quantity = {"value": "6.90", "unit": "mmol/L"}
    return {
        "resourceType": "Observation",
        "id": "k",
        "status": "final",
        "code": {"text": "K"},
        "valueQuantity": quantity,
        **more,
    }


def test_a_resource_is_read_with_its_version_and_exact_decimals(cloud: Cloud) -> None:
    Resources(wiring.events()).save("acme", potassium(), ORIGIN, "1")
    answer = cloud.request("fhir", "GET", f"{PATH}/Observation/k")
    assert (answer.status, answer.headers["Content-Type"], answer.headers["ETag"]) == (
        200,
        "application/fhir+json",
        'W/"1"',
    )
    assert '"value":6.90' in answer.text
    assert answer.body["meta"]["versionId"] == "1"


def test_the_history_holds_every_version_newest_first(cloud: Cloud) -> None:
    resources = Resources(wiring.events())
    resources.save("acme", potassium(), ORIGIN, "1")
    resources.save("acme", potassium(status="corrected"), ORIGIN, "2")
    bundle = cloud.request("fhir", "GET", f"{PATH}/Observation/k/_history").body
    assert (bundle["type"], bundle["total"]) == ("history", 2)
    assert [entry["resource"]["status"] for entry in bundle["entry"]] == ["corrected", "final"]
    assert [entry["response"]["status"] for entry in bundle["entry"]] == ["200", "201"]
    first = cloud.request("fhir", "GET", f"{PATH}/Observation/k/_history/1")
    assert (first.status, first.body["status"]) == (200, "final")
    assert cloud.request("fhir", "GET", f"{PATH}/Observation/k/_history/3").status == 404


def test_resources_are_searched_by_type_page_by_page(cloud: Cloud) -> None:
    found = saved(cloud, "oru_r01_normal")
    ids = {resource["id"] for resource in found if resource["resourceType"] == "Observation"}
    query, seen = {"_count": "3"}, []
    while True:
        bundle = cloud.request("fhir", "GET", f"{PATH}/Observation", query=query).body
        assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "searchset")
        seen += [entry["resource"]["id"] for entry in bundle["entry"]]
        links = {link["relation"]: link["url"] for link in bundle["link"]}
        if "next" not in links:
            break
        query["_cursor"] = links["next"].partition("_cursor=")[2]
    assert (len(seen), set(seen)) == (8, ids)


def test_resources_are_searched_by_patient(cloud: Cloud) -> None:
    normal, _ = saved(cloud, "oru_r01_normal"), saved(cloud, "oru_r01_critical")
    patient = normal[0]["id"]
    for text in (patient, f"Patient/{patient}"):
        bundle = cloud.request("fhir", "GET", f"{PATH}/DiagnosticReport", query={"patient": text}).body
        assert [entry["resource"]["subject"]["reference"] for entry in bundle["entry"]] == [f"Patient/{patient}"]


def test_a_search_that_finds_nothing_is_an_empty_bundle(cloud: Cloud) -> None:
    bundle = cloud.request("fhir", "GET", f"{PATH}/Medication").body
    assert (bundle["type"], bundle["total"], "entry" in bundle) == ("searchset", 0, False)


def test_urls_in_a_bundle_begin_where_it_was_asked_for(cloud: Cloud) -> None:
    saved(cloud, "oru_r01_normal")
    headers = {"Host": "api.example.org", "X-Forwarded-Proto": "https"}
    bundle = cloud.request("fhir", "GET", f"{PATH}/Patient", headers=headers).body
    assert bundle["entry"][0]["fullUrl"].startswith(f"https://api.example.org{PATH}/Patient/")


def test_errors_are_operation_outcomes(cloud: Cloud) -> None:
    for path, key, status, code in (
        ("Patient/unknown", None, 404, "not-found"),
        ("patient/unknown", None, 422, "invalid"),
        ("Patient/unknown", "", 401, "login"),
        ("Patient/unknown", cloud.new_key("acme", Scope.INGEST), 403, "forbidden"),
    ):
        answer = cloud.request("fhir", "GET", f"{PATH}/{path}", key=key)
        assert (answer.status, answer.headers["Content-Type"]) == (status, "application/fhir+json")
        assert answer.body["resourceType"] == "OperationOutcome"
        assert answer.body["issue"][0]["code"] == code


def test_a_search_with_a_count_out_of_bounds_names_it(cloud: Cloud) -> None:
    answer = cloud.request("fhir", "GET", f"{PATH}/Patient", query={"_count": "-1"})
    assert (answer.status, answer.body["issue"][0]["diagnostics"]) == (400, "_count: must be a number from 0")


def test_another_tenant_reaches_no_resource(cloud: Cloud) -> None:
    patient = saved(cloud, "oru_r01_normal")[0]["id"]
    key = cloud.new_key("globex")
    for path in (f"Patient/{patient}", f"Patient/{patient}/_history", f"Patient/{patient}/_history/1"):
        assert cloud.request("fhir", "GET", f"{PATH}/{path}", key=key).status == 404
    assert "entry" not in cloud.request("fhir", "GET", f"{PATH}/Patient", key=key).body


def test_the_capability_statement_says_what_there_is(cloud: Cloud) -> None:
    statement = cloud.request("fhir", "GET", f"{PATH}/metadata").body
    assert (statement["resourceType"], statement["fhirVersion"]) == ("CapabilityStatement", "4.0.1")
    assert "Observation" in {entry["type"] for entry in statement["rest"][0]["resource"]}


def test_the_nodes_function_runs_a_node_for_the_engine(cloud: Cloud) -> None:
    given = {"message_id": "m", "raw": encoded(sample("oru_r01_critical"))}
    answer = run_node("fhir.from_hl7", key="e/To FHIR/1/1", item=given)
    [item] = outcome_from_json(answer).outputs["main"]  # type: ignore[union-attr]
    assert (item["message_id"], len(item["resources"]), item["problems"]) == ("m", 9, [])


def test_the_healthcare_projector_keeps_the_read_model_up(cloud: Cloud) -> None:
    Resources(wiring.events()).save("acme", potassium(), ORIGIN, "1")
    body = json.dumps({"stream": "acme#fhir#Observation-k", "commit": 1})
    record = {"messageId": "1", "receiptHandle": "r", "body": body, "eventSource": "aws:sqs"}
    assert load("healthcare_projector").handler({"Records": [record]}, Context()) == {"batchItemFailures": []}
    assert len(cloud.request("fhir", "GET", f"{PATH}/Observation").body["entry"]) == 1
