"""The compliance nodes, each in a workflow that the engine runs."""

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from penstock.events import Origin
from penstock.events.memory import MemoryEventStore
from penstock.workflows.catalogue import catalogue
from penstock.workflows.execution.ports import Start
from penstock.workflows.execution.running import NodeRequest
from penstock.workflows.execution.state import Execution, Status
from penstock.workflows.in_process import in_process_engine
from penstock.workflows.node import Kind, Services
from penstock.workflows.runner import LocalRunner
from penstock.workflows.validation import parse
from penstock_healthcare.fhir.resources import Resources
from penstock_healthcare.fhir.validation import is_valid, validate_text
from tests.unit.healthcare.samples import encoded, sample

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
NODES = ("phi.detect", "phi.deidentify", "consent.check", "breach.assess", "audit.record")


Outputs = Mapping[str, Sequence[dict[str, Any]]]


def execute(kind: str, item: dict[str, Any], store: MemoryEventStore | None = None, **parameters: Any) -> Execution:
    """A workflow of a trigger and the node, run by the engine."""
    definition = {
        "name": "Compliance",
        "nodes": [
            {"name": "start", "type": "core.trigger.manual"},
            {"name": "node", "type": f"healthcare.{kind}", "parameters": parameters},
        ],
        "connections": [{"from": "start", "to": "node"}],
    }
    engine = in_process_engine({"w": parse(definition, catalogue())}, store=store, clock=lambda: NOW)
    return engine.start(Start("acme", "w", 1, [item], "test"), Origin("key:test", "r-1"), lambda: False)


def run(kind: str, item: dict[str, Any], store: MemoryEventStore | None = None, **parameters: Any) -> Outputs:
    """What the node sent out."""
    execution = execute(kind, item, store, **parameters)
    assert execution.status is Status.DONE, execution.error
    [(_, outputs)] = execution.outputs["node"].items()
    return outputs


@pytest.mark.parametrize("name", NODES)
def test_each_is_a_compliance_node_with_a_description(name: str) -> None:
    node = catalogue()[f"healthcare.{name}"]
    assert node.kind is Kind.COMPLIANCE
    assert all("description" in field for field in node.schema["properties"].values())


def test_detecting_says_where_identifiers_are_and_not_what() -> None:
    [item] = run("phi.detect", {"raw": encoded(sample("oru_r01_normal"))})["found"]
    places = {(each["identifier"], each["location"]) for each in item["phi"]["findings"]}
    assert ("name", "raw:PID-5[0].1.1") in places
    assert item["phi"]["counts"]["mrn"] == 1
    assert "Okafor" not in json.dumps(item["phi"])


def test_text_and_resources_are_searched_too() -> None:
    resources = [{"resourceType": "Patient", "birthDate": "1954-04-12"}, {"resourceType": "Basic"}]
    [item] = run("phi.detect", {"resources": resources})["found"]
    assert [each["location"] for each in item["phi"]["findings"]] == ["resources[0]:Patient.birthDate"]
    assert "clear" in run("phi.detect", {}, text="Potassium 4.1 mmol/L")
    assert "found" in run("phi.detect", {}, text="SSN 987-65-4320")


@pytest.mark.parametrize("kind", ["phi.detect", "phi.deidentify"])
@pytest.mark.parametrize(
    "item", [{}, {"raw": "no message"}, {"resources": "x"}, {"resource": {"resourceType": "None"}}]
)
def test_what_cannot_be_examined_fails_and_is_not_quoted(kind: str, item: dict[str, Any]) -> None:
    execution = execute(kind, {**item, "patient": "Okafor"})
    assert execution.status is Status.FAILED
    assert execution.error
    assert execution.error["type"] == "NotExamined"
    assert "Okafor" not in json.dumps(execution.error)


def test_deidentifying_leaves_all_behind_that_nobody_examined() -> None:
    before = {"raw": encoded(sample("oru_r01_normal")), "hl7": {"PID": {"5": "Okafor"}}, "ward": "3B"}
    [item] = run("phi.deidentify", before, keep=["ward"])["main"]
    assert set(item) == {"raw", "ward", "deidentification"}
    assert b"Okafor" not in base64.b64decode(item["raw"])
    assert item["deidentification"]["safe_harbor"] is True
    assert item["deidentification"]["changed"]["mrn"] == 1
    assert "clear" in run("phi.detect", item)


def test_consents_decide_the_port() -> None:
    consent = {
        "resourceType": "Consent",
        "status": "active",
        "provision": {"type": "permit", "purpose": [{"code": "TREAT"}]},
    }
    [item] = run("consent.check", {"consents": [consent]}, purpose="TREAT")["permit"]
    assert item["consent"] == {"is_permitted": True, "rule": "provision-permit", "location": "Consent[0].provision"}
    assert "deny" in run("consent.check", {"consents": [consent]}, purpose="HRESCH")
    assert "deny" in run("consent.check", {}, purpose="TREAT")


def test_a_breach_says_whom_to_tell_and_how_many_days_are_left() -> None:
    given: dict[str, Any] = {
        "discovered": "2026-11-04",
        "nature": "clinical",
        "recipient": "unknown",
        "by_state": {"MN": 501},
    }
    [item] = run("breach.assess", {}, **given)["breach"]
    assert {each["to"]: each["days_left"] for each in item["breach"]["notices"]} == {
        "individuals": 40,
        "media:MN": 40,
        "secretary": 40,
    }
    assert "no_breach" in run("breach.assess", {}, **given, exception="secured")


def test_a_use_is_recorded_once_as_a_valid_audit_event() -> None:
    store = MemoryEventStore()
    given: dict[str, Any] = {"agent": "Practitioner/1", "entity": "Patient/7"}
    [item] = run("audit.record", {}, store, **given)["main"]
    kind, _, key = item["audit"]["reference"].partition("/")
    kept = Resources(store).get("acme", kind, key)
    assert is_valid(validate_text(kept.text.encode())), validate_text(kept.text.encode())
    event = json.loads(kept.text)
    assert (event["action"], event["entity"][0]["what"]["reference"]) == ("R", "Patient/7")
    runner = LocalRunner(catalogue(), Services(store))
    request = NodeRequest("healthcare.audit.record", {"main": [{}]}, [given], "e/n/1/1", 1, NOW, "acme", "w", "e")
    first, again = runner.run(request), runner.run(request)
    assert first == again
    assert len([stream for stream in store.streams() if stream.kind == "fhir"]) == 2
