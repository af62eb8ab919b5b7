"""The document filing workflow, run in process: what becomes of a document after it was first filed."""

import json
from typing import Any

import pytest

from penstock.workflows.execution.state import Status
from penstock_healthcare.fhir.resources import Resources
from tests.unit.healthcare.samples import sample
from tests.unit.healthcare.workflows.test_samples import Ward

REPLACEMENT = sample("mdm_t10_replacement")
NOTICE = REPLACEMENT.partition(b"OBX|")[0].replace(b"MDM_T02", b"MDM_T01")


def of(event: bytes, raw: bytes) -> bytes:
    """The message with another event."""
    return raw.replace(b"MDM^T10", b"MDM^" + event).replace(b"EVN|T10", b"EVN|" + event)


@pytest.fixture
def ward() -> Ward:
    return Ward()


def documents(ward: Ward) -> list[dict[str, Any]]:
    """What is kept, by its number's order."""
    found = [Resources(ward.store).get("acme", *stream.key.split("-", 1)) for stream in ward.resources("Document")]
    return sorted((json.loads(each.text) for each in found), key=lambda each: str(each["masterIdentifier"]["value"]))


def test_a_replacement_is_a_document_of_its_own_that_names_the_one_before(ward: Ward) -> None:
    ward.run(sample("mdm_t02_discharge_summary"))
    assert ward.run(REPLACEMENT).status is Status.DONE
    before, after = documents(ward)
    assert (before["masterIdentifier"]["value"], after["masterIdentifier"]["value"]) == ("DOC5571204", "DOC5571377")
    [link] = after["relatesTo"]
    assert (link["code"], link["target"]["identifier"]["value"]) == ("replaces", "DOC5571204")
    event, data = ward.emitted()[-1]
    assert (event, data["document"]) == ("document.replaced", f"DocumentReference/{after['id']}")


@pytest.mark.parametrize(
    ("event", "told"),
    [(b"T04", "document.status_changed"), (b"T06", "document.addended"), (b"T08", "document.edited")],
)
def test_each_change_with_content_is_kept_and_told(ward: Ward, event: bytes, told: str) -> None:
    ward.run(of(event, REPLACEMENT))
    assert [each for each, _ in ward.emitted()] == [told]
    assert len(documents(ward)) == 1


def test_an_edit_makes_a_new_version_of_the_same_document(ward: Ward) -> None:
    ward.run(REPLACEMENT)
    ward.run(of(b"T08", REPLACEMENT).replace(b"left lower lobe", b"left upper lobe").replace(b"000107", b"000108"))
    [stream] = ward.resources("DocumentReference")
    versions = Resources(ward.store).history("acme", *stream.key.split("-", 1))
    assert [each.version for each in versions] == [2, 1]


@pytest.mark.parametrize("event", [b"T01", b"T03", b"T05", b"T07", b"T09", b"T04"])
def test_a_mere_notice_is_told_and_changes_nothing_that_is_kept(ward: Ward, event: bytes) -> None:
    ward.run(REPLACEMENT)
    [before] = documents(ward)
    ward.run(of(event, NOTICE))
    assert documents(ward) == [before]
    told, data = ward.emitted()[-1]
    assert (told, data["document"]) == ("document.announced", f"DocumentReference/{before['id']}")
    assert data["message_type"] == f"MDM^{event.decode()}"


def test_a_cancelled_document_is_marked_as_entered_in_error(ward: Ward) -> None:
    ward.run(REPLACEMENT)
    ward.run(of(b"T11", NOTICE))
    [document] = documents(ward)
    assert document["status"] == "entered-in-error"
    assert ward.emitted()[-1][0] == "document.cancelled"


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        (REPLACEMENT.replace(b"MRN4498812", b""), "PID-3"),
        (REPLACEMENT.replace(b"DOC5571377^EHR^2.16.840.1.113883.19.3.2^ISO", b""), "TXA-12"),
        (
            REPLACEMENT.partition(b"OBX|")[0] + b"OBX|1|RP|18842-5^Summary^LN||no url^x||||||F\r",
            "DocumentReference.content[0].attachment.url",
        ),
    ],
)
def test_what_cannot_be_filed_is_held_with_the_reason(ward: Ward, raw: bytes, path: str) -> None:
    assert ward.run(raw).status is Status.DONE
    [(event, data)] = ward.emitted()
    assert (event, [each["path"] for each in data["reasons"]]) == ("document.held", [path])
    assert ward.resources("") == []
    assert "Aalto" not in str(data)
