"""The API's description: whole, valid, and what the code says."""

import json
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate

from penstock.api.openapi import document, rendered
from tests.functions.cloud import ROOT, Cloud

FILE = ROOT / "functions" / "openapi" / "openapi.json"


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return document(ROOT / "functions")


def operations(described: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for item in described["paths"].values() for operation in item.values()]


def test_what_is_committed_is_what_the_code_says(found: dict[str, Any]) -> None:
    assert FILE.read_text(encoding="utf-8") == rendered(found), (
        "run: python -m penstock.api.openapi functions functions/openapi/openapi.json"
    )


def test_it_is_valid_openapi(found: dict[str, Any]) -> None:
    validate(found)  # type: ignore[arg-type]


def test_every_operation_can_be_told_apart_and_says_what_it_does(found: dict[str, Any]) -> None:
    ids = [operation["operationId"] for operation in operations(found)]
    assert len(set(ids)) == len(ids)
    assert all(operation["summary"] and operation["description"] for operation in operations(found))
    tags = {tag["name"] for tag in found["tags"]}
    assert all(set(operation["tags"]) <= tags for operation in operations(found))


def test_every_operation_says_how_it_fails(found: dict[str, Any]) -> None:
    for operation in operations(found):
        shape = "OperationOutcome" if operation["tags"] == ["FHIR"] else "Problem"
        assert operation["responses"]["default"] == {"$ref": f"#/components/responses/{shape}"}
        assert shape in found["components"]["responses"]
    assert set(found["components"]["responses"]["Problem"]["content"]) == {"application/problem+json"}


def test_both_ways_to_authenticate_are_described(found: dict[str, Any]) -> None:
    schemes = found["components"]["securitySchemes"]
    assert (schemes["api_key"]["name"], schemes["bearer"]["scheme"]) == ("X-API-Key", "bearer")
    assert found["security"] == [{"api_key": []}, {"bearer": []}]


def test_names_that_endpoints_share_stand_for_what_each_means(found: dict[str, Any]) -> None:
    schemas = found["components"]["schemas"]
    assert "archived" in schemas["WorkflowsStatus"]["enum"]
    assert "cancelled" in schemas["ExecutionsStatus"]["enum"]
    assert "Status" not in schemas


def test_the_document_is_served_as_it_is_committed(cloud: Cloud) -> None:
    answer = cloud.request("openapi", "GET", "/v1/openapi.json", key="")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.body == json.loads(FILE.read_text(encoding="utf-8"))


def test_health_names_the_stage(cloud: Cloud) -> None:
    answer = cloud.request("openapi", "GET", "/v1/health", key="")
    assert (answer.status, answer.body) == (200, {"status": "ok", "stage": "test"})


def test_two_operations_of_one_name_are_refused(tmp_path: Path) -> None:
    source = (ROOT / "functions" / "keys" / "handler.py").read_text(encoding="utf-8")
    for folder, path in (("a_b", "/v1/one"), ("a", "/v1/two")):
        name = "c" if folder == "a_b" else "b_c"
        (tmp_path / folder).mkdir()
        text = source.replace("/v1/keys", path).replace("def browse(", f"def {name}(")
        (tmp_path / folder / "handler.py").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="two operations are named a_b_c"):
        document(tmp_path)


def test_the_events_are_described_beside_it(cloud: Cloud) -> None:
    answer = cloud.request("openapi", "GET", "/v1/asyncapi.json", key="")
    assert (answer.status, answer.body["asyncapi"]) == (200, "3.0.0")
    assert "execution.NodeCompleted" in answer.body["components"]["messages"]
