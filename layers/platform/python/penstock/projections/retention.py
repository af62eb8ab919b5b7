"""A tenant's retention as it stands: its rules, its holds, also those that were lifted, and how much was deleted."""

from penstock.clock import iso
from penstock.events import Event
from penstock.events.projection import Projection
from penstock.json import JSONObject
from penstock.retention.events import EVENTS

MOST_HOLDS = 2_000
"""The newest; every one of them is in the stream."""


def evolve(document: JSONObject | None, event: Event) -> JSONObject | None:
    """The document after the event."""
    found = document or {"rules": {}, "holds": {}, "expired": 0}
    match event.type:
        case "RetentionSet":
            found["rules"][event.data["kind"]] = {"days": event.data["days"], **_why(event)}
        case "RetentionCleared":
            found["rules"].pop(event.data["kind"], None)
        case "HoldPlaced":
            scope = {"kind": event.data["kind"], "key": event.data["key"] or None}
            found["holds"][event.data["hold"]] = {**scope, **_why(event), "lifted": None}
        case "HoldLifted" if event.data["hold"] in found["holds"]:
            found["holds"][event.data["hold"]]["lifted"] = _why(event)
        case "SegmentsExpired":
            found["expired"] += len(event.data["segments"])
    found["holds"] = dict(list(found["holds"].items())[-MOST_HOLDS:])
    return found


def _why(event: Event) -> JSONObject:
    return {"reason": event.data["reason"], "actor": event.origin.actor, "at": iso(event.time)}


RETENTION = Projection("retention", EVENTS.kind, evolve, types=EVENTS)
