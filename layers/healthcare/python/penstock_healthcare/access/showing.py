"""What an answer shows: resources and messages, by reference, and the patients whom they concern."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from penstock.json import JSON, JSONObject
from penstock_healthcare import hl7
from penstock_healthcare.fhir.errors import NotMapped
from penstock_healthcare.fhir.from_hl7 import from_hl7

_PATIENT = re.compile(r"(?:.*/)?(Patient/[A-Za-z0-9.-]{1,64})(?:/_history/.*)?\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Shown:
    """One thing that is shown. `patients` are references."""

    kind: str
    name: str
    patients: frozenset[str] = frozenset()

    @property
    def reference(self) -> str:
        """`Observation/2`."""
        return f"{self.kind}/{self.name}"


def resource(found: JSONObject) -> Shown:
    """A FHIR resource: every patient to whom it refers counts."""
    kind, name = str(found.get("resourceType", "")), str(found.get("id", ""))
    own = {f"Patient/{name}"} if kind == "Patient" else set()
    return Shown(kind, name, frozenset({*_referred_to(found), *own}))


def bundle(found: JSONObject) -> Sequence[Shown]:
    """The resources of a searchset or a history."""
    held = (entry.get("resource") for entry in found.get("entry", ()))
    return [resource(each) for each in held if each and each.get("resourceType") != "OperationOutcome"]


def without(found: JSONObject, is_denied: Callable[[Shown], bool]) -> JSONObject:
    """The searchset without what is denied, and without its total; an OperationOutcome says how many are left out."""
    kept = [each for each in found.get("entry", ()) if not is_denied(resource(each["resource"]))]
    text = f"{len(found['entry']) - len(kept)} resources are left out: their patients' consents do not permit them"
    issue = {"severity": "information", "code": "suppressed", "diagnostics": text}
    outcome = {"resource": {"resourceType": "OperationOutcome", "issue": [issue]}, "search": {"mode": "outcome"}}
    rest = {name: value for name, value in found.items() if name != "total"}
    return {**rest, "entry": [*kept, outcome]}


def message(kind: str, name: str, *contents: bytes) -> Shown:
    """An HL7 message: its patients are those that `from_hl7` maps it to; nobody where it cannot be read or mapped."""
    return Shown(kind, name, frozenset(patient for each in contents for patient in _patients(each)))


def _patients(raw: bytes) -> Iterator[str]:
    try:
        found = from_hl7(hl7.parse(raw)).resources
    except (hl7.HL7Error, NotMapped):
        return
    yield from (f"Patient/{each['id']}" for each in found if each["resourceType"] == "Patient")


def _referred_to(value: JSON) -> Iterator[str]:
    waiting = [value]
    while waiting:
        here = waiting.pop()
        if isinstance(here, list):
            waiting.extend(here)
        elif isinstance(here, dict):
            waiting.extend(here.values())
            reference = here.get("reference")
            if isinstance(reference, str) and (found := _PATIENT.match(reference)):
                yield found[1]


received = partial(message, "hl7_message")
queued = partial(message, "hl7_outbound")
