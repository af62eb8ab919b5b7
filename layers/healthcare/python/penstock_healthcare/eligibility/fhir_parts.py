"""The resources that a question and an answer contain: patient, subscriber, insurer, coverage; and coded values."""

from datetime import date
from typing import Any

from penstock_healthcare.x12.codes import meaning

Resource = dict[str, Any]
_X12 = "https://codesystem.x12.org/005010/"
SERVICE, BENEFIT, LEVEL, PERIOD, NETWORK = (f"{_X12}{number}" for number in ("1365", "1390", "1207", "615", "1073"))
REJECTION, FOLLOW_UP = f"{_X12}901", f"{_X12}889"
"""The systems of X12's codes are named after the data element that they belong to."""
_TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"
_SEXES = {"F": "female", "M": "male", "U": "unknown"}


def patient(name: str, family: str, given: str, born: date | None, sex: str = "") -> Resource:
    """A contained Patient."""
    names = {**({"family": family} if family else {}), **({"given": [given]} if given else {})}
    return {
        "resourceType": "Patient",
        "id": name,
        **({"name": [names]} if names else {}),
        **({"gender": _SEXES[sex]} if sex else {}),
        **({"birthDate": born.isoformat()} if born else {}),
    }


def organization(name: str, title: str, identifier: str, system: str = "") -> Resource:
    """A contained Organization. What is not known is left out; an organisation has to have a name or an identifier."""
    of = {"system": system} if system else {}
    return {
        "resourceType": "Organization",
        "id": name,
        **({"identifier": [{**of, "value": identifier}]} if identifier else {}),
        **({"name": title} if title or not identifier else {}),
    }


def reference(name: str) -> Resource:
    """To what is contained."""
    return {"reference": f"#{name}"}


def coded(system: str, code: str, text: str, *, as_hl7: tuple[str, str] | None = None) -> Resource:
    """A code of X12 with its meaning; `as_hl7` is the code of one of HL7's systems that says the same."""
    same = [{"system": f"{_TERMINOLOGY}{as_hl7[0]}", "code": as_hl7[1]}] if as_hl7 else []
    return {"coding": [*same, {"system": system, "code": code}], "text": text}


def service(code: str) -> Resource:
    """A service type."""
    return coded(SERVICE, code, meaning("service", code))


def code_in(concept: Any, system: str) -> str:
    """The code of a system in a CodeableConcept, "" where it has none."""
    codings = concept.get("coding") if isinstance(concept, dict) else None
    for coding in codings if isinstance(codings, list) else ():
        if isinstance(coding, dict) and coding.get("system") == system and isinstance(coding.get("code"), str):
            return str(coding["code"])
    return ""


def hl7_code(concept: Any, system: str) -> str:
    """The code of one of HL7's systems, by its last part (benefit-type)."""
    return code_in(concept, f"{_TERMINOLOGY}{system}")
