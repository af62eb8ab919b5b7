"""FHIR connections as they are listed: never with what lets requests in."""

from collections.abc import Callable, Mapping

from penstock.clock import iso
from penstock.events import Event, StreamId
from penstock.events.projection import Projection
from penstock.json import JSONObject
from penstock_healthcare.fhir.connections.events import EVENTS

_SHOWN = ("base_url", "vendor", "description", "auth", "client_id", "scopes", "token_url")


def _set(document: JSONObject, event: Event) -> JSONObject:
    begun = {"created_at": iso(event.time), "kid": None, **document}
    return {**begun, "name": event.stream.key, **{name: event.data[name] for name in _SHOWN}}


def _token(document: JSONObject, _: Event) -> JSONObject:
    return document


def _key(document: JSONObject, event: Event) -> JSONObject:
    return {**document, "kid": event.data["kid"]}


_EVOLVE: Mapping[str, Callable[[JSONObject, Event], JSONObject]] = {
    "FhirConnectionSet": _set,
    "FhirTokenSet": _token,
    "FhirKeySet": _key,
}


def evolve(document: JSONObject | None, event: Event) -> JSONObject | None:
    """The document after the event; one that was removed has none."""
    if event.type not in _EVOLVE:
        return None
    return {**_EVOLVE[event.type](document or {}, event), "updated_at": iso(event.time)}


def order(stream: StreamId, _: JSONObject) -> str:
    """By name."""
    return stream.key


FHIR_CONNECTIONS = Projection("fhir_connections", EVENTS.kind, evolve, order=order, types=EVENTS)
