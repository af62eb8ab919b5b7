"""The sample workflows, run in process over the real sample messages."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from penstock.events import Event, Origin, StreamId
from penstock.events.memory import MemoryEventStore
from penstock.workflows.catalogue import catalogue
from penstock.workflows.definition import WorkflowDefinition
from penstock.workflows.execution.engine import Engine
from penstock.workflows.execution.ports import Start
from penstock.workflows.execution.state import Execution, Status
from penstock.workflows.in_process import MemoryWake, in_process_engine
from penstock.workflows.samples import Sample, sample_workflows
from penstock.workflows.triggers import event_item, wants
from penstock.workflows.validation import parse, validate
from penstock_healthcare.fhir.resources import Resources
from penstock_healthcare.messages.service import Messages, Reception
from tests.unit.healthcare.samples import lines, sample

ORIGIN = Origin("key:test", "request-1")
SAMPLES = {found.id: found for found in sample_workflows() if found.id.startswith("healthcare.")}
PATIENT = "PID|1||P1^^^HOSP^MR||Doe^Jane||19700101|F"
POTASSIUM = "OBX|1|NM|2823-3^Potassium^LN||{value}|mmol/L^mmol/L^UCUM|3.5-5.1|{flag}|||F"


def forever() -> bool:
    return False


@dataclass
class Ward:
    """A tenant with the sample workflows, everything in memory."""

    store: MemoryEventStore = field(default_factory=MemoryEventStore)
    now: datetime = datetime(2026, 11, 24, 8, tzinfo=UTC)

    def __post_init__(self) -> None:
        definitions = {name: parse(found.definition, catalogue()) for name, found in SAMPLES.items()}
        self.definitions: dict[str, WorkflowDefinition] = definitions
        self.engine: Engine = in_process_engine(definitions, store=self.store, clock=lambda: self.now)

    def receive(self, raw: bytes) -> Event:
        """The event that the message ended in."""
        reception = Reception(raw, "2026-11-24T08:00:00.000Z", {"peer": "10.0.0.1", "listener": "lab"})
        message = Messages(self.store, lambda: self.now).receive("acme", reception, ORIGIN)
        return [event for commit in self.store.commits(message.id) for event in commit.events][-1]

    def run(self, raw: bytes) -> Execution:
        """What the one workflow that wants the message makes of it."""
        item = event_item(self.receive(raw))
        started = [name for name, found in self.definitions.items() if wants(*_trigger(found), item)]
        assert len(started) == 1
        start = Start("acme", started[0], 1, [item], "event")
        return self.engine.start(start, Origin("trigger", item["correlation"]), forever)

    def emitted(self) -> list[tuple[str, Any]]:
        """The events that workflows emitted, in order."""
        streams = [stream for stream in self.store.streams() if stream.kind == "event"]
        events = [event for stream in streams for commit in self.store.commits(stream) for event in commit.events]
        return [(event.type, event.data) for event in events]

    def resources(self, kind: str) -> list[StreamId]:
        return [stream for stream in self.store.streams() if stream.kind == "fhir" and stream.key.startswith(kind)]


def _trigger(definition: WorkflowDefinition) -> tuple[str, dict[str, Any]]:
    return definition.nodes[0].type, definition.nodes[0].parameters


@pytest.fixture
def ward() -> Ward:
    return Ward()


@pytest.mark.parametrize("found", SAMPLES.values(), ids=list(SAMPLES))
def test_a_sample_workflow_is_valid(found: Sample) -> None:
    assert validate(found.definition, catalogue()) == []


def test_both_healthcare_samples_are_found() -> None:
    assert {"healthcare.lab_results", "healthcare.admissions"} <= set(SAMPLES)


def test_a_normal_result_is_filed(ward: Ward) -> None:
    execution = ward.run(sample("oru_r01_normal"))
    assert execution.status is Status.DONE
    [(event, data)] = ward.emitted()
    assert (event, data["level"], data["control_id"]) == ("lab.result.filed", "normal", "LIS20261123000417")
    assert len(ward.resources("Observation")) == 8
    assert [len(ward.resources(kind)) for kind in ("Patient", "DiagnosticReport", "Specimen")] == [1, 1, 1]


def test_an_abnormal_result_is_filed_as_such(ward: Ward) -> None:
    assert ward.run(sample("oru_r01_abnormal")).status is Status.DONE
    [(event, data)] = ward.emitted()
    assert (event, data["level"]) == ("lab.result.filed", "abnormal")
    assert len(data["observations"]) == 9


def test_a_critical_result_waits_until_a_clinician_acknowledges_it(ward: Ward) -> None:
    execution = ward.run(sample("oru_r01_critical"))
    assert (execution.status, ward.emitted()) == (Status.WAITING, [])
    [waiting] = execution.waiting.values()
    assert waiting.token
    answer = {"approved": True, "by": "dr.harrington", "comment": "seen"}
    ended = ward.engine.signal(execution.id, waiting.token, answer, ORIGIN, forever)
    assert ended.status is Status.DONE
    [(event, data)] = ward.emitted()
    assert event == "lab.result.acknowledged"
    assert data["acknowledgement"] == answer
    assert [found["code"] for found in data["observations"]] == ["2823-3"]


def test_a_critical_result_that_nobody_acknowledges_is_escalated_after_four_hours(ward: Ward) -> None:
    execution = ward.run(sample("oru_r01_critical"))
    ward.now += timedelta(hours=3, minutes=59)
    assert ward.engine.resume(execution.id, forever).status is Status.WAITING
    ward.now += timedelta(minutes=2)
    assert ward.engine.resume(execution.id, forever).status is Status.DONE
    assert [event for event, _ in ward.emitted()] == ["lab.result.escalated"]


def test_a_result_that_says_not_whose_it_is_is_held(ward: Ward) -> None:
    execution = ward.run(lines("PID|1||||Doe^Jane||19700101|F", "OBR|1||F1|2823-3^K^LN|||20260101|||||||||||||||||||F"))
    assert execution.status is Status.DONE
    [(event, data)] = ward.emitted()
    assert event == "lab.result.held"
    assert [reason["path"] for reason in data["reasons"]] == ["PID-3"]
    assert ward.resources("") == []


def test_an_admission_becomes_a_patient_and_an_encounter(ward: Ward) -> None:
    assert ward.run(sample("adt_a01_admission")).status is Status.DONE
    [(event, data)] = ward.emitted()
    assert event == "patient.admitted"
    assert {reference.partition("/")[0] for reference in data["resources"]} == {
        "Patient",
        "Encounter",
        "Condition",
        "AllergyIntolerance",
        "Coverage",
    }


def test_a_latin_1_admission_keeps_its_names(ward: Ward) -> None:
    ward.run(sample("adt_a01_latin1"))
    [stream] = ward.resources("Patient")
    kind, _, name = stream.key.partition("-")
    assert "Großkötter" in Resources(ward.store).get("acme", kind, name).text


def test_a_correction_makes_a_new_version_of_the_same_observation(ward: Ward) -> None:
    order = "OBR|1|O1|F1|24326-1^Lytes^LN|||20260101080000+0000|||||||||||||||||||{status}"
    first = lines(PATIENT, order.format(status="F"), POTASSIUM.format(value="4.20", flag="N"))
    second = lines(PATIENT, order.format(status="C"), POTASSIUM.format(value="4.90", flag="N"))
    ward.run(first)
    ward.run(second)
    [stream] = ward.resources("Observation")
    kind, _, name = stream.key.partition("-")
    versions = Resources(ward.store).history("acme", kind, name)
    assert [version.version for version in versions] == [2, 1]
    assert '"value":4.90' in versions[0].text
    assert '"value":4.20' in versions[1].text
    [patient] = ward.resources("Patient")
    assert len(list(ward.store.commits(patient))) == 1


def test_the_same_message_twice_ends_in_the_same_event(ward: Ward) -> None:
    assert ward.receive(sample("oru_r01_normal")).id == ward.receive(sample("oru_r01_normal")).id


def test_a_message_of_another_type_starts_nothing(ward: Ward) -> None:
    item = event_item(ward.receive(sample("oru_r01_normal").replace(b"ORU^R01^ORU_R01", b"ORU^W01^ORU_W01", 1)))
    assert not any(wants(*_trigger(found), item) for found in ward.definitions.values())


def test_nothing_of_the_patient_stands_in_what_a_rejected_message_says(ward: Ward) -> None:
    event = ward.receive(sample("oru_r01_malformed"))
    assert event.type == "HL7MessageRejected"
    assert "Lindqvist" not in str(event.data)


def test_no_wake_up_is_left_over_after_a_filed_result(ward: Ward) -> None:
    ward.run(sample("oru_r01_normal"))
    wake = ward.engine.wake
    assert isinstance(wake, MemoryWake)
    assert list(wake.take()) == []
