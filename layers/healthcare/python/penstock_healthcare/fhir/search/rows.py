"""How the read model keeps a resource: its text, its values, and by what it is found."""

from collections.abc import Iterable, Mapping, Sequence

from penstock.json import JSON, JSONObject
from penstock_healthcare.fhir.formats import json_text
from penstock_healthcare.fhir.search.extracting import extracted
from penstock_healthcare.fhir.search.parameters import patient_parameter

PROJECTION = "fhir_resources"
IDENTIFIER = "fhir_identifier"
LARGEST_TEXT = 200_000
"""Characters of a resource that is kept in its row; larger ones are read from the store."""
_PATIENT = "Patient/"
_ABOUT = ("patient", "subject", "beneficiary", "individual", "candidate")


def row(kind: str, name: str, text: str, version: int, updated_at: str) -> JSONObject:
    """The document of a resource's newest version. `patient` is the reference of whom it is about, None for nobody."""
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


def identifier_key(kind: str, code: str) -> str:
    """What an identifier's value is looked up by, whatever its system."""
    return f"{kind}|{code}"


def _patient(kind: str, name: str, values: Mapping[str, Sequence[JSON]]) -> str | None:
    if kind == "Patient":
        return f"{_PATIENT}{name}"
    sole = patient_parameter(kind)
    codes = (*((sole.code,) if sole else ()), *_ABOUT)
    references = (str(value) for code in codes for value in values.get(code, ()))
    return next((each for each in references if each.startswith(_PATIENT)), None)
