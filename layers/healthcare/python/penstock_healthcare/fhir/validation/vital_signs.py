"""Vital signs: an Observation with one of these codes conforms to the code's profile (FHIR R4, vital signs profile)."""

from collections.abc import Mapping

from penstock_healthcare.fhir.definitions.registry import CORE
from penstock_healthcare.fhir.node import Node
from penstock_healthcare.fhir.validation.session import Session

_LOINC = "http://loinc.org"
PROFILES: Mapping[str, str] = {
    "85353-1": "vitalspanel",
    "9279-1": "resprate",
    "8867-4": "heartrate",
    "2708-6": "oxygensat",
    "8310-5": "bodytemp",
    "8302-2": "bodyheight",
    "9843-4": "headcircum",
    "29463-7": "bodyweight",
    "39156-5": "bmi",
    "85354-9": "bp",
}
"""LOINC code → the profile's name."""


def check(session: Session, node: Node) -> None:
    """An Observation."""
    from penstock_healthcare.fhir.validation import walk

    for concept in node.named("code"):
        for coding in concept.named("coding"):
            name = PROFILES.get(str(coding.child_value("code"))) if coding.child_value("system") == _LOINC else None
            profile = session.definitions.structure(CORE + name) if name else None
            if profile is not None:
                walk.apply(session, node, profile)
