"""Identifiers in FHIR R4 resources: found, and taken out so that references still hold."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from penstock.json import JSONObject
from penstock_healthcare.fhir.definitions.registry import Definitions, r4
from penstock_healthcare.phi.fhir_leaves import GONE, Leaf, changed
from penstock_healthcare.phi.identifiers import Finding, Identifier, Report
from penstock_healthcare.phi.text import find_in_text, known_words, redact_text
from penstock_healthcare.phi.treatment import OLDEST_AGE, Treatment, is_code

_URN = re.compile(r"urn:(?:uuid|oid):.{1,200}\Z", re.DOTALL)
_CODED_URN = re.compile(r"urn:uuid:00000000-0000-4000-8000-[0-9a-f]{12}\Z")
_RESOURCE = re.compile(
    r"(?P<base>https?://[^?#]{1,2000}/)?(?P<type>[A-Z][A-Za-z]{1,63})/(?P<id>[A-Za-z0-9.-]{1,64})"
    r"(?:/_history/[A-Za-z0-9.-]{1,64})?(?P<rest>[#?].{0,2000})?\Z",
    re.DOTALL,
)
_TYPE = re.compile(r"[A-Z][A-Za-z]{1,63}\Z")
_SHOWN = "[NAME]"
_BASE = "https://deidentified.invalid/"


def find_in_resource(
    resource: JSONObject, treatment: Treatment, definitions: Definitions | None = None
) -> list[Finding]:
    """All identifiers, in order of their place. Raises NotExamined."""
    everything = _leaves(resource, definitions)
    known = _known(everything)
    found: list[Finding] = []
    for leaf in everything:
        if leaf.kind == "text":
            found += find_in_text(str(leaf.value), known, leaf.location)
        elif _treated(leaf, treatment) != leaf.value:
            text = str(leaf.value)
            found.append(Finding(_identifier(leaf), leaf.location, 0, len(text), text))
    return found


def deidentify_resource(
    resource: JSONObject, treatment: Treatment, definitions: Definitions | None = None
) -> tuple[JSONObject, Report]:
    """The resource without identifiers; ids and references are coded alike. Raises NotExamined."""
    everything = _leaves(resource, definitions)
    known = _known(everything)
    treatment = replace(treatment, patient=treatment.patient or _patient(everything))
    counts: dict[Identifier, int] = {}

    def change(leaf: Leaf) -> Any:
        if leaf.kind == "text":
            text, found = redact_text(str(leaf.value), treatment, known)
            for identifier, count in found.items():
                counts[identifier] = counts.get(identifier, 0) + count
            return (text if found else leaf.value) or GONE
        new = _treated(leaf, treatment)
        if new != leaf.value:
            counts[_identifier(leaf)] = counts.get(_identifier(leaf), 0) + 1
        return new

    made = changed(resource, definitions or r4(), change)
    return made, Report(counts, treatment.departures)


def _leaves(resource: JSONObject, definitions: Definitions | None) -> list[Leaf]:
    found: list[Leaf] = []

    def noted(leaf: Leaf) -> Any:
        found.append(leaf)
        return leaf.value

    changed(resource, definitions or r4(), noted)
    return found


def _known(everything: list[Leaf]) -> dict[str, Identifier]:
    told = {str(leaf.value): leaf.identifier for leaf in everything if leaf.kind == "shown" and leaf.value != _SHOWN}
    told |= {str(leaf.value): leaf.kind for leaf in everything if isinstance(leaf.kind, Identifier)}
    return known_words({text: kind for text, kind in told.items() if kind is not Identifier.DATE and not is_code(text)})


def _patient(everything: list[Leaf]) -> str:
    """The id of the first Patient, or of the first that is referred to."""
    for leaf in everything:
        if leaf.kind == "id" and leaf.location.rpartition(".")[0].endswith("Patient"):
            return str(leaf.value)
        found = _RESOURCE.match(str(leaf.value)) if leaf.kind == "reference" else None
        if found and found["type"] == "Patient":
            return found["id"]
    return ""


def _identifier(leaf: Leaf) -> Identifier:
    return leaf.kind if isinstance(leaf.kind, Identifier) else leaf.identifier


def _treated(leaf: Leaf, treatment: Treatment) -> Any:
    if leaf.kind is Identifier.DATE:
        return _date(leaf, treatment)
    if isinstance(leaf.kind, Identifier):
        return treatment.value(leaf.kind, str(leaf.value)) or GONE
    return _KINDS[leaf.kind](treatment, leaf.value)


def _date(leaf: Leaf, treatment: Treatment) -> Any:
    """An instant has no short form: the first one of the year stands for it."""
    text = str(leaf.value)
    year = treatment.value(Identifier.DATE, text)
    if leaf.type != "instant" or len(year) != 4:
        return year or GONE
    return f"{year}-01-01T00:00:00Z"


def _shown(treatment: Treatment, value: Any) -> Any:
    text = str(value)
    return text if text == _SHOWN else treatment.value(Identifier.NAME, text) or _SHOWN


def _resource_id(treatment: Treatment, value: Any) -> Any:
    return treatment.code(str(value))


def _reference(treatment: Treatment, value: Any) -> Any:
    """Relative where it was; of another server's resource its type and coded id remain."""
    text = str(value)
    if text.startswith("#"):
        return f"#{treatment.code(text[1:])}" if text != "#" else text
    if _URN.match(text):
        return _urn(treatment, text)
    found = _RESOURCE.match(text)
    return f"{found['type']}/{treatment.code(found['id'])}" if found else GONE


def _url(treatment: Treatment, value: Any) -> Any:
    """Of an entry: absolute where it was. A search loses what it searches for."""
    text = str(value)
    found = _RESOURCE.match(text)
    if found:
        return f"{_BASE if found['base'] else ''}{found['type']}/{treatment.code(found['id'])}"
    if _URN.match(text):
        return _urn(treatment, text)
    name = text.partition("?")[0]
    return name if _TYPE.match(name) else GONE


def _urn(treatment: Treatment, text: str) -> str:
    """A UUID of the code: its number, or twelve digits of the pseudonym."""
    if _CODED_URN.match(text):
        return text
    code = treatment.code(text)
    prefix, _, rest = code.partition("-")
    digits = f"{int(rest):012x}" if prefix == "DEID" else rest[:6].encode().hex()
    return f"urn:uuid:00000000-0000-4000-8000-{digits}"


def _age(_: Treatment, value: Any) -> Any:
    """The one age that stands for all of them; as text where it came as text."""
    digits = str(value).partition(".")[0]
    if not digits.isdecimal() or int(digits[:9]) <= OLDEST_AGE:
        return value
    return str(OLDEST_AGE) if isinstance(value, str) else OLDEST_AGE


_KINDS: Mapping[Any, Callable[[Treatment, Any], Any]] = {
    "zip": lambda treatment, value: treatment.zip(str(value)) or GONE,
    "gone": lambda _, __: GONE,
    "age": _age,
    "kept": lambda _, value: value,
    "shown": _shown,
    "id": _resource_id,
    "reference": _reference,
    "url": _url,
    "query": lambda _, __: GONE,
}
