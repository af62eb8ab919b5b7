"""Cardinality and children: R4's own rules over the whole resource, and a profile's over what it constrains."""

from collections.abc import Callable, Mapping
from typing import Any

from penstock_healthcare.fhir.definitions.element import Element
from penstock_healthcare.fhir.definitions.structures import Structure
from penstock_healthcare.fhir.formats.faults import DEEPEST
from penstock_healthcare.fhir.node import Node
from penstock_healthcare.fhir.validation import (
    bindings,
    bundles,
    expressions,
    extensions,
    identifiers,
    invariants,
    questionnaires,
    references,
    rules,
    slicing,
    structure,
    value_sets,
    vital_signs,
)
from penstock_healthcare.fhir.validation.session import STEPS_A_NODE, Session

DEEPEST_TRIAL = 8


def base(session: Session, node: Node, depth: int = 0) -> None:
    """R4's own rules on a node and all below it."""
    if depth > DEEPEST:
        session.error("too-long", "depth", node, f"Nested more than {DEEPEST} deep.")
        return
    session.steps += STEPS_A_NODE
    structure.check(session, node)
    if special := _SPECIAL.get(node.type):
        special(session, node)
    holder = node.holder
    if holder is None or (node.is_primitive and node.extra is None):
        return
    for constraint in holder.constraints:
        invariants.check(session, node, constraint)
    for rule in holder.required:
        if rule.name not in node.groups:
            _check_count(session, node, rule, 0)
    for name, found in node.groups.items():
        rule = holder.children[name]
        _check_count(session, node, rule, len(found))
        for child in found:
            rules.check(session, child, rule)
            base(session, child, depth + 1)
    if node.is_resource:
        _check_resource(session, node)


_SPECIAL: Mapping[str, Callable[[Session, Node], None]] = {
    "canonical": references.check_canonical,
    "Coding": bindings.check_coding,
    "Quantity": bindings.check_coding,
    "Extension": extensions.check,
    "Identifier": identifiers.check,
    "Observation": vital_signs.check,
    "Questionnaire": questionnaires.check_questionnaire,
    "QuestionnaireResponse": questionnaires.check,
    "ValueSet": value_sets.check,
    "SearchParameter": expressions.check_search_parameter,
    "ElementDefinition": expressions.check_structure,
    "Expression": expressions.check_expression,
    "Bundle": bundles.check,
}
"""What a type asks that its definition cannot say."""


def _check_resource(session: Session, node: Node) -> None:
    """What holds for a resource wherever it is: contained ids, and the profiles that it claims."""
    identities = [each.child_value("id") for each in node.named("contained")]
    if len({each for each in identities if each is not None}) < sum(each is not None for each in identities):
        session.error("duplicate", "contained-id", node, "Two contained resources have the same id.")
    _check_ids(session, node)
    for meta in node.named("meta"):
        for claimed in meta.named("profile"):
            url = claimed.value
            if not isinstance(url, str):
                continue
            found = session.definitions.structure(url) if ":" in url else None
            if found is None:
                session.warn(
                    "not-found", "profile-unknown", claimed, "The profile is not known, so it was not checked."
                )
            else:
                apply(session, node, found)


def _check_ids(session: Session, node: Node) -> None:
    """Elements' ids are unique in their resource; those of ElementDefinitions name elements, in two lists alike."""
    found: set[str] = set()
    stack = list(node.children)
    while stack:
        each = stack.pop()
        if each.is_resource or each.type == "ElementDefinition":
            continue
        identity = (each.extra or {}).get("id") if each.is_primitive else _id_of(each)
        if isinstance(identity, str) and identity in found:
            session.error("duplicate", "element-id", each, "Another element of the resource has the same id.")
        elif isinstance(identity, str):
            found.add(identity)
        stack.extend(each.children)


def _id_of(node: Node) -> Any:
    return node.value.get("id") if isinstance(node.value, dict) else None


def apply(session: Session, node: Node, profile: Structure) -> None:
    """A profile's rules on a node."""
    if not session.once(node, f"profile {profile.url}") or session.depth > DEEPEST_TRIAL:
        return
    if not session.definitions.specializes(node.type, profile.type):
        session.error(
            "structure", "profile", node, f"The profile {profile.name} is for {profile.type}, not for {node.type}."
        )
        return
    for constraint in profile.root.constraints:
        invariants.check(session, node, constraint)
    children(session, node, profile.root)


def conforms(session: Session, node: Node, url: str) -> bool:
    """Whether a node conforms to a structure; one that is not known is taken to fit."""
    found = session.definitions.structure(url)
    if found is None:
        return True
    if not found.is_profile:
        return session.definitions.specializes(node.type, found.type)
    trial = session.trial()
    apply(trial, node, found)
    return not trial.errors


def children(session: Session, node: Node, rule: Element) -> None:
    """A profile's rules on a node's children."""
    for child_rule in rule.children.values():
        found = node.named(child_rule.name)
        _check_count(session, node, child_rule, len(found))
        for child in found:
            one(session, child, child_rule)
        if child_rule.slices:
            _check_slices(session, node, child_rule, found)


def one(session: Session, node: Node, rule: Element) -> None:
    """A profile's element on a node, and on what is below it."""
    rules.check(session, node, rule)
    if rule.children:
        children(session, node, rule)


def _check_slices(session: Session, parent: Node, rule: Element, found: list[Node]) -> None:
    sorted_ = slicing.sort(session, rule, found)
    for each in rule.slices:
        members = [node for node, matched in sorted_ if each in matched]
        _check_count(session, parent, each, len(members))
        for node in members:
            one(session, node, each)
    if rule.slicing is None:
        return
    for node, matched in sorted_:
        if not matched and rule.slicing.rules == "closed":
            session.error("structure", "slicing", node, f"{rule.name} belongs to no slice, and there may be no others.")
    places = [rule.slices.index(matched[0]) for _, matched in sorted_ if matched]
    if rule.slicing.is_ordered and places != sorted(places):
        session.error("structure", "slicing", parent, f"The slices of {rule.name} are not in their order.")
    if rule.slicing.rules == "openAtEnd" and any(matched for _, matched in sorted_[len(places) :]):
        session.error("structure", "slicing", parent, f"What belongs to no slice of {rule.name} must come last.")


def _check_count(session: Session, parent: Node, rule: Element, count: int) -> None:
    name = f"{rule.name}:{rule.slice_name}" if rule.slice_name else rule.name
    if count < rule.minimum:
        what = "is missing" if rule.minimum == 1 else f"is there {count} times; at least {rule.minimum} are needed"
        session.error("required", "cardinality", parent, f"{name} {what}.")
    elif rule.maximum is not None and count > rule.maximum:
        most = f"at most {rule.maximum}" if rule.maximum else "none"
        session.error("structure", "cardinality", parent, f"{name} is there {count} times; {most} may be.")
