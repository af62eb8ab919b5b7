"""FHIRPath inside definitions: what is one must be one."""

from penstock_healthcare.fhir.node import Node
from penstock_healthcare.fhir.path import BadExpression, compiled
from penstock_healthcare.fhir.validation.session import Session

_FHIRPATH = "text/fhirpath"


def check_search_parameter(session: Session, node: Node) -> None:
    """SearchParameter.expression."""
    _check_all(session, node.named("expression"))


def check_structure(session: Session, node: Node) -> None:
    """ElementDefinition.constraint.expression."""
    for constraint in node.named("constraint"):
        _check_all(session, constraint.named("expression"))


def check_expression(session: Session, node: Node) -> None:
    """Expression.expression in the language text/fhirpath."""
    if node.child_value("language") == _FHIRPATH:
        _check_all(session, node.named("expression"))


def _check_all(session: Session, expressions: list[Node]) -> None:
    for each in expressions:
        if not isinstance(each.value, str):
            continue
        try:
            compiled(each.value)
        except BadExpression as error:
            session.error("invalid", "fhirpath", each, f"Not FHIRPath: at character {error.position + 1}.")
