"""What an element's definition asks of one node, beside its children."""

from decimal import Decimal
from typing import Any

from penstock_healthcare.fhir.definitions.element import Element, TypeRef
from penstock_healthcare.fhir.node import Node
from penstock_healthcare.fhir.path.temporal import Temporal
from penstock_healthcare.fhir.validation import bindings, invariants, matching, references
from penstock_healthcare.fhir.validation.session import Session

_REFERENCES = frozenset({"Reference", "canonical"})


def check(session: Session, node: Node, rule: Element) -> None:
    """Hold an element's definition against a node."""
    for constraint in rule.constraints:
        invariants.check(session, node, constraint)
    if rule.binding is not None:
        bindings.check(session, node, rule.binding)
    if rule.values:
        _check_values(session, node, rule)
    if rule.max_length is not None and isinstance(node.value, str) and len(node.value) > rule.max_length:
        session.error("too-long", "max-length", node, f"{node.name} has at most {rule.max_length} characters.")
    type_ref = _type_of(session, node, rule)
    if type_ref is None:
        if rule.types:
            names = ", ".join(each.code for each in rule.types)
            session.error("structure", "type", node, f"{node.name} is a {node.type} here; it may be: {names}.")
        return
    if node.type == "Reference" and (type_ref.targets or not rule.structure.is_profile):
        references.check(session, node, type_ref.targets)
    if type_ref.profiles and node.type not in _REFERENCES:
        _check_profiles(session, node, type_ref)


def _type_of(session: Session, node: Node, rule: Element) -> TypeRef | None:
    for each in rule.types:
        if each.code == node.type:
            return each
    for each in rule.types:
        if session.definitions.specializes(node.type, each.code) or node.type == "BackboneElement":
            return each
    return TypeRef(node.type) if rule.reference or node.parent is None else None


def _check_profiles(session: Session, node: Node, type_ref: TypeRef) -> None:
    from penstock_healthcare.fhir.validation import walk

    known = [found for url in type_ref.profiles if (found := session.definitions.structure(url))]
    if len(known) < len(type_ref.profiles):
        return
    if len(known) == 1:
        walk.apply(session, node, known[0])
    elif not any(walk.conforms(session, node, each.url) for each in known):
        session.error(
            "structure", "profile", node, f"{node.name} conforms to none of the {len(known)} profiles it may have."
        )


def _check_values(session: Session, node: Node, rule: Element) -> None:
    for name, (wanted, key) in rule.values.items():
        if name == "fixed" and not matching.is_fixed(node.value, wanted):
            session.error("value", "fixed", node, f"{node.name} must be exactly {_told(wanted)}.")
        elif name == "pattern" and not matching.is_pattern(node.value, wanted):
            session.error("value", "pattern", node, f"{node.name} must have at least {_told(wanted)}.")
        elif name == "minValue" and _compare(node.value, wanted, key) == -1:
            session.error("value", "min-value", node, f"{node.name} must be at least {_told(wanted)}.")
        elif name == "maxValue" and _compare(node.value, wanted, key) == 1:
            session.error("value", "max-value", node, f"{node.name} must be at most {_told(wanted)}.")


def _told(wanted: Any) -> str:
    from penstock_healthcare.fhir.formats.json_text import write

    return write(wanted)[:200]


def _compare(value: Any, wanted: Any, key: str) -> int | None:
    if isinstance(value, dict) and isinstance(wanted, dict):
        return _compare(value.get("value"), wanted.get("value"), key)
    if isinstance(value, str) and isinstance(wanted, str):
        return Temporal(value).compare(Temporal(wanted))
    if isinstance(value, int | Decimal) and isinstance(wanted, int | float | Decimal):
        other = Decimal(str(wanted))
        return (value > other) - (value < other)
    return None
