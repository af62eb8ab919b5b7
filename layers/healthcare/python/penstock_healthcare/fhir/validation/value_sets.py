"""Codes that a ValueSet names, against the code systems that it names for them."""

from penstock_healthcare.fhir.node import Node
from penstock_healthcare.fhir.validation.session import Session

_SYSTEMS_OF_FHIR = "http://hl7.org/fhir/"


def check(session: Session, node: Node) -> None:
    """ValueSet.compose."""
    for compose in node.named("compose"):
        for include in (*compose.named("include"), *compose.named("exclude")):
            _check_include(session, include)


def _check_include(session: Session, include: Node) -> None:
    system = include.child_value("system")
    rows = session.terminology.concepts(system) if isinstance(system, str) else None
    if rows is None or session.terminology.ignores_case(str(system)):
        return
    find = session.error if str(system).startswith(_SYSTEMS_OF_FHIR) else session.warn
    for concept in include.named("concept"):
        if concept.child_value("code") not in rows:
            find("code-invalid", "code-system", concept, "The code system has no such code.")
