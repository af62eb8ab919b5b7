"""Outbound HL7 messages as they are listed: where each stands, nothing of the patient."""

from collections.abc import Callable, Mapping

from penstock.clock import iso
from penstock.events import Event, StreamId
from penstock.events.projection import Projection
from penstock.json import JSONObject
from penstock_healthcare.outbound.events import EVENTS
from penstock_healthcare.outbound.message import Status

_ENVELOPE = ("destination", "message_type", "control_id", "size")


def _queued(_: JSONObject, event: Event) -> JSONObject:
    return {
        "id": event.stream.key,
        "status": Status.QUEUED,
        **{name: event.data[name] for name in _ENVELOPE},
        "queued_at": iso(event.time),
        "rounds": 1,
        "attempts": 0,
        "code": "",
    }


def _acknowledged(document: JSONObject, event: Event) -> JSONObject:
    return {**document, "status": Status.ACKNOWLEDGED, "code": event.data["code"], "attempts": event.data["attempts"]}


def _refused(document: JSONObject, event: Event) -> JSONObject:
    return {**document, "status": Status.FAILED, "code": event.data["code"], "attempts": event.data["attempts"]}


def _requeued(document: JSONObject, _: Event) -> JSONObject:
    return {**document, "status": Status.QUEUED, "rounds": document["rounds"] + 1, "attempts": 0, "code": ""}


_EVOLVE: Mapping[str, Callable[[JSONObject, Event], JSONObject]] = {
    "HL7MessageQueued": _queued,
    "HL7MessageAcknowledged": _acknowledged,
    "HL7MessageRefused": _refused,
    "HL7MessageRequeued": _requeued,
}


def evolve(document: JSONObject | None, event: Event) -> JSONObject | None:
    """The document after the event."""
    return {**_EVOLVE[event.type](document or {}, event), "updated_at": iso(event.time)}


def age(stream: StreamId, document: JSONObject) -> str:
    """By when it was queued first: a message's id tells nothing of that."""
    return f"{document['queued_at']} {stream.key}"


def index(stream: StreamId, document: JSONObject) -> Mapping[str, str]:
    """Listed by status, by destination, and by both, each by age."""
    when = age(stream, document)
    return {
        "status": f"{document['status']}|{when}",
        "destination": f"{document['destination']}|{when}",
        "status_destination": f"{document['status']}|{document['destination']}|{when}",
    }


HL7_OUTBOUND = Projection("hl7_outbound", EVENTS.kind, evolve, order=age, index=index, types=EVENTS)
