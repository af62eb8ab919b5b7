"""References: what they may point to, and where they lead within the resource or its bundle."""

import re
from collections.abc import Iterable

from penstock_healthcare.fhir.definitions.registry import CORE
from penstock_healthcare.fhir.node import Node
from penstock_healthcare.fhir.resolving import LITERAL, LONGEST
from penstock_healthcare.fhir.validation.session import Session

_ABSOLUTE = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:\S*")


def check(session: Session, node: Node, targets: Iterable[str]) -> None:
    """A Reference's target against the types that its element allows."""
    reference = node.child_value("reference")
    stated = node.child_value("type")
    target = target_type(session, node)
    if isinstance(reference, str):
        _check_form(session, node, reference)
    allowed = [each.removeprefix(CORE) for each in targets]
    if target and allowed and not any(_is_allowed(session, target, each) for each in allowed):
        names = ", ".join(each.rpartition("/")[2] for each in allowed[:20])
        session.error(
            "structure", "reference-target", node, f"The reference points to a {target}; it may point to: {names}."
        )
    if target and isinstance(stated, str) and session.definitions.resource(stated) and stated != target:
        session.error(
            "structure", "reference-type", node, f"type says {stated}, and the reference points to a {target}."
        )


def check_canonical(session: Session, node: Node) -> None:
    """A canonical that names something contained."""
    if isinstance(node.value, str) and node.value.startswith("#") and session.resolver.within(node, node.value) is None:
        session.error("not-found", "canonical-contained", node, "No contained resource has this id.")


def _check_form(session: Session, node: Node, reference: str) -> None:
    if len(reference) > LONGEST or reference.startswith("#") or _ABSOLUTE.fullmatch(reference):
        return
    literal = LITERAL.fullmatch(reference)
    is_search = "?" in reference and session.definitions.resource(reference.partition("?")[0])
    if not is_search and (literal is None or not session.definitions.resource(literal["type"])):
        session.error("value", "reference-form", node, "A relative reference is a type of resource, a slash and an id.")


def _is_allowed(session: Session, target: str, allowed: str) -> bool:
    if session.definitions.type(allowed):
        return session.definitions.specializes(target, allowed)
    profile = session.definitions.structure(allowed)
    return profile is None or session.definitions.specializes(target, profile.type)


def target_type(session: Session, node: Node) -> str | None:
    """The type of what a Reference points to, as far as it can be told."""
    reference = node.child_value("reference")
    if not isinstance(reference, str) or not reference:
        stated = node.child_value("type")
        return stated if isinstance(stated, str) and session.definitions.resource(stated) else None
    found = session.resolver.within(node, reference)
    if found is not None:
        return found.type
    named = session.resolver.named(reference)
    return named[0] if named else None
