"""Patients in what polls of outside FHIR servers found: ids hold at the server that gave them, and nowhere else."""

from penstock.events import Event
from penstock.privacy.finders import Found, SubjectFinder
from penstock_healthcare.fhir.polling.events import EVENTS
from penstock_healthcare.subjects.fhir import found_in


def find(event: Event) -> Found:
    """Whom the resource is about."""
    data = event.data
    return found_in(data["resource"], data["resource_type"], data["resource_id"], f"{data['connection']} ")


EHR_RESOURCES = SubjectFinder(EVENTS.kind, EVENTS, find)
