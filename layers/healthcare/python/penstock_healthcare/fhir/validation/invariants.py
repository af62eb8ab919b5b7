"""Invariants: FHIRPath, and by hand those that stand everywhere or would take quadratic time."""

from collections.abc import Callable, Mapping

from penstock_healthcare.fhir.definitions.element import Constraint
from penstock_healthcare.fhir.node import Node
from penstock_healthcare.fhir.path import BadOperand, Context, PathError, TooCostly, evaluate, truth
from penstock_healthcare.fhir.resolving import contained
from penstock_healthcare.fhir.validation.findings import ERROR, WARNING
from penstock_healthcare.fhir.validation.session import Session

BEST_PRACTICE = frozenset({"dom-6"})
_SHARP = "#"


def check(session: Session, node: Node, constraint: Constraint) -> None:
    """Hold an invariant against a node, once."""
    if not constraint.expression or not session.once(node, constraint.key):
        return
    by_hand = _BY_HAND.get(constraint.key)
    if by_hand is not None:
        if not by_hand(node):
            _found(session, node, constraint)
        return
    try:
        if not _holds(session, node, constraint.expression):
            _found(session, node, constraint)
    except TooCostly:
        session.error("too-costly", constraint.key, node, "The resource is too large for this rule to be checked.")
    except PathError as error:
        severity = ERROR if isinstance(error, BadOperand) else WARNING
        session.find(
            severity, "invariant", constraint.key, node, f"{_sentence(constraint.human)} It could not be told."
        )


def _holds(session: Session, node: Node, expression: str) -> bool:
    context = Context([node], resolve=session.resolver.resolved, steps=session.steps)
    context.conforms = lambda each, url: _conforms(session, each, url)
    try:
        answer = truth(evaluate(expression, node, context))
    finally:
        session.steps = max(context.steps, 0)
    return answer is not False


def _conforms(session: Session, node: Node, url: str) -> bool:
    from penstock_healthcare.fhir.validation.walk import conforms

    return conforms(session, node, url)


def _found(session: Session, node: Node, constraint: Constraint) -> None:
    severity = ERROR if constraint.severity == "error" else WARNING
    session.find(severity, "invariant", constraint.key, node, _sentence(constraint.human))


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _value_or_extensions(node: Node) -> bool:
    """ext-1"""
    return bool(node.named("extension")) != bool(node.named("value"))


def _contained_is_used(node: Node) -> bool:
    """dom-3"""
    contained = node.named("contained")
    if not contained:
        return True
    used = {each.value for each in node.descendants() if _may_refer(each)}
    for each in contained:
        identity = each.child_value("id")
        if f"{_SHARP}{identity}" not in used and not any(
            inner.value == _SHARP for inner in each.descendants() if _may_refer(inner)
        ):
            return False
    return True


def _may_refer(node: Node) -> bool:
    """A reference, or a canonical or other URL that begins with #."""
    return (
        isinstance(node.value, str) and node.value[:1] == _SHARP and node.type in ("string", "canonical", "uri", "url")
    )


def _reference_is_contained(node: Node) -> bool:
    """ref-1"""
    reference = node.child_value("reference")
    if not isinstance(reference, str) or not reference.startswith(_SHARP) or reference == _SHARP:
        return True
    return contained(node, reference[1:]) is not None


_BY_HAND: Mapping[str, Callable[[Node], bool]] = {
    "ext-1": _value_or_extensions,
    "dom-3": _contained_is_used,
    "ref-1": _reference_is_contained,
    "txt-1": lambda _: True,
    "txt-2": lambda _: True,
}
"""The narrative's two are held by `structure`, which says what is wrong."""
