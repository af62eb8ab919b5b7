"""JSON's shape: members that there are, lists where elements repeat, no nulls, nothing empty, primitives' values."""

from collections.abc import Iterator
from typing import Any

from penstock.json import JSONObject
from penstock_healthcare.fhir import primitives
from penstock_healthcare.fhir.definitions.element import Element
from penstock_healthcare.fhir.formats.xhtml import faults as xhtml_faults
from penstock_healthcare.fhir.node import PRIMITIVES, RESOURCE_TYPES, Node
from penstock_healthcare.fhir.validation.session import Session

_TYPE_MEMBER = "resourceType"
_EXTRA_MEMBERS = frozenset({"id", "extension", "fhir_comments"})
_NO_CONTENT = "The narrative has neither text nor an image."


def check(session: Session, node: Node) -> None:
    """The shape of one node, without that of its children."""
    if node.is_primitive:
        _check_primitive(session, node)
    elif not isinstance(node.value, dict):
        session.error("structure", "type", node, f"A value of type {node.type} is an object.")
    elif not node.value:
        session.error("structure", "empty", node, "An object must not be empty.")
    elif node.type in RESOURCE_TYPES:
        session.error("structure", "resource-type", node, "resourceType must name a type of resource in FHIR R4.")
    else:
        _check_members(session, node, node.value)
        if not node.is_resource:
            _check_content(session, node)


def _check_content(session: Session, node: Node) -> None:
    if node.groups.keys() <= {"id"}:
        session.error("invariant", "ele-1", node, "An element has a value or children.")


def _check_primitive(session: Session, node: Node) -> None:
    if node.value is not None:
        kind = "id" if node.name == "id" and node.parent is not None and node.parent.is_resource else node.type
        if message := primitives.fault(node.value, kind):
            session.error("value", f"type-{kind}", node, message)
        elif kind == "xhtml":
            for message in xhtml_faults(node.value):
                session.error("invariant", "txt-2" if message == _NO_CONTENT else "txt-1", node, message)
        elif kind == "string" and node.value != node.value.strip():
            session.warn("value", "whitespace", node, "Text should not begin or end with a space.")
    if node.extra is not None:
        _check_extra(session, node, node.extra)
        if node.value is None:
            _check_content(session, node)


def _check_extra(session: Session, node: Node, extra: JSONObject) -> None:
    if not extra:
        session.error("structure", "empty", node, "An object must not be empty.")
    for name in extra:
        if name not in _EXTRA_MEMBERS:
            session.error("structure", "unknown-element", node, f"There is no element {name[:64]} in {node.type}.")
    _check_lists(session, node, extra)


def _check_members(session: Session, node: Node, members: JSONObject) -> None:
    keys = node.holder.keys if node.holder else {}
    choices: dict[str, set[str]] = {}
    for name in members:
        key = name.removeprefix("_")
        known = keys.get(key)
        if name == "fhir_comments":
            session.error("structure", "unknown-element", node, "FHIR's JSON has no comments.")
        elif name == _TYPE_MEMBER and node.is_resource:
            continue
        elif known is None or (name != key and known[1] not in PRIMITIVES):
            session.error("structure", "unknown-element", node, f"There is no element {name[:64]} in {_named(node)}.")
        elif known[0].is_choice:
            choices.setdefault(known[0].name, set()).add(key)
    for name, found in choices.items():
        if len(found) > 1:
            session.error("structure", "choice", node, f"{name}[x] is there with {len(found)} types; it has one.")
    _check_lists(session, node, members)


def _named(node: Node) -> str:
    return node.element.path if node.type == "BackboneElement" else node.type


def _check_lists(session: Session, node: Node, members: JSONObject) -> None:
    keys = node.holder.keys if node.holder else {}
    for name, value in members.items():
        known = keys.get(name.removeprefix("_"))
        if known is None:
            continue
        for message in _list_faults(value, known[0], known[1], members.get(f"_{name}")):
            rule = "list" if value is not None else "null"
            session.error("structure", rule, f"{node.location()}.{known[0].name}", message)
        if name.startswith("_"):
            for message in _pair_faults(value, members.get(name[1:])):
                session.error("structure", "list", f"{node.location()}.{known[0].name}", message)


def _list_faults(value: Any, element: Element, code: str, beside: Any) -> Iterator[str]:
    if value is None:
        yield "A member must not be null."
    elif element.maximum == 1:
        if isinstance(value, list):
            yield "This element does not repeat, so its value is no list."
    elif not isinstance(value, list):
        yield "This element can repeat, so its value is a list."
    elif not value:
        yield "A list must not be empty."
    elif code not in PRIMITIVES and None in value:
        yield "A list of objects has no null."
    elif code in PRIMITIVES and all(each is None for each in value):
        yield "A list has more than nulls."
    elif code in PRIMITIVES and None in value and not isinstance(beside, list) and not _is_beside(value):
        yield "A null in a list stands for a value that has only extensions, and this one has none."


def _is_beside(value: list[Any]) -> bool:
    """Whether this is itself the list of extensions."""
    return any(isinstance(each, dict) for each in value)


def _pair_faults(extras: Any, values: Any) -> Iterator[str]:
    if isinstance(extras, list):
        if any(each is not None and not isinstance(each, dict) for each in extras):
            yield "Extensions of values are objects, or null."
        if isinstance(values, list) and len(values) != len(extras):
            yield "The lists of values and of their extensions have different lengths."
    elif extras is not None and not isinstance(extras, dict):
        yield "Extensions of a value are an object."
