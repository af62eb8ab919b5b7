"""Webhooks as they are listed, and as events find them: never with their secrets."""

from collections.abc import Callable, Mapping

from penstock.clock import iso
from penstock.events import Event, StreamId
from penstock.events.projection import Projection
from penstock.json import JSONObject
from penstock.routing.webhook import EVENTS, Status


def _targeted(document: JSONObject, event: Event) -> JSONObject:
    return {**document, **{name: event.data[name] for name in ("url", "description", "pattern")}}


def _created(document: JSONObject, event: Event) -> JSONObject:
    begun = {
        "id": event.stream.key,
        "status": Status.ENABLED,
        "reason": None,
        "created_at": iso(event.time),
        "created_by": event.origin.actor,
        "secret_rotated_at": None,
    }
    return _targeted({**document, **begun}, event)


def _rotated(document: JSONObject, event: Event) -> JSONObject:
    return {**document, "secret_rotated_at": iso(event.time)}


def _enabled(document: JSONObject, _: Event) -> JSONObject:
    return {**document, "status": Status.ENABLED, "reason": None}


def _disabled(document: JSONObject, event: Event) -> JSONObject:
    return {**document, "status": Status.DISABLED, "reason": event.data["reason"]}


_EVOLVE: Mapping[str, Callable[[JSONObject, Event], JSONObject]] = {
    "WebhookCreated": _created,
    "WebhookChanged": _targeted,
    "WebhookSecretRotated": _rotated,
    "WebhookEnabled": _enabled,
    "WebhookDisabled": _disabled,
}


def evolve(document: JSONObject | None, event: Event) -> JSONObject | None:
    """The document after the event; a deleted webhook has none."""
    if event.type not in _EVOLVE:
        return None
    return {**_EVOLVE[event.type](document or {}, event), "updated_at": iso(event.time)}


def index(_: StreamId, document: JSONObject) -> Mapping[str, str]:
    """Listed by status."""
    return {"status": f"{document['status']} {document['created_at']}"}


WEBHOOKS = Projection("webhooks", EVENTS.kind, evolve, index=index, types=EVENTS)
