"""Tenants' own sagas as they are listed: without their definitions."""

from collections.abc import Callable, Mapping

from penstock.clock import iso
from penstock.documents.lifecycle import Status
from penstock.events import Event, StreamId
from penstock.events.projection import Projection
from penstock.json import JSONObject
from penstock.sagas.lifecycle import EVENTS


def _drafted(document: JSONObject, event: Event) -> JSONObject:
    definition = event.data["definition"]
    return {**document, "name": definition["name"], "description": definition.get("description", "")}


def _begun(document: JSONObject, event: Event) -> JSONObject:
    begun = {"id": event.stream.key, "status": Status.DRAFT, "version": None, "created_at": iso(event.time)}
    return _drafted({**document, **begun}, event)


def _published(document: JSONObject, event: Event) -> JSONObject:
    return {**document, "status": Status.PUBLISHED, "version": event.data["version"]}


def _archived(document: JSONObject, _: Event) -> JSONObject:
    return {**document, "status": Status.ARCHIVED}


_EVOLVE: Mapping[str, Callable[[JSONObject, Event], JSONObject]] = {
    "DefinitionDrafted": _begun,
    "DefinitionChanged": _drafted,
    "DefinitionPublished": _published,
    "DefinitionArchived": _archived,
}


def evolve(document: JSONObject | None, event: Event) -> JSONObject | None:
    """The document after the event."""
    changed = _EVOLVE[event.type](document or {}, event)
    return {**changed, "revision": event.version, "updated_at": iso(event.time), "updated_by": event.origin.actor}


def order(stream: StreamId, document: JSONObject) -> str:
    """By the time of the last change: an id that its author chose tells no age."""
    return f"{document['updated_at']} {stream.key}"


def index(stream: StreamId, document: JSONObject) -> Mapping[str, str]:
    """Listed by status."""
    return {"status": f"{document['status']} {order(stream, document)}"}


SAGA_DEFINITIONS = Projection("saga_definitions", EVENTS.kind, evolve, order=order, index=index, types=EVENTS)
