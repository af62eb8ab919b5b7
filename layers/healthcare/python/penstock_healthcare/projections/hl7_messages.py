"""Received HL7 messages as they are listed: what is known of the envelope, nothing of the patient."""

from collections.abc import Callable, Mapping

from penstock.clock import iso
from penstock.events import Event, StreamId
from penstock.events.projection import Projection
from penstock.json import JSONObject
from penstock_healthcare.messages.events import EVENTS
from penstock_healthcare.messages.message import Status

_HEADER = ("message_type", "control_id", "sending_application", "sending_facility")


def _stored(_: JSONObject, event: Event) -> JSONObject:
    return {
        "id": event.stream.key,
        "status": Status.STORED,
        **dict.fromkeys(_HEADER, ""),
        "received_at": event.data["received_at"],
        "stored_at": iso(event.time),
        "size": event.data["size"],
        "source": event.data["source"],
        "submissions": 1,
        "findings": 0,
        "error": None,
    }


def _accepted(document: JSONObject, event: Event) -> JSONObject:
    read = {name: event.data[name] for name in _HEADER}
    return {**document, **read, "status": Status.ACCEPTED, "findings": len(event.data["findings"]), "error": None}


def _rejected(document: JSONObject, event: Event) -> JSONObject:
    read = {name: event.data[name] for name in _HEADER}
    error = event.data["error"]
    return {**document, **read, "status": Status.REJECTED, "findings": len(event.data["findings"]), "error": error}


def _resubmitted(document: JSONObject, _: Event) -> JSONObject:
    return {**document, "status": Status.STORED, "submissions": document["submissions"] + 1, "error": None}


_EVOLVE: Mapping[str, Callable[[JSONObject, Event], JSONObject]] = {
    "HL7MessageStored": _stored,
    "HL7MessageAccepted": _accepted,
    "HL7MessageRejected": _rejected,
    "HL7MessageResubmitted": _resubmitted,
}


def evolve(document: JSONObject | None, event: Event) -> JSONObject | None:
    """The document after the event."""
    return {**_EVOLVE[event.type](document or {}, event), "updated_at": iso(event.time)}


def age(stream: StreamId, document: JSONObject) -> str:
    """By when it was stored: a message's id tells nothing of that."""
    return f"{document['stored_at']} {stream.key}"


def index(stream: StreamId, document: JSONObject) -> Mapping[str, str]:
    """Listed by status, by type, by sender, and by status with either, each by age."""
    when = age(stream, document)
    found = {"status": document["status"], "type": document["message_type"], "sender": document["sending_application"]}
    alone = {name: f"{value}|{when}" for name, value in found.items()}
    return {
        **alone,
        "status_type": f"{found['status']}|{found['type']}|{when}",
        "status_sender": f"{found['status']}|{found['sender']}|{when}",
    }


HL7_MESSAGES = Projection("hl7_messages", EVENTS.kind, evolve, order=age, index=index, types=EVENTS)
