"""Identifiers: their system is absolute, and a value that is a URI is one (FHIR R4, section 2.24.0.9)."""

import re

from penstock_healthcare.fhir import primitives
from penstock_healthcare.fhir.node import Node
from penstock_healthcare.fhir.validation.session import Session

URI_SYSTEM = "urn:ietf:rfc:3986"
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")


def check(session: Session, node: Node) -> None:
    """One Identifier."""
    system, value = node.child_value("system"), node.child_value("value")
    if isinstance(system, str) and system and not is_absolute(system):
        session.error("value", "identifier-system", node, "The system of an identifier is an absolute URI.")
    if system == URI_SYSTEM and isinstance(value, str) and (not is_absolute(value) or primitives.fault(value, "uri")):
        session.error("value", "identifier-value", node, "Of this system the value is an absolute URI.")


def is_absolute(text: str) -> bool:
    """Whether a URI has a scheme."""
    return _ABSOLUTE.fullmatch(text) is not None
