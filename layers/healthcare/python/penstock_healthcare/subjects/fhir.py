"""Patients in FHIR resources: a Patient by its identifiers and its own reference, others by whom they refer to."""

from collections.abc import Iterator
from typing import Any

from penstock.events import Event
from penstock.json import JSONObject
from penstock.privacy.finders import Found, SubjectFinder, issued
from penstock_healthcare.fhir.resources import EVENTS
from penstock_healthcare.fhir.text import read

_PATIENT = "Patient"
_REFERRING = ("subject", "patient", "beneficiary", "individual", "for", "actor")
"""Elements of a resource, or of one of its participants, as an Appointment has them."""


def find(event: Event) -> Found:
    """Whom the resource is about; a deletion tells nobody."""
    if "text" not in event.data:
        return Found()
    return found_in(read(event.data["text"]), event.data["type"], event.data["id"])


def found_in(resource: JSONObject, resource_type: str, key: str, server: str = "") -> Found:
    """Whom a resource is about. References of another server's are told from ours by what is put before them."""
    if resource_type == _PATIENT and len(resource) > len(("resourceType", "id")):
        return Found(frozenset(_identifiers(resource)), frozenset({f"{server}{_PATIENT}/{key}"}))
    return Found(references=frozenset(f"{server}{reference}" for reference in _references(resource)))


def _identifiers(patient: JSONObject) -> Iterator[str]:
    for identifier in _objects(patient.get("identifier")):
        yield from issued(str(identifier.get("value", "")), str(identifier.get("system", "")))


def _references(resource: JSONObject) -> Iterator[str]:
    for part in (resource, *_objects(resource.get("participant"))):
        for referred in (referred for name in _REFERRING for referred in _objects(part.get(name))):
            reference = str(referred.get("reference", ""))
            if reference.startswith(f"{_PATIENT}/"):
                yield reference


def _objects(value: Any) -> list[JSONObject]:
    """The objects of an element, repeated or not; whatever else was sent there is nobody's."""
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, dict)]


FHIR_RESOURCES = SubjectFinder(EVENTS.kind, EVENTS, find)
