"""Patients whose disclosures are recorded: each stream is one patient's."""

from penstock.events import Event
from penstock.privacy.finders import Found, SubjectFinder
from penstock_healthcare.disclosures.events import EVENTS


def find(event: Event) -> Found:
    """Whom the disclosure is about; nobody once it is shredded."""
    if not event.data.get("recipient"):
        return Found()
    return Found(references=frozenset({f"Patient/{event.stream.key}"}))


DISCLOSURES = SubjectFinder(EVENTS.kind, EVENTS, find)
