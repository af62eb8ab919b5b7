"""Patients of whom disclosures are recorded: how many, and from when to when; nothing of to whom and what."""

from penstock.clock import iso
from penstock.events import Event, StreamId
from penstock.events.projection import Projection
from penstock.json import JSONObject
from penstock_healthcare.disclosures.events import EVENTS

_COUNTED = {"DisclosureRecorded": "accounted", "ExemptDisclosureRecorded": "exempt"}


def evolve(document: JSONObject | None, event: Event) -> JSONObject | None:
    """The document after the event."""
    day = event.data["date"]
    before = document or {"accounted": 0, "exempt": 0, "first": day, "last": day}
    counted = _COUNTED[event.type]
    return {
        **before,
        "patient": f"Patient/{event.stream.key}",
        counted: before[counted] + 1,
        "first": min(before["first"], day),
        "last": max(before["last"], day),
        "updated_at": iso(event.time),
    }


def age(stream: StreamId, document: JSONObject) -> str:
    """By when something was recorded last."""
    return f"{document['updated_at']} {stream.key}"


DISCLOSURES = Projection("disclosures", EVENTS.kind, evolve, order=age, types=EVENTS)
