"""The official FHIR R4 examples: accepted, or rejected for a reason that is written down; the same by way of XML."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from penstock_cli import checkout
from penstock_cli.conformance import Figure, Section
from penstock_cli.errors import WrongUse
from penstock_cli.resources import Source, sources
from penstock_healthcare.fhir.definitions import r4
from penstock_healthcare.fhir.formats import read, write_json, write_xml
from penstock_healthcare.fhir.validation.validator import Validator

PACKAGE = "hl7.fhir.r4.examples"
_CORPORA = Path("shared") / "corpora"
_EXPLAINED = Path("tests") / "conformance" / "r4_rejected.json"
_LARGEST = 1_000_000
_RESOURCE_TYPES = 146


def measure(corpora: Path) -> Iterator[Figure]:
    """Of examples up to 1 MB; the test suite takes the ten larger ones too."""
    folder = _folder(corpora)
    if folder is None:
        return
    examples = [each for each in sources([str(folder)]) if len(each.content) <= _LARGEST]
    validator = Validator()
    rejected = {each.file: _rules(validator, each) for each in examples}
    right = sum(not rules for rules in rejected.values())
    explained = sum(rules <= _explained(Path(file).name) for file, rules in rejected.items())
    yield Figure("types of resources known", len(r4().resource_types()), _RESOURCE_TYPES, least=_RESOURCE_TYPES)
    yield Figure("examples accepted", right, len(examples))
    yield Figure(
        "accepted, or rejected for a reason that is written down", explained, len(examples), least=len(examples)
    )
    yield Figure("the same after XML and back", sum(map(_comes_back, examples)), len(examples), least=len(examples))


def _folder(corpora: Path) -> Path | None:
    """Among the corpora; for those beside the checkout, where `make setup` put them."""
    if (corpora / PACKAGE).is_dir():
        return corpora / PACKAGE
    try:
        root = checkout.find()
    except WrongUse:
        return None
    installed = root / "node_modules" / PACKAGE
    return installed if corpora == root.parent / _CORPORA and installed.is_dir() else None


def _rules(validator: Validator, source: Source) -> frozenset[str]:
    return frozenset(each.rule for each in validator.validate_text(source.content) if each.severity == "error")


def _explained(name: str) -> frozenset[str]:
    try:
        listed = json.loads((checkout.find() / _EXPLAINED).read_bytes())
    except (OSError, WrongUse):
        listed = []
    return frozenset(each["rule"] for each in listed if each["file"] == name)


def _comes_back(source: Source) -> bool:
    resource = read(source.content).resource
    if resource is None:
        return False
    back = read(write_xml(resource).encode())
    return not back.faults and back.resource is not None and _digits(back.resource) == _digits(resource)


def _digits(resource: dict[str, Any]) -> Any:
    """The resource with each number as its text."""
    return json.loads(write_json(resource), parse_float=str, parse_int=str)


SECTIONS = (Section("healthcare", "FHIR R4 examples", measure),)
