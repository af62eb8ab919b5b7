"""healthcare.field.encrypt and decrypt, in workflows that the engine runs, and for other tenants and purposes."""

import json
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.events import Origin
from penstock.events.keyring import MemoryKeyring, family_of
from penstock.events.memory import MemoryEventStore
from penstock.workflows.catalogue import catalogue
from penstock.workflows.execution.ports import Start
from penstock.workflows.execution.running import NodeRequest
from penstock.workflows.execution.state import Execution, Status
from penstock.workflows.in_process import in_process_engine
from penstock.workflows.node import Kind, NodeFailure, Services
from penstock.workflows.runner import LocalRunner
from penstock.workflows.validation import parse
from penstock_healthcare.phi.sealed_items import open_item, seal_item
from penstock_healthcare.phi.sealing import LARGEST_FIELD, FieldSeal

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
ITEM = {"patient": {"ssn": "987-65-4320", "name": "Okafor"}, "contacts": [{"phone": "555-0100"}, {"phone": "555-0101"}]}
FIELDS = ["patient.ssn", "contacts.*.phone"]


def execute(item: dict[str, Any], *nodes: tuple[str, dict[str, Any]]) -> Execution:
    """A workflow of a trigger and these nodes, one after another."""
    names = ["start", *(f"node {number}" for number in range(len(nodes)))]
    definition = {
        "name": "Fields",
        "nodes": [
            {"name": "start", "type": "core.trigger.manual"},
            *(
                {"name": name, "type": f"healthcare.field.{kind}", "parameters": parameters}
                for name, (kind, parameters) in zip(names[1:], nodes, strict=True)
            ),
        ],
        "connections": [{"from": a, "to": b} for a, b in pairwise(names)],
    }
    engine = in_process_engine({"w": parse(definition, catalogue())}, clock=lambda: NOW)
    return engine.start(Start("acme", "w", 1, [item], "test"), Origin("key:test", "r-1"), lambda: False)


def test_both_are_compliance_nodes() -> None:
    assert {catalogue()[f"healthcare.field.{kind}"].kind for kind in ("encrypt", "decrypt")} == {Kind.COMPLIANCE}


def test_fields_are_sealed_in_place_and_open_for_their_purpose() -> None:
    given: dict[str, Any] = {"fields": FIELDS, "purpose": "billing"}
    execution = execute(ITEM, ("encrypt", given), ("encrypt", given), ("decrypt", given))
    assert execution.status is Status.DONE, execution.error
    [sealed] = next(iter(execution.outputs["node 0"].values()))["main"]
    assert sealed["patient"]["name"] == "Okafor"
    places = [sealed["patient"]["ssn"], *(each["phone"] for each in sealed["contacts"])]
    assert all(each.startswith("sealed:1:") for each in places)
    assert "987" not in json.dumps(places)
    [again] = next(iter(execution.outputs["node 1"].values()))["main"]
    assert again == sealed, "what is sealed stays"
    assert execution.result() == [ITEM]


@pytest.mark.parametrize(
    ("item", "fields", "reason"),
    [
        ({"patient": {}}, ["patient.ssn"], "patient.ssn: is not there"),
        ({"patient": {"ssn": None}}, ["patient.ssn"], "patient.ssn: is not there"),
        ({"patient": {"ssn": 987654320}}, ["patient.ssn"], "patient.ssn: must be text"),
        ({"patient": "Okafor"}, ["patient.ssn"], "patient.ssn: is not there"),
        ({}, ["contacts.*.phone"], "contacts: is not there"),
        ({"contacts": "Okafor"}, ["contacts.*.phone"], "contacts: is no list"),
        ({"contacts": [{"phone": "5"}, {}]}, ["contacts.*.phone"], "contacts.1.phone: is not there"),
        ({"note": "sealed:1:Okafor"}, ["note"], "note: looks like a sealed field"),
        ({"note": "x" * (LARGEST_FIELD + 1)}, ["note"], "note: a field has at most 100000 characters"),
        ({"many": ["Okafor"] * 1_001}, ["many.*"], "fields: 1001 of them; at most 1000"),
    ],
)
def test_what_cannot_be_sealed_fails_with_its_path_and_no_value(
    item: dict[str, Any], fields: list[str], reason: str
) -> None:
    execution = execute({**item, "other": "Okafor"}, ("encrypt", {"fields": fields, "purpose": "billing"}))
    assert execution.status is Status.FAILED
    assert execution.error
    assert execution.error["type"] == "NotSealed"
    assert execution.error["message"].startswith(f"item 0: {reason}")
    assert "Okafor" not in json.dumps(execution.error)


def test_another_purpose_does_not_open_a_field() -> None:
    encrypt = ("encrypt", {"fields": ["patient.ssn"], "purpose": "billing"})
    execution = execute(ITEM, encrypt, ("decrypt", {"fields": ["patient.ssn"], "purpose": "research"}))
    assert execution.status is Status.FAILED
    assert execution.error
    assert execution.error["type"] == "NotOpened"
    assert execution.error["message"].startswith("item 0: patient.ssn: the field was sealed for another")
    assert "987" not in json.dumps(execution.error)


def run(keyring: MemoryKeyring, tenant: str, kind: str, item: dict[str, Any]) -> dict[str, Any]:
    """What a node of the tenant makes of the item."""
    runner = LocalRunner(catalogue(), Services(MemoryEventStore(), keyring=keyring))
    given = {"fields": ["patient.ssn"], "purpose": "billing"}
    request = NodeRequest(f"healthcare.field.{kind}", {"main": [item]}, [given], "e/n/1/1", 1, NOW, tenant, "w", "e")
    [made] = runner.run(request).outputs["main"]  # type: ignore[union-attr]
    return dict(made)


def test_another_tenant_does_not_open_a_field_and_ended_keys_open_none() -> None:
    keyring = MemoryKeyring()
    sealed = run(keyring, "acme", "encrypt", ITEM)
    run(keyring, "other", "encrypt", ITEM)
    with pytest.raises(NodeFailure) as caught:
        run(keyring, "other", "decrypt", sealed)
    assert (caught.value.kind, caught.value.permanent) == ("NotOpened", True)
    assert run(keyring, "acme", "decrypt", sealed) == ITEM
    keyring.end("acme", family_of(keyring, "acme", "phi field billing"))
    with pytest.raises(NodeFailure, match="its key was ended"):
        run(keyring, "acme", "decrypt", sealed)


def test_a_field_that_was_never_sealed_does_not_open() -> None:
    with pytest.raises(NodeFailure, match=r"patient\.ssn: the field is not sealed"):
        run(MemoryKeyring(), "acme", "decrypt", ITEM)


SEAL = FieldSeal(MemoryKeyring())
TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=30).filter(
    lambda text: not text.startswith("sealed:")
)


@given(st.lists(st.fixed_dictionaries({"phone": TEXTS, "kept": TEXTS}), max_size=5), TEXTS)
def test_any_texts_come_back_as_they_were(contacts: list[dict[str, str]], note: str) -> None:
    item = {"contacts": contacts, "note": note}
    paths = ["contacts.*.phone", "note", "contacts.*.phone"]
    sealed = seal_item(SEAL, "acme", "billing", item, paths)
    assert [each["kept"] for each in sealed["contacts"]] == [each["kept"] for each in contacts]
    assert all(each["phone"].startswith("sealed:1:") for each in sealed["contacts"])
    assert open_item(SEAL, "acme", "billing", sealed, paths) == item
