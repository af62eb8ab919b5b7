"""healthcare.fhir.validate, as the engine runs it."""

from typing import Any

import pytest

from penstock.workflows.node import NodeFailure
from tests.unit.healthcare.nodes.test_nodes import observation, run
from tests.unit.healthcare.samples import encoded, sample

VALIDATE = "healthcare.fhir.validate"


def test_items_leave_by_whether_their_resources_are_valid() -> None:
    right, wrong = observation(), observation(status="finished")
    out = run(VALIDATE, {"resources": [right], "n": 1}, {"resources": [right, wrong], "n": 2}, {"resource": right})
    assert [each.get("n") for each in out["valid"]] == [1, None]
    assert [each["n"] for each in out["invalid"]] == [2]
    [error] = [each for each in out["invalid"][0]["findings"] if each["severity"] == "error"]
    assert (error["resource"], error["rule"], error["location"]) == (1, "binding", "Observation.status")


def test_decimals_that_travelled_as_text_are_numbers() -> None:
    quantity = observation(valueQuantity={"value": "1.00"})
    assert run(VALIDATE, {"resources": [quantity]})["valid"]


def test_profiles_are_held() -> None:
    out = run(VALIDATE, {"resource": observation()}, profiles=["http://hl7.org/fhir/StructureDefinition/bp"])
    assert "cardinality" in {each["rule"] for each in out["invalid"][0]["findings"]}


@pytest.mark.parametrize("item", [{}, {"resources": "x"}, {"resources": [1]}, {"resources": [{}] * 1_001}])
def test_what_holds_no_resources_fails(item: dict[str, Any]) -> None:
    with pytest.raises(NodeFailure):
        run(VALIDATE, item)


def test_it_follows_the_mapping_of_a_message() -> None:
    mapped = run("healthcare.fhir.from_hl7", {"raw": encoded(sample("oru_r01_normal"))})
    assert run(VALIDATE, *next(iter(mapped.values())))["valid"]
