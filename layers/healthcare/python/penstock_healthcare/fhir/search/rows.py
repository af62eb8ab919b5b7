"""How the read model keeps a resource: its text, its values, and by what it is found."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from penstock.clock import from_millis, iso
from penstock.json import JSON, JSONObject
from penstock_healthcare.fhir.formats import json_text
from penstock_healthcare.fhir.resources import AUDIT_EVENT
from penstock_healthcare.fhir.search import dates
from penstock_healthcare.fhir.search.extracting import extracted
from penstock_healthcare.fhir.search.parameters import patient_parameter
from penstock_healthcare.patients import keys
from penstock_healthcare.patients.person import person

PROJECTION = "fhir_resources"
IDENTIFIER = "fhir_identifier"
BOOKING = "fhir_booking"
LARGEST_TEXT = 200_000
"""Characters of a resource that is kept in its row; larger ones are read from the store."""
_PATIENT = "Patient/"
_DAY = 86_400_000
_MOST_DAYS, _MOST_ACTORS = 2, 20
_ABOUT = ("patient", "subject", "beneficiary", "individual", "candidate")


def row(kind: str, name: str, text: str, version: int, updated_at: str) -> JSONObject:
    """The document of a resource's newest version. `patient` is the reference of whom it is about, None for nobody.

    AuditEvents are about a use, not in a patient's record: they are found by searches for them alone.
    """
    values = extracted(json_text.read(text.encode()).resource or {})
    return {
        "resourceType": kind,
        "id": name,
        "versionId": version,
        "lastUpdated": updated_at,
        "patient": _patient(kind, name, values),
        "values": values,
        "text": text if len(text) <= LARGEST_TEXT else None,
    }


def identifiers(document: JSONObject) -> Iterable[tuple[str, str]]:
    """The lookups of a document."""
    found = {code for _, code in document["values"].get("identifier", ()) if code}
    return [(IDENTIFIER, identifier_key(document["resourceType"], code)) for code in sorted(found)]


def lookups(document: JSONObject) -> Iterable[tuple[str, str]]:
    """What a document is looked up by: its identifiers, a Patient as a person, an Appointment by who is there when."""
    own = _OWN.get(document["resourceType"])
    if own is None or document["text"] is None:
        return identifiers(document)
    return [*identifiers(document), *own(document, json_text.read(document["text"].encode()).resource or {})]


def booking_key(actor: str, day: str) -> str:
    """What the appointments of somebody on a day (UTC, YYYY-MM-DD) are looked up by."""
    return f"{actor}|{day}"


def _booked(document: JSONObject, appointment: JSONObject) -> Iterable[tuple[str, str]]:
    start, end = (dates.covered(str(appointment.get(name) or "")) for name in ("start", "end"))
    actors = list(dict.fromkeys(document["values"].get("actor", ())))[:_MOST_ACTORS]
    if not start or not end:
        return []
    return [(BOOKING, booking_key(actor, day)) for actor in actors for day in _days(start[0], end[0])]


def _days(start: int, end: int) -> Sequence[str]:
    """The days (UTC) of a time in ms, the first ones where it is longer than any appointment that is booked here."""
    first, last = start // _DAY, (end - 1) // _DAY
    return [iso(from_millis(day * _DAY))[:10] for day in range(first, min(last, first + _MOST_DAYS - 1) + 1)]


def identifier_key(kind: str, code: str) -> str:
    """What an identifier's value is looked up by, whatever its system."""
    return f"{kind}|{code}"


def _patient(kind: str, name: str, values: Mapping[str, Sequence[JSON]]) -> str | None:
    if kind == AUDIT_EVENT:
        return None
    if kind == "Patient":
        return f"{_PATIENT}{name}"
    sole = patient_parameter(kind)
    codes = (*((sole.code,) if sole else ()), *_ABOUT)
    references = (str(value) for code in codes for value in values.get(code, ()))
    return next((each for each in references if each.startswith(_PATIENT)), None)


_OWN: Mapping[str, Callable[[JSONObject, JSONObject], Iterable[tuple[str, str]]]] = {
    "Patient": lambda _, patient: keys.kept(person(patient)),
    "Appointment": _booked,
}
"""Further lookups of some types."""
