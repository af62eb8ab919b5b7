"""The official R4 examples: all are accepted but those that are truly wrong, and each is rejected once it is broken."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from penstock_healthcare.fhir.definitions import r4
from penstock_healthcare.fhir.formats import read, write_json, write_xml
from penstock_healthcare.fhir.node import tree
from penstock_healthcare.fhir.validation import Finding
from penstock_healthcare.fhir.validation.validator import Validator
from tests.conformance import examples
from tests.conformance.mutations import Mutation, mutations

REJECTED = json.loads(Path(__file__).with_name("r4_rejected.json").read_text(encoding="utf-8"))
MUTATIONS = 3_000
KINDS = 20


@pytest.fixture(scope="module")
def validator() -> Validator:
    return Validator()


def errors(validator: Validator, content: bytes) -> list[Finding]:
    return [found for found in validator.validate_text(content) if found.severity == "error"]


def test_all_examples_are_accepted_but_those_on_the_list(validator: Validator) -> None:
    listed = {(each["file"], each["rule"]) for each in REJECTED}
    found = {(file.name, each.rule) for file in examples.files() for each in errors(validator, file.read_bytes())}
    assert found == listed


def test_each_rejection_is_explained() -> None:
    assert all(each["why"].strip() and each["location"] for each in REJECTED)


def test_examples_come_back_from_xml_as_they_were() -> None:
    differing = [file.name for file in examples.small() if not _survives_xml(file.read_bytes())]
    assert len(list(examples.small())) > 5_000
    assert not differing


def _survives_xml(content: bytes) -> bool:
    resource = read(content).resource
    assert resource is not None
    back = read(write_xml(resource).encode())
    return not back.faults and back.resource is not None and _digits(back.resource) == _digits(resource)


def _digits(resource: dict[str, Any]) -> Any:
    """The resource with each number as its text."""
    return json.loads(write_json(resource), parse_float=str, parse_int=str)


def broken(validator: Validator) -> Iterator[tuple[str, Mutation, bytes]]:
    """Valid examples, each broken in one place, as many of each kind as there are, at most."""
    chance = random.Random(4)
    listed = {each["file"] for each in REJECTED}
    kinds = ("ValueSet", "CodeSystem", "SearchParameter", "StructureDefinition")
    files = [file for file in examples.small() if file.name not in listed and not file.name.startswith(kinds)]
    for file in chance.choices(files, k=MUTATIONS):
        resource = read(file.read_bytes()).resource
        root = tree(resource, r4()) if resource else None
        assert root is not None
        assert resource is not None
        possible = list(mutations(root))
        kind = chance.choice(sorted({each.kind for each in possible}))
        mutation = chance.choice([each for each in possible if each.kind == kind])
        mutation.apply()
        yield file.name, mutation, write_json(resource).encode()


def test_each_broken_example_is_rejected_by_the_right_rule_at_the_right_place(validator: Validator) -> None:
    missed, kinds = [], set()
    for name, mutation, content in broken(validator):
        kinds.add(mutation.kind)
        if not any(
            (each.rule, each.location) == (mutation.rule, mutation.location) for each in errors(validator, content)
        ):
            missed.append((name, mutation.kind, mutation.rule, mutation.location))
    assert len(kinds) >= KINDS
    assert not missed
