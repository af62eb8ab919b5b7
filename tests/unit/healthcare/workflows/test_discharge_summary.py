"""The discharge summary workflow, run in process over its sample message: every branch."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest

from penstock.workflows.execution.state import Status
from penstock_healthcare.fhir.resources import Resources
from penstock_healthcare.fhir.validation import is_valid, validate_text
from tests.unit.healthcare.samples import sample
from tests.unit.healthcare.workflows.test_samples import ORIGIN, Ward, forever

SUMMARY = sample("mdm_t02_discharge_summary")
UNSIGNED = SUMMARY.replace(b"||LA||AV", b"||DI||AV")


@pytest.fixture
def ward() -> Ward:
    return Ward()


def kept(ward: Ward) -> dict[str, Any]:
    """The one document that was kept, which is valid."""
    [stream] = ward.resources("DocumentReference")
    text = Resources(ward.store).get("acme", *stream.key.split("-", 1)).text
    assert is_valid(validate_text(text.encode()))
    found: dict[str, Any] = json.loads(text)
    return found


def reasons(ward: Ward) -> list[str]:
    """Where what was held is not right."""
    [(event, data)] = ward.emitted()
    assert event == "document.held"
    assert "Aalto" not in str(data)
    return [each["path"] for each in data["reasons"]]


def test_a_discharge_summary_becomes_a_document_with_its_text(ward: Ward) -> None:
    assert ward.run(SUMMARY).status is Status.DONE
    document = kept(ward)
    assert document["masterIdentifier"]["value"] == "DOC5571204"
    assert document["docStatus"] == "final"
    texts = [base64.b64decode(part["attachment"]["data"]).decode() for part in document["content"]]
    assert texts[0].startswith("Admitted with community-acquired pneumonia")
    [(event, data)] = ward.emitted()
    assert event == "discharge.summary.filed"
    assert data["document"] == f"DocumentReference/{document['id']}"
    assert data["document"] in data["resources"]
    assert data["is_signed"] is True


def test_another_document_is_filed_as_a_document(ward: Ward) -> None:
    ward.run(SUMMARY.replace(b"TXA|1|DS|", b"TXA|1|OP|"))
    assert [event for event, _ in ward.emitted()] == ["document.filed"]
    assert kept(ward)["type"]["coding"][0]["code"] == "OP"


def test_an_unsigned_summary_waits_and_is_kept_when_somebody_lets_it_pass(ward: Ward) -> None:
    execution = ward.run(UNSIGNED)
    assert (execution.status, ward.emitted()) == (Status.WAITING, [])
    [waiting] = execution.waiting.values()
    assert waiting.token
    ended = ward.engine.signal(execution.id, waiting.token, {"approved": True}, ORIGIN, forever)
    assert ended.status is Status.DONE
    [(event, data)] = ward.emitted()
    assert (event, data["is_signed"]) == ("discharge.summary.filed", False)
    assert kept(ward)["docStatus"] == "preliminary"


def test_an_unsigned_summary_that_is_refused_is_held(ward: Ward) -> None:
    execution = ward.run(UNSIGNED)
    [waiting] = execution.waiting.values()
    assert waiting.token
    ward.engine.signal(execution.id, waiting.token, {"approved": False}, ORIGIN, forever)
    assert reasons(ward) == ["TXA-17"]
    assert ward.resources("") == []


def test_an_unsigned_summary_that_nobody_looks_at_for_three_days_is_held(ward: Ward) -> None:
    execution = ward.run(UNSIGNED)
    ward.now += timedelta(days=3, minutes=1)
    assert ward.engine.resume(execution.id, forever).status is Status.DONE
    assert reasons(ward) == ["TXA-17"]


def test_a_summary_of_nobody_is_held(ward: Ward) -> None:
    ward.run(SUMMARY.replace(b"MRN4498812", b""))
    assert reasons(ward) == ["PID-3"]


def test_a_summary_without_its_text_is_held(ward: Ward) -> None:
    ward.run(SUMMARY.partition(b"OBX|")[0])
    assert reasons(ward) == ["OBX-5"]
    assert ward.resources("") == []


def test_what_does_not_make_a_valid_document_is_held_with_the_reason(ward: Ward) -> None:
    ward.run(SUMMARY.partition(b"OBX|")[0] + b"OBX|1|RP|18842-5^Summary^LN||no url^x||||||F\r")
    assert reasons(ward) == ["DocumentReference.content[0].attachment.url"]
    assert ward.resources("") == []
