"""FHIR resources as they are searched: with the values of their search parameters (`fhir.search`)."""

from collections.abc import Mapping

from penstock.clock import iso
from penstock.events import Event, StreamId
from penstock.events.projection import Projection
from penstock.json import JSONObject
from penstock_healthcare.fhir.resources import EVENTS, text_after
from penstock_healthcare.fhir.search import rows


def evolve(_: JSONObject | None, event: Event) -> JSONObject | None:
    """The document after the event; a deleted resource has none."""
    text = text_after(event.data)
    return rows.row(event.data["type"], event.data["id"], text, event.version, iso(event.time)) if text else None


def order(stream: StreamId, document: JSONObject) -> str:
    """By when it was changed last."""
    return f"{document['lastUpdated']} {stream.key}"


def index(stream: StreamId, document: JSONObject) -> Mapping[str, str]:
    """Listed by type, and by patient and type, each by when it was changed last."""
    kind, when = document["resourceType"], order(stream, document)
    by_type = {"type": f"{kind}|{when}"}
    return {**by_type, "patient": f"{document['patient']}|{kind}|{when}"} if document["patient"] else by_type


FHIR_RESOURCES = Projection(
    rows.PROJECTION,
    EVENTS.kind,
    evolve,
    order=order,
    index=index,
    lookups=lambda _, document: rows.lookups(document),
    types=EVENTS,
    revision=3,
)
