"""HL7 v2 messages become FHIR R4 transactions that R4's own definitions accept: our samples, and public ones."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from penstock_healthcare.fhir.errors import NoDefinitions, NotMapped
from penstock_healthcare.fhir.from_hl7 import Mapped, from_hl7
from penstock_healthcare.fhir.text import write
from penstock_healthcare.fhir.validation import validate_text
from penstock_healthcare.hl7 import HL7Error, parse
from tests.conformance.v2_to_fhir import missing, statements

ROOT = Path(__file__).parents[2]
CORPUS = ROOT.parent / "shared" / "corpora" / "hl7v2"
SAMPLES = sorted((ROOT / "events" / "messages").glob("hl7v2_*.hl7"))
DIFFERENCES = Path(__file__).with_name("v2_to_fhir_differences.json")
LEAST_SAID = 0.45
"""How much of what the other converter says ours says too, word for word; the rest is explained."""


def mapped(file: Path) -> Mapped | None:
    """What the message says; None for one that cannot be read or has no map."""
    try:
        return from_hl7(parse(file.read_bytes()))
    except (HL7Error, NotMapped):
        return None


def bundle(found: Mapped) -> dict[str, Any]:
    """The transaction as it is written and read again."""
    read: dict[str, Any] = json.loads(write(found.bundle))
    return read


def faults(found: Mapped) -> list[str]:
    """All errors of the transaction, by the validator's whole set of rules."""
    try:
        told = validate_text(write(found.bundle).encode())
    except NoDefinitions:
        pytest.skip("R4's definitions are not built")
    return [f"{each.location}: {each.message}" for each in told if each.severity == "error"]


def messages() -> Iterator[tuple[str, Mapped]]:
    """The public messages that have a map."""
    if not CORPUS.exists():
        pytest.skip("the public HL7 v2 messages are not here (../shared/corpora/hl7v2)")
    for file in sorted((CORPUS / "messages").glob("*.hl7")):
        if found := mapped(file):
            yield file.name, found


@pytest.mark.parametrize("file", SAMPLES, ids=[file.stem for file in SAMPLES])
def test_a_sample_becomes_true_r4(file: Path) -> None:
    found = mapped(file)
    assert (found is None) == ("malformed" in file.stem)
    assert found is None or (found.resources and faults(found) == [])


def test_public_messages_become_true_r4() -> None:
    found = {name: faults(each) for name, each in messages()}
    assert {name: wrong for name, wrong in found.items() if wrong} == {}
    assert len(found) > 110


def test_every_reference_of_a_public_message_leads_to_an_entry_or_names_what_it_means() -> None:
    for name, found in messages():
        urls = {entry["fullUrl"] for entry in found.bundle["entry"]}
        assert len(urls) == len(found.bundle["entry"]), name
        assert _references(found.bundle) <= urls, name


@pytest.mark.parametrize("file", SAMPLES, ids=[file.stem for file in SAMPLES])
def test_every_reference_by_id_is_to_a_resource_of_the_same_message(file: Path) -> None:
    found = mapped(file)
    resources = list(found.resources) if found else []
    known = {f"{resource['resourceType']}/{resource['id']}" for resource in resources}
    assert _references(resources) <= known


@cache
def _compared() -> tuple[int, Counter[str]]:
    """How many statements the other converter makes, and those that ours does not make, with how often."""
    count, found = 0, Counter[str]()
    for file in sorted((CORPUS / "expected-fhir").glob("*/*.json")):
        source = CORPUS / "messages" / f"{file.stem.removesuffix('-expected')}.hl7"
        ours = mapped(source) if source.exists() else None
        if ours is not None:
            expected = json.loads(file.read_bytes())
            count += len(statements(expected))
            found.update(f"{path}={value}" for path, value in missing(expected, bundle(ours)))
    return count, found


@pytest.mark.skipif(not CORPUS.exists(), reason="the other converter's bundles are not here (../shared/corpora/hl7v2)")
def test_where_another_converter_says_something_else_it_is_explained() -> None:
    count, found = _compared()
    rules = [(re.compile(each["where"]), each["why"]) for each in json.loads(DIFFERENCES.read_bytes())]
    used = Counter(next((why for where, why in rules if where.search(each)), "") for each in found)
    assert [each for each in found if not any(where.search(each) for where, _ in rules)] == []
    assert {why for _, why in rules} - set(used) == set(), "explanations that nothing needs any more"
    assert 1 - found.total() / count >= LEAST_SAID


def _references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["reference"]} if "reference" in value else set()
        return own.union(*map(_references, value.values()))
    return set().union(*map(_references, value)) if isinstance(value, list) else set()
