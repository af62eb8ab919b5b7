"""The immunization report workflow, run in process over its sample message: every branch."""

import json

import pytest

from penstock.workflows.execution.state import Status
from penstock_healthcare.fhir.resources import Resources
from penstock_healthcare.fhir.validation import is_valid, validate_text
from penstock_healthcare.outbound.service import Outbound
from tests.unit.healthcare.samples import encoded, sample
from tests.unit.healthcare.workflows.test_samples import Ward

REPORT = sample("vxu_v04_immunization")


@pytest.fixture
def ward() -> Ward:
    return Ward()


def test_immunizations_are_kept_and_the_report_goes_to_the_registry_as_it_came(ward: Ward) -> None:
    assert ward.run(REPORT).status is Status.DONE
    [(event, data)] = ward.emitted()
    assert (event, data["control_id"], len(data["immunizations"])) == ("immunization.reported", "EHR20261123001144", 2)
    texts = [Resources(ward.store).get("acme", *reference.split("/")).text for reference in data["immunizations"]]
    assert all(is_valid(validate_text(text.encode())) for text in texts)
    assert {json.loads(text)["vaccineCode"]["coding"][0]["code"] for text in texts} == {"110", "133"}
    sent = Outbound(ward.store).get("acme", data["outbound_id"])
    assert (sent.destination, sent.raw) == ("registry", encoded(REPORT))
    assert "Sandoval" not in str(data)


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        (REPORT.replace(b"MRN4511906", b""), "PID-3"),
        (REPORT.partition(b"ORC|")[0], "RXA"),
        (REPORT.replace(b"7K4RD", b"\\X07\\"), "Immunization.lotNumber"),
    ],
)
def test_what_cannot_be_reported_is_held_and_not_sent(ward: Ward, raw: bytes, path: str) -> None:
    assert ward.run(raw).status is Status.DONE
    [(event, data)] = ward.emitted()
    assert (event, [each["path"] for each in data["reasons"]]) == ("immunization.held", [path])
    assert "Sandoval" not in str(data)
    assert ward.resources("") == []
    assert [stream for stream in ward.store.streams() if stream.kind.startswith("hl7_out")] == []


def test_the_same_report_twice_makes_no_second_version(ward: Ward) -> None:
    ward.run(REPORT)
    ward.run(REPORT)
    for stream in ward.resources("Immunization"):
        assert len(list(ward.store.commits(stream))) == 1
