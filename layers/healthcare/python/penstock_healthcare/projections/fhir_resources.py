"""FHIR resources as they are searched: by type, and by the patient they are about."""

from collections.abc import Mapping
from typing import Any

from penstock.clock import iso
from penstock.events import Event, StreamId
from penstock.events.projection import Projection
from penstock.json import JSONObject
from penstock_healthcare.fhir.resources import EVENTS
from penstock_healthcare.fhir.text import read

_SUBJECT = ("subject", "patient")


def evolve(_: JSONObject | None, event: Event) -> JSONObject | None:
    """The document after the event. `patient` is the reference of whom it is about, None for nobody."""
    return {
        "resourceType": event.data["type"],
        "id": event.data["id"],
        "versionId": event.version,
        "lastUpdated": iso(event.time),
        "patient": _patient(read(event.data["text"])),
        "text": event.data["text"],
    }


def order(stream: StreamId, document: JSONObject) -> str:
    """By when it was changed last."""
    return f"{document['lastUpdated']} {stream.key}"


def index(stream: StreamId, document: JSONObject) -> Mapping[str, str]:
    """Listed by type, and by type and patient, each by when it was changed last."""
    when = order(stream, document)
    by_type = {"type": f"{document['resourceType']}|{when}"}
    if document["patient"]:
        by_type["patient"] = f"{document['resourceType']}|{document['patient']}|{when}"
    return by_type


def _patient(resource: Mapping[str, Any]) -> str | None:
    for name in _SUBJECT:
        reference = (resource.get(name) or {}).get("reference", "")
        if reference.startswith("Patient/"):
            return str(reference)
    return None


FHIR_RESOURCES = Projection("fhir_resources", EVENTS.kind, evolve, order=order, index=index, types=EVENTS)
