"""healthcare.fhir.from_hl7 and healthcare.hl7.from_fhir, one after the other, as the engine runs them."""

import base64
from typing import Any

import pytest

from penstock.workflows.node import NodeFailure
from penstock_healthcare.hl7 import parse
from tests.unit.healthcare.nodes.test_nodes import run
from tests.unit.healthcare.samples import encoded, lines, sample

FROM_HL7, FROM_FHIR = "healthcare.fhir.from_hl7", "healthcare.hl7.from_fhir"


def test_the_bundle_is_there_when_it_is_asked_for() -> None:
    item = {"raw": encoded(sample("oru_r01_normal"))}
    [plain], [whole] = run(FROM_HL7, item)["main"], run(FROM_HL7, item, bundle=True)["main"]
    assert "bundle" not in plain
    assert whole["bundle"]["type"] == "transaction"
    assert whole["resources"] == plain["resources"]


@pytest.mark.parametrize(
    "kind", ["ORM^O01", "OMG^O19", "OML^O21", "RDE^O11", "MDM^T02", "SIU^S12", "VXU^V04", "DFT^P03"]
)
def test_every_kind_of_message_is_taken(kind: str) -> None:
    raw = lines("PID|1||P1^^^A^MR||Doe").replace(b"ORU^R01^ORU_R01", kind.encode())
    [item] = run(FROM_HL7, {"raw": encoded(raw)})["main"]
    assert "Patient" in [each["resourceType"] for each in item["resources"]]


@pytest.mark.parametrize("bundle", [True, False])
def test_a_message_goes_to_fhir_and_back(bundle: bool) -> None:
    [item] = run(FROM_HL7, {"raw": encoded(sample("adt_a01_admission")), "n": 1}, bundle=bundle)["main"]
    [back] = run(FROM_FHIR, item, message_type="ADT_A08", sending_facility="WARD")["main"]
    message = parse(base64.b64decode(back["raw"]))
    assert (back["n"], back["message_type"], message.control_id) == (1, "ADT^A08", back["control_id"])
    assert (message["MSH-4"], message["PID-5.1"]) == ("WARD", "Delacroix")


def test_the_node_that_runs_again_writes_the_same_message() -> None:
    item = {"resources": [{"resourceType": "Patient", "id": "p"}]}
    first, again = (run(FROM_FHIR, item, message_type="ADT_A04")["main"] for _ in range(2))
    assert first == again


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ({}, "neither parameters nor item have resources"),
        ({"resources": [{"resourceType": "Patient", "name": "Doe"}]}, r"Patient\.name"),
        ({"resources": ["x"]}, "must be an object"),
    ],
)
def test_what_is_no_resource_fails_for_good(item: dict[str, Any], reason: str) -> None:
    with pytest.raises(NodeFailure, match=reason) as caught:
        run(FROM_FHIR, item, message_type="ADT_A01")
    assert caught.value.permanent


def test_a_type_that_is_not_written_is_refused() -> None:
    with pytest.raises(NodeFailure, match="message_type"):
        run(FROM_FHIR, {"resources": []}, message_type="MDM_T02")
