"""Subscriptions as they are listed: what each reads, not how far it is."""

from penstock.clock import iso
from penstock.events import Event
from penstock.events.projection import Projection
from penstock.json import JSONObject
from penstock.subscriptions.definition import EVENTS


def evolve(_: JSONObject | None, event: Event) -> JSONObject | None:
    """The document after the event; one that is deleted has none."""
    if event.type == "SubscriptionDeleted":
        return None
    made = {"name": event.stream.key, "created_at": iso(event.time), "created_by": event.origin.actor}
    return {**made, **{name: value for name, value in event.data.items() if name != "after"}}


SUBSCRIPTIONS = Projection("subscriptions", EVENTS.kind, evolve, types=EVENTS)
