"""healthcare.fhir.path, in workflows that the engine runs."""

import json
from typing import Any

import pytest

from penstock.workflows.catalogue import catalogue
from penstock.workflows.execution.state import Status
from penstock.workflows.validation import validate
from tests.unit.healthcare.nodes.test_compliance_nodes import execute, run

PATIENT = {
    "resourceType": "Patient",
    "name": [{"use": "official", "family": "Okafor", "given": ["Ada", "Lee"]}, {"use": "nickname", "given": ["A"]}],
}
POTASSIUM = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "2823-3"}]},
    "valueQuantity": {"value": "6.90", "unit": "mmol/L"},
}
NAMES = "name.where(use = 'official').given"


def test_each_result_has_its_resource_place_type_and_value() -> None:
    [item] = run("fhir.path", {"id": 7, "resources": [POTASSIUM, PATIENT]}, expression=NAMES)["found"]
    assert item["id"] == 7
    assert item["found"] == [
        {"resource": 1, "path": "Patient.name[0].given[0]", "type": "string", "value": "Ada"},
        {"resource": 1, "path": "Patient.name[0].given[1]", "type": "string", "value": "Lee"},
    ]


def test_decimals_keep_their_digits_and_are_numbers_to_the_expression() -> None:
    expression = "Observation.value.ofType(Quantity).where(value > 6.5).value"
    [item] = run("fhir.path", {"resource": POTASSIUM}, expression=expression)["found"]
    assert item["found"][0]["value"] == "6.90"


def test_what_is_computed_has_no_place() -> None:
    [item] = run("fhir.path", {}, expression="name.count() > 1", resources=[PATIENT])["found"]
    assert item["found"] == [{"resource": 0, "path": None, "type": "Boolean", "value": True}]


def test_an_item_with_no_result_leaves_by_nothing() -> None:
    [item] = run("fhir.path", {"resources": [PATIENT]}, expression="address")["nothing"]
    assert item["found"] == []


@pytest.mark.parametrize("expression", ["name.where(", "name.nosuch()", "'open"])
def test_an_expression_that_is_no_fhirpath_is_refused_up_front(expression: str) -> None:
    definition = {
        "name": "Path",
        "nodes": [
            {"name": "start", "type": "core.trigger.manual"},
            {"name": "node", "type": "healthcare.fhir.path", "parameters": {"expression": expression}},
        ],
        "connections": [{"from": "start", "to": "node"}],
    }
    [problem] = validate(definition, catalogue())
    assert (problem.path, problem.rule) == ("nodes[1].parameters.expression", "parameter")
    assert problem.message.startswith("must be FHIRPath: character ")


@pytest.mark.parametrize(
    ("item", "expression", "kind", "reason"),
    [
        ({}, "id", "NoResources", "item 0: resources: must be a list"),
        ({"resources": "Okafor"}, "id", "NoResources", "item 0: resources: must be a list"),
        ({"resources": [PATIENT, {"resourceType": "Okafor"}]}, "id", "NoResources", "item 0: resources[1]"),
        ({"resources": [PATIENT]}, "name.given > 1", "BadOperand", "item 0: resources[0]"),
        ({"given": "name.where(", "resources": [PATIENT]}, "{{ $json.given }}", "InvalidParameters", "FHIRPath"),
        ({"resources": [PATIENT] * 400}, "name.given", "TooMuchFound", "over 1000 results"),
    ],
)
def test_what_cannot_be_looked_into_fails_and_is_not_quoted(
    item: dict[str, Any], expression: str, kind: str, reason: str
) -> None:
    execution = execute("fhir.path", item, expression=expression)
    assert execution.status is Status.FAILED
    assert execution.error
    assert execution.error["type"] == kind
    assert reason in execution.error["message"]
    assert "Okafor" not in json.dumps(execution.error)
