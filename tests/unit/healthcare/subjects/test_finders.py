"""Patients are found in what came in, and nobody in what cannot be read or is blank."""

import base64
from datetime import UTC, datetime
from typing import Any

import pytest

from penstock.events import Event, Origin, StreamId
from penstock.events.codec import Codec
from penstock.events.keyring import MemoryKeyring
from penstock.events.memory import MemoryEventStore
from penstock.privacy.finders import LONGEST_IDENTIFIER, Found, issued
from penstock_healthcare.fhir.resources import Resources
from penstock_healthcare.messages.message import AGGREGATE
from penstock_healthcare.messages.service import Messages, Reception
from penstock_healthcare.projections.hl7_messages import HL7_MESSAGES as LISTED
from penstock_healthcare.subjects.fhir import FHIR_RESOURCES
from penstock_healthcare.subjects.hl7_messages import HL7_MESSAGES
from tests.unit.healthcare.samples import sample

ORIGIN = Origin("ward", "adt-1")
NOW = datetime(2026, 11, 24, tzinfo=UTC)


def stored(raw: bytes) -> Event:
    event = {"raw": base64.b64encode(raw).decode(), "sha256": "", "size": len(raw), "received_at": "", "source": {}}
    return Event(StreamId("t", "hl7_message", "m"), 1, "HL7MessageStored", 1, NOW, event, ORIGIN)


def saved(resource: dict[str, Any]) -> Event:
    store = MemoryEventStore()
    Resources(store).save("t", resource, ORIGIN, "c")
    return next(store.commits(StreamId("t", "fhir", f"{resource['resourceType']}-{resource['id']}"))).events[0]


def test_every_identifier_of_a_patient_is_found_alone_and_with_its_issuer() -> None:
    found = HL7_MESSAGES.found(stored(sample("oru_r01_normal")))
    assert found == Found(
        frozenset(
            {
                *("MRN4471902", "LAKESIDE|MRN4471902", "987-65-4322", "SSA|987-65-4322"),
                *("ACC900120451", "LAKESIDE|ACC900120451"),
            }
        )
    )


@pytest.mark.parametrize("raw", [b"", b"not HL7", b"MSH|^~\\&|A|B\r", b"MSH|^~\\&|A|B\rPID|1||||Doe^John\r"])
def test_nobody_is_found_where_nobody_is_named(raw: bytes) -> None:
    assert HL7_MESSAGES.found(stored(raw)) == Found()


def test_the_patient_of_an_appointment_stands_among_its_participants() -> None:
    appointment = {
        "resourceType": "Appointment",
        "id": "a-1",
        "status": "booked",
        "participant": [
            {"actor": {"reference": "Location/l-1"}, "status": "accepted"},
            {"actor": {"reference": "Patient/p-1"}, "status": "accepted"},
        ],
    }
    assert FHIR_RESOURCES.found(saved(appointment)) == Found(references=frozenset({"Patient/p-1"}))


def test_a_patient_resource_names_itself_and_others_name_it() -> None:
    patient = {
        "resourceType": "Patient",
        "id": "p-1",
        "identifier": [{"system": "urn:ssn", "value": "987"}, {"value": "123"}],
    }
    assert FHIR_RESOURCES.found(saved(patient)) == Found(
        frozenset({"987", "urn:ssn|987", "123"}), frozenset({"Patient/p-1"})
    )
    for name in ("subject", "patient"):
        other = {"resourceType": "Observation", "id": "o-1", name: {"reference": "Patient/p-1"}}
        assert FHIR_RESOURCES.found(saved(other)) == Found(references=frozenset({"Patient/p-1"}))


@pytest.mark.parametrize("subject", [None, "Patient/p-1", {"reference": "Group/g-1"}, {"display": "Doe"}, [[]]])
def test_a_resource_that_refers_to_no_patient_is_nobodys(subject: Any) -> None:
    assert FHIR_RESOURCES.found(saved({"resourceType": "Observation", "id": "o-1", "subject": subject})) == Found()


def test_a_deletion_names_nobody() -> None:
    deleted = Event(
        StreamId("t", "fhir", "Patient-p"), 2, "ResourceDeleted", 1, NOW, {"type": "Patient", "id": "p"}, ORIGIN
    )
    assert FHIR_RESOURCES.found(deleted) == Found()


def test_a_blank_event_names_nobody() -> None:
    codec, store = Codec(keyring=MemoryKeyring()), MemoryEventStore()
    Messages(store).receive("t", Reception(sample("oru_r01_normal"), "", {}), ORIGIN)
    Resources(store).save("t", {"resourceType": "Patient", "id": "p", "identifier": [{"value": "1"}]}, ORIGIN, "c")
    finders = {"hl7_message": HL7_MESSAGES, "fhir": FHIR_RESOURCES}
    for stream in store.streams():
        for commit in store.commits(stream):
            for event in codec.skeleton(codec.pack(commit)).events:
                assert finders[stream.kind].found(event) == Found()


def test_an_identifier_has_bounds() -> None:
    assert issued("  ", "LAKESIDE") == frozenset()
    assert issued("x" * (LONGEST_IDENTIFIER + 1), "") == frozenset()
    assert issued(" 1 ", " A ") == {"1", "A|1"}


@pytest.mark.parametrize("raw", [b"not HL7", sample("oru_r01_normal")])
def test_a_shredded_message_keeps_its_standing(raw: bytes) -> None:
    codec, store = Codec(keyring=MemoryKeyring()), MemoryEventStore()
    message = Messages(store).receive("t", Reception(raw, "2026-11-24T09:30:00Z", {"peer": "10.0.0.7"}), ORIGIN)
    Messages(store).resubmit("t", message.id.key, ORIGIN, raw, "Doe asked for it")
    commits = [codec.skeleton(codec.pack(commit)) for commit in store.commits(message.id)]
    events = [event for commit in commits for event in commit.events]
    assert "10.0.0.7" not in str(events)
    assert "Doe" not in str(events)
    blank, clear = AGGREGATE.fold(AGGREGATE.initial(message.id), events), Messages(store).get("t", message.id.key)
    assert (blank.status, blank.submissions, blank.header) == (clear.status, clear.submissions, clear.header)
    assert (blank.original, blank.raw, len(blank.findings)) == ("", "", len(clear.findings))
    document = None
    for event in events:
        document = LISTED.evolve(document, event)
    assert document
    assert document["status"] == clear.status
