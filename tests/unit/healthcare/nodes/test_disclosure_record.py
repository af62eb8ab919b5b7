"""healthcare.disclosure.record, in a workflow that the engine runs."""

import json
from datetime import date
from typing import Any

import pytest

from penstock.events import StreamId
from penstock.events.memory import MemoryEventStore
from penstock.events.personal import blanks
from penstock.events.projection import project
from penstock.events.views import MemoryViewStore
from penstock.workflows.catalogue import catalogue
from penstock.workflows.execution.running import NodeRequest
from penstock.workflows.execution.state import Status
from penstock.workflows.node import Kind, Services
from penstock.workflows.runner import LocalRunner
from penstock_healthcare.disclosures import record
from penstock_healthcare.disclosures.accounting import period
from penstock_healthcare.disclosures.service import Disclosures
from penstock_healthcare.projections.disclosures import DISCLOSURES
from penstock_healthcare.subjects.disclosures import find
from tests.unit.healthcare.nodes.test_compliance_nodes import NOW, execute, run

GIVEN: dict[str, Any] = {
    "patient": "Patient/7",
    "date": "2026-11-20",
    "recipient": "Sheriff of Ramsey County",
    "address": "425 Grove Street",
    "information": "Dates of admission",
    "purpose": "law_enforcement",
}
STREAM = StreamId("acme", "disclosure", "7")
ALL = period(date(2026, 11, 24), None, None, None)


def test_it_is_a_compliance_node_with_a_description() -> None:
    node = catalogue()["healthcare.disclosure.record"]
    assert node.kind is Kind.COMPLIANCE
    assert all("description" in field for field in node.schema["properties"].values())


def test_a_disclosure_is_recorded_and_accounted_for() -> None:
    store = MemoryEventStore()
    [item] = run("disclosure.record", {"n": 1}, store, **GIVEN)["main"]
    assert item["n"] == 1
    assert item["disclosure"]["is_exempt"] is False
    assert item["disclosure"]["paragraph"] == "164.512(f)"
    [row] = Disclosures(store).account("acme", "7", ALL).disclosures
    assert row == {
        "date": "2026-11-20",
        "recipient": GIVEN["recipient"],
        "address": GIVEN["address"],
        "information": GIVEN["information"],
        "purpose": "law enforcement",
    }
    assert Disclosures(store).account("other", "7", ALL).disclosures == ()
    assert Disclosures(store).account("acme", "8", ALL).disclosures == ()


def test_what_needs_no_accounting_is_recorded_as_exempt_and_left_out() -> None:
    store = MemoryEventStore()
    [item] = run("disclosure.record", {}, store, **{**GIVEN, "purpose": "payment"})["main"]
    assert item["disclosure"]["is_exempt"] is True
    found = Disclosures(store).account("acme", "7", ALL)
    assert (found.disclosures, found.series, found.erased) == ((), (), 0)
    [event] = [event for commit in store.commits(STREAM) for event in commit.events]
    assert (event.type, event.data["paragraph"]) == ("ExemptDisclosureRecorded", "164.528(a)(1)(i)")


@pytest.mark.parametrize("purpose", ["judicial", "treatment"])
def test_a_run_that_is_repeated_records_once_also_as_another_attempt(purpose: str) -> None:
    store = MemoryEventStore()
    runner = LocalRunner(catalogue(), Services(store))
    for attempt in (1, 1, 2):
        given = [{**GIVEN, "purpose": purpose}]
        key = f"e/n/1/{attempt}"
        runner.run(
            NodeRequest("healthcare.disclosure.record", {"main": [{}]}, given, key, attempt, NOW, "acme", "w", "e")
        )
    assert len([event for commit in store.commits(STREAM) for event in commit.events]) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("patient", "Okafor"),
        ("date", "2026-11-26"),
        ("date", "Okafor"),
        ("recipient", "  "),
        ("recipient", "Okafor\nOkafor"),
        ("information", "Okafor" * 100),
        ("purpose", "Okafor"),
    ],
)
def test_what_does_not_fit_fails_with_the_field_and_no_value(field: str, value: str) -> None:
    execution = execute("disclosure.record", {"given": value}, **{**GIVEN, field: "{{ $json.given }}"})
    assert execution.status is Status.FAILED
    assert execution.error
    assert field in execution.error["message"]
    assert "Okafor" not in json.dumps(execution.error)


def test_a_record_that_is_full_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "MOST", 1)
    store = MemoryEventStore()
    run("disclosure.record", {}, store, **GIVEN)
    execution = execute("disclosure.record", {}, store, **GIVEN)
    assert execution.error
    assert execution.error["type"] == "TooMany"


def test_personal_fields_are_sealed_and_lead_to_the_patient() -> None:
    store = MemoryEventStore()
    run("disclosure.record", {}, store, **GIVEN)
    [event] = [event for commit in store.commits(STREAM) for event in commit.events]
    assert find(event).references == {"Patient/7"}
    for kind in ("DisclosureRecorded", "ExemptDisclosureRecorded"):
        sealed = blanks("disclosure", kind) or {}
        assert set(sealed) == {"recipient", "address", "information", "statement"}
    shredded = event._replace(data={**event.data, **{name: blank("x") for name, blank in sealed.items()}})
    assert not find(shredded).references


def test_the_read_model_counts_and_tells_nothing_of_to_whom() -> None:
    store, views = MemoryEventStore(), MemoryViewStore()
    run("disclosure.record", {}, store, **GIVEN)
    run("disclosure.record", {}, store, **{**GIVEN, "purpose": "payment", "date": "2026-11-01"})
    project(store, views, DISCLOSURES, STREAM)
    [view] = views.list("acme", "disclosures").items
    assert view.document == {
        "patient": "Patient/7",
        "accounted": 1,
        "exempt": 1,
        "first": "2026-11-01",
        "last": "2026-11-20",
        "updated_at": view.document["updated_at"],
    }
