"""What somebody asks to see, and for which purpose."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from penstock_healthcare.fhir.search.asking import CONTROLS, CURSOR
from penstock_healthcare.fhir.search.chaining import led_over
from penstock_healthcare.fhir.search.parameters import parameters

PURPOSES: Mapping[str, str] = {
    "TREAT": "treatment",
    "ETREAT": "emergency treatment",
    "BTG": "break the glass",
    "CAREMGT": "care management",
    "COORDCARE": "coordination of care",
    "CLINTRL": "clinical trial",
    "HPAYMT": "healthcare payment",
    "CLMATTCH": "claim attachment",
    "COVAUTH": "coverage authorization",
    "ELIGDTRM": "eligibility determination",
    "REMITADV": "remittance advice",
    "HOPERAT": "healthcare operations",
    "HSYSADMIN": "health system administration",
    "HCOMPL": "health compliance",
    "HDM": "healthcare delivery management",
    "HQUALIMP": "health quality improvement",
    "PATSFTY": "patient safety",
    "HRESCH": "healthcare research",
    "HMARKT": "healthcare marketing",
    "HLEGAL": "legal",
    "PUBHLTH": "public health",
    "DISASTER": "disaster",
    "THREAT": "threat",
    "PATRQT": "patient requested",
    "FAMRQT": "family requested",
    "PWATRNY": "power of attorney",
    "SUPNWK": "support network",
}
"""Purposes of use, of HL7's v3 ActReason, that a caller may give."""

GLASS = frozenset({"ETREAT", "BTG"})
"""Purposes for which the glass may be broken, with a reason."""

MESSAGE, OUTBOUND = "hl7_message", "hl7_outbound"
"""What is asked for beside FHIR's types: received and outbound HL7 messages."""

DISCLOSURE = "disclosure"
"""And the records of whom patients' information was disclosed to."""

_OTHER = "(other)"
_BY_PATIENT = re.compile(r"(?:Patient/)?([A-Za-z0-9.-]{1,64})")
_BY_REFERENCE = re.compile(r"Patient/([A-Za-z0-9.-]{1,64})")
_NAME = re.compile(r"_?[A-Za-z-]{1,40}(:[A-Za-z]{1,40})?\Z")


@dataclass(frozen=True, slots=True)
class Asked:
    """`interaction` is R4's code (`read`, `search-type` …), `kind` a FHIR type, MESSAGE or OUTBOUND.

    `name` is the id of what is read, `query` the names of what is searched by, `patients` those whom the request names,
    `beside` the types that a search's chains look into: whom they find tells of them.
    """

    interaction: str
    kind: str
    name: str = ""
    query: tuple[str, ...] | None = None
    patients: frozenset[str] = frozenset()
    beside: frozenset[str] = frozenset()

    @property
    def reference(self) -> str:
        """`Patient/1`; empty for a search."""
        return f"{self.kind}/{self.name}" if self.name else ""


@dataclass(frozen=True, slots=True)
class Use:
    """What for: a code of PURPOSES, empty when the caller gave none; `reason` breaks the glass."""

    purpose: str = ""
    reason: str = ""


def read(kind: str, name: str, interaction: str = "read") -> Asked:
    """One thing, by its id."""
    patients = frozenset({f"Patient/{name}"}) if kind == "Patient" else frozenset[str]()
    return Asked(interaction, kind, name, patients=patients)


def searched(kind: str, pairs: Iterable[tuple[str, str]]) -> Asked:
    """A search; of its values only references to patients are kept."""
    asked = list(pairs)
    matched = ((_BY_PATIENT if name == "patient" else _BY_REFERENCE).fullmatch(value) for name, value in asked)
    patients = (f"Patient/{found[1]}" for found in matched if found)
    names = [name for name, _ in asked]
    beside = frozenset(each for name in names for each in led_over(kind, name))
    return Asked("search-type", kind, query=_names(kind, names), patients=frozenset(patients), beside=beside)


def _names(kind: str, names: Sequence[str]) -> tuple[str, ...]:
    """Parameters that the type has, by name; one that it has not may be anything, and is only counted as one."""
    known = {*parameters(kind), *CONTROLS} - {CURSOR}
    told = (each if _NAME.match(each) and each.partition(":")[0] in known else _OTHER for each in names)
    return tuple(dict.fromkeys(each for each, name in zip(told, names, strict=True) if name != CURSOR))
