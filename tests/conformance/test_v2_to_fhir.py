"""HL7 v2 messages become FHIR R4 resources that R4's own definitions accept: our samples, and public ones."""

import json
from pathlib import Path
from typing import Any

import pytest

from penstock_healthcare.fhir.from_hl7 import from_hl7
from penstock_healthcare.fhir.text import write
from penstock_healthcare.hl7 import HL7Error, parse
from tests.conformance.r4 import definitions

ROOT = Path(__file__).parents[2]
CORPUS = ROOT.parent / "shared" / "corpora" / "hl7v2" / "messages"
SAMPLES = sorted((ROOT / "events" / "messages").glob("hl7v2_*.hl7"))


def mapped(file: Path) -> list[dict[str, Any]]:
    """The resources as they are written and read again; none for a message without a mapping."""
    try:
        message = parse(file.read_bytes())
    except HL7Error:
        return []
    if message.type[:3] not in ("ORU", "ADT"):
        return []
    return [json.loads(write(resource)) for resource in from_hl7(message).resources]


def errors(resources: list[dict[str, Any]]) -> list[str]:
    return [error for resource in resources for error in definitions().errors(resource)]


def test_the_definitions_see_what_is_wrong() -> None:
    wrong = {"resourceType": "Observation", "code": {"text": "K"}, "valueQuantity": {"value": "7"}, "colour": "red"}
    found = errors([wrong])
    assert "Observation.status: missing" in found
    assert any(error.startswith("Observation/valueQuantity/value") for error in found)
    assert len(found) == 3


@pytest.mark.parametrize("file", SAMPLES, ids=[file.stem for file in SAMPLES])
def test_a_sample_becomes_true_r4(file: Path) -> None:
    resources = mapped(file)
    assert bool(resources) != ("malformed" in file.stem)
    assert errors(resources) == []


def test_public_messages_become_true_r4() -> None:
    if not CORPUS.exists():
        pytest.skip("the public HL7 v2 messages are not here (../shared/corpora/hl7v2)")
    found = {file.name: errors(resources) for file in sorted(CORPUS.glob("*.hl7")) if (resources := mapped(file))}
    assert {name: wrong for name, wrong in found.items() if wrong} == {}
    assert len(found) > 60


@pytest.mark.parametrize("file", SAMPLES, ids=[file.stem for file in SAMPLES])
def test_every_reference_by_id_is_to_a_resource_of_the_same_message(file: Path) -> None:
    resources = mapped(file)
    known = {f"{resource['resourceType']}/{resource['id']}" for resource in resources}
    assert _references(resources) <= known


def _references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["reference"]} if "reference" in value else set()
        return own.union(*map(_references, value.values()))
    return set().union(*map(_references, value)) if isinstance(value, list) else set()
