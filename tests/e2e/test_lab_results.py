"""A real lab result's way: from the ward's socket to FHIR resources and events, read back through the public API."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import pytest

from tests.e2e.gateway import gateway
from tests.e2e.stack import Stack
from tests.e2e.tenant import Document, Tenant, eventually, fields

SAMPLES = Path(__file__).parents[2] / "events/messages"
MALFORMED = "hl7v2_oru_r01_malformed"
CORRECTED = (
    b"MSH|^~\\&|LIS|LAKESIDE|PENSTOCK|INTEGRATION|20261123130201-0600||ORU^R01^ORU_R01|LIS20261123000701|P|2.5.1\r"
    b"PID|1||MRN4388120^^^LAKESIDE^MR||Lindqvist^Henrik^J||19541102|M\r"
    b"OBR|1|ORD5520399|LAB88120544|2345-7^Glucose^LN|||20261123123000-0600|||||||||||||||||CH|F\r"
    b"OBX|1|NM|2345-7^Glucose^LN||104|mg/dL|70-99|H|||F\r"
)


@dataclass(frozen=True)
class Ward:
    """A hospital's tenant, to which every sample was sent once. `acks` and `raw` are by the sample's name."""

    tenant: Tenant
    lab: str
    admissions: str
    pager: str
    raw: dict[str, bytes]
    acks: dict[str, list[str]]

    def message(self, sample: str) -> Document:
        """The message as the API shows it."""
        return self.by_bytes[self.raw[sample]]

    @property
    def by_bytes(self) -> dict[bytes, Document]:
        """Every message by the bytes that were stored."""
        listed = self.tenant.items("/v1/healthcare/messages")
        found = [self.tenant.get(f"/v1/healthcare/messages/{each['id']}") for each in listed]
        return {base64.b64decode(message["original"]): message for message in found}

    def execution(self, workflow: str, sample: str) -> Document:
        """The execution that a sample started; it is found by the message's id."""
        message = self.message(sample)["id"]
        return eventually(
            f"{sample} starts a workflow",
            lambda: next((it for it in self.tenant.executions(workflow) if it["correlation"] == message), None),
        )

    def saved(self, execution: str) -> dict[str, list[Document]]:
        """The FHIR resources that an execution saved, by type."""
        (item,) = self.tenant.get(f"/v1/executions/{execution}/items/Save")["items"]
        found: dict[str, list[Document]] = {}
        for each in item["saved"]:
            resource = self.tenant.get(f"/v1/healthcare/fhir/{each['reference']}")
            found.setdefault(resource["resourceType"], []).append(resource)
        return found

    def paged(self, event_type: str, message: str) -> Document:
        """The event about a message, as a workflow that listens to the bus got it."""

        def probe() -> Document | None:
            done = [it for it in self.tenant.executions(self.pager) if it["status"] == "done"]
            items = [self.tenant.execution(each["id"])["items"][0] for each in done]
            return next((it for it in items if (it["type"], it["message"]) == (event_type, message)), None)

        return eventually(f"{event_type} is heard on the bus", probe)


def _sample_workflow(name: str) -> Document:
    found: Document = json.loads(files("penstock_healthcare.workflows").joinpath(f"{name}.json").read_text("utf-8"))
    return found


@pytest.fixture(scope="module")
def ward(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    """Workflows published, then all samples sent over one connection."""
    raw = {path.stem: path.read_bytes() for path in sorted(SAMPLES.glob("hl7v2_*.hl7"))}
    with stack.tenant() as tenant:
        lab, admissions = (tenant.publish(_sample_workflow(name)) for name in ("lab_results", "admissions"))
        note = fields(message="{{ $json.data.message_id }}")
        pager = tenant.publish_row(
            "Pager", ("on", "core.trigger.event", {"types": ["lab.*"]}), ("note", "core.set", note)
        )
        eventually("three workflows listen", lambda: len(tenant.items("/v1/workflows", status="published")) == 3)
        with gateway(tenant, tmp_path_factory.mktemp("gateway")) as door:
            answers = door.send(list(raw.values()))
        acks = {name: answer.decode("latin-1").split("\r") for name, answer in zip(raw, answers, strict=True)}
        yield Ward(tenant, lab, admissions, pager, raw, acks)


def _msa(ack: list[str]) -> list[str]:
    """Code and control id."""
    (segment,) = [line for line in ack if line.startswith("MSA")]
    return segment.split("|")[1:3]


def test_every_readable_message_is_accepted_and_named_in_its_acknowledgment(ward: Ward) -> None:
    assert len(ward.acks) >= 7
    for name, ack in ward.acks.items():
        if name != MALFORMED:
            assert _msa(ack) == ["AA", ward.raw[name].split(b"\r")[0].split(b"|")[9].decode()]


def test_a_malformed_message_is_refused_with_the_reason(ward: Ward) -> None:
    ack = ward.acks[MALFORMED]
    assert _msa(ack)[0] in ("AE", "AR")
    assert any(line.startswith("ERR") for line in ack)


def test_every_message_is_stored_byte_for_byte(ward: Ward) -> None:
    eventually("all messages are listed", lambda: len(ward.tenant.items("/v1/healthcare/messages")) == len(ward.raw))
    assert set(ward.by_bytes) == set(ward.raw.values())


def test_a_normal_result_becomes_fhir_and_is_filed(ward: Ward) -> None:
    execution = ward.execution(ward.lab, "hl7v2_oru_r01_normal")
    ward.tenant.ended(execution["id"])
    saved = ward.saved(execution["id"])
    assert len(saved["Observation"]) >= 8
    assert len(saved["DiagnosticReport"]) == 1
    (patient,) = saved["Patient"]
    assert patient["name"][0]["family"] == "Okafor"
    found = ward.tenant.get("/v1/healthcare/fhir/Observation", patient=patient["id"])
    assert {entry["resource"]["id"] for entry in found["entry"]} == {each["id"] for each in saved["Observation"]}
    ward.paged("lab.result.filed", ward.message("hl7v2_oru_r01_normal")["id"])


def test_a_critical_result_waits_for_a_clinician(ward: Ward) -> None:
    execution = ward.execution(ward.lab, "hl7v2_oru_r01_critical")["id"]
    path = ward.tenant.callback(execution, "Clinician acknowledges")
    codes = {each["code"]["coding"][0]["code"]: each for each in ward.saved(execution)["Observation"]}
    potassium = codes["2823-3"]
    assert (potassium["valueQuantity"]["value"], potassium["interpretation"][0]["coding"][0]["code"]) == (6.9, "HH")
    ward.tenant.call("POST", path, {"approved": True, "by": "dr.harrington"}, expect=200)
    assert ward.tenant.ended(execution)["items"][0]["acknowledgement"]["by"] == "dr.harrington"
    ward.paged("lab.result.acknowledged", ward.message("hl7v2_oru_r01_critical")["id"])


@pytest.mark.parametrize("sample", ["hl7v2_oru_r01_abnormal", "hl7v2_oru_r01_microbiology"])
def test_other_results_are_filed_too(ward: Ward, sample: str) -> None:
    ward.tenant.ended(ward.execution(ward.lab, sample)["id"])
    ward.paged("lab.result.filed", ward.message(sample)["id"])


def test_an_admission_becomes_a_patient_and_an_encounter(ward: Ward) -> None:
    execution = ward.execution(ward.admissions, "hl7v2_adt_a01_admission")["id"]
    ward.tenant.ended(execution)
    saved = ward.saved(execution)
    assert len(saved["Patient"]) == len(saved["Encounter"]) == 1


def test_a_malformed_message_is_listed_and_can_be_sent_in_corrected(ward: Ward) -> None:
    (listed,) = eventually("it is listed", lambda: ward.tenant.items("/v1/healthcare/messages", status="rejected"))
    assert listed["error"]["message"]
    assert ward.message(MALFORMED)["id"] == listed["id"]
    path = f"/v1/healthcare/messages/{listed['id']}"
    body = {"raw": base64.b64encode(CORRECTED).decode(), "reason": "separators were missing"}
    assert ward.tenant.call("POST", f"{path}/resubmit", body, expect=201)["acknowledgment"] == "AA"
    message = ward.tenant.get(path)
    assert (message["status"], message["submissions"]) == ("accepted", 2)
    assert base64.b64decode(message["original"]) == ward.raw[MALFORMED]
    execution = ward.execution(ward.lab, MALFORMED)["id"]
    ward.tenant.ended(execution)
    (observation,) = ward.saved(execution)["Observation"]
    assert observation["valueQuantity"]["value"] == 104
