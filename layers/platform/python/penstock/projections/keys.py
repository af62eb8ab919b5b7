"""API keys as they are listed: never with their hash."""

from penstock.clock import iso
from penstock.events import Event
from penstock.events.projection import Projection
from penstock.identity.keys import EVENTS
from penstock.json import JSONObject


def evolve(document: JSONObject | None, event: Event) -> JSONObject | None:
    """The document after the event."""
    if event.type == "KeyRevoked":
        return {**(document or {}), "revoked_at": iso(event.time)}
    return {
        "id": event.stream.key,
        "name": event.data["name"],
        "scopes": event.data["scopes"],
        "roles": event.data["roles"],
        "created_at": iso(event.time),
        "created_by": event.origin.actor,
        "revoked_at": None,
    }


KEYS = Projection("keys", EVENTS.kind, evolve, types=EVENTS, revision=2)
