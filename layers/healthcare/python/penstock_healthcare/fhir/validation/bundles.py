"""What a bundle asks beyond its structure: full URLs, and that documents and messages hold what they point to.

FHIR R4, sections 2.36.4 (full URLs), 2.37 (documents), 2.35 (messages).
"""

import re
from collections.abc import Iterator, Mapping

from penstock_healthcare.fhir.node import Node
from penstock_healthcare.fhir.validation.session import Session

_UUID = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_OID = re.compile(r"urn:oid:[0-2](\.(0|[1-9]\d*))+")
_REST = re.compile(r"https?://\S*/([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})")
_LONGEST = 2_000
_WITHIN = ("urn:uuid:", "urn:oid:")
_BESIDE = frozenset({"Binary"})
"""A document's style sheet."""
HELD: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "document": (
        "Composition",
        (
            "subject",
            "encounter",
            "author",
            "attester.party",
            "custodian",
            "event.detail",
            "section.author",
            "section.focus",
            "section.entry",
        ),
    ),
    "message": ("MessageHeader", ("focus",)),
}
"""The type of a bundle → its first resource, and those of its references that lead to resources in the bundle."""


def check(session: Session, bundle: Node) -> None:
    """A bundle's entries."""
    for entry in bundle.named("entry"):
        url = entry.child_value("fullUrl")
        if isinstance(url, str) and len(url) <= _LONGEST:
            _check_url(session, entry, url)
    if bundle is not session.root:
        return
    _check_urns(session, bundle)
    kind = bundle.child_value("type")
    if kind in HELD:
        _check_held(session, bundle, *HELD[kind])
    if kind == "document":
        _check_belonging(session, bundle)


def _check_urns(session: Session, bundle: Node) -> None:
    """A urn:uuid: or urn:oid: can only be resolved within the bundle."""
    for node in bundle.descendants():
        target = node.child_value("reference") if node.type == "Reference" else None
        if isinstance(target, str) and target.startswith(_WITHIN) and session.resolver.within(node, target) is None:
            session.error("not-found", "bundle-reference", node, "The bundle does not hold what this points to.")


def _check_belonging(session: Session, bundle: Node) -> None:
    """Each entry of a document is linked with its Composition, in whichever direction, over whatever others."""
    resources = [each for entry in bundle.named("entry") for each in entry.named("resource")]
    links: dict[int, set[int]] = {id(each): set() for each in resources}
    for resource in resources:
        for node in resource.descendants():
            target = node.child_value("reference") if node.type == "Reference" else None
            found = session.resolver.within(node, target) if isinstance(target, str) else None
            if found is not None and id(found) in links:
                links[id(resource)].add(id(found))
                links[id(found)].add(id(resource))
    reached: set[int] = set()
    fresh = [id(resources[0])] if resources else []
    while fresh:
        at = fresh.pop()
        if at not in reached:
            reached.add(at)
            fresh.extend(links[at])
    for resource in resources:
        if id(resource) not in reached and resource.type not in _BESIDE:
            session.error(
                "structure", "document-entry", resource, "Nothing links this with the document's Composition."
            )


def _check_url(session: Session, entry: Node, url: str) -> None:
    if url.startswith("urn:"):
        if not _UUID.fullmatch(url) and not _OID.fullmatch(url):
            session.error("value", "full-url", entry, "fullUrl is urn:uuid: and a UUID in lower case, or urn:oid:.")
        return
    if ":" not in url:
        session.error("value", "full-url", entry, "fullUrl is absolute.")
        return
    match = _REST.fullmatch(url)
    if match is None or not session.definitions.resource(match[1]):
        return
    for resource in entry.named("resource"):
        identity = resource.child_value("id")
        if identity is not None and (match[1], match[2]) != (resource.type, identity):
            session.error("value", "full-url", entry, "fullUrl ends with another type or id than the resource's.")


def _check_held(session: Session, bundle: Node, kind: str, paths: tuple[str, ...]) -> None:
    entries = bundle.named("entry")
    first = entries[0].named("resource") if entries else []
    if not first or first[0].type != kind:
        session.error("structure", "first-entry", bundle, f"The first entry of this bundle is a {kind}.")
        return
    for path in paths:
        for reference in _at(first[0], path.split(".")):
            target = reference.child_value("reference")
            if isinstance(target, str) and not _is_held(session, reference, target):
                session.error(
                    "not-found", "bundle-reference", reference, "The bundle does not hold what this points to."
                )


def _at(node: Node, steps: list[str]) -> Iterator[Node]:
    """What is at a path; sections are inside sections too."""
    for child in node.named(steps[0]):
        if len(steps) == 1:
            yield child
            continue
        yield from _at(child, steps[1:])
        if steps[0] == "section":
            yield from _at(child, steps)


def _is_held(session: Session, reference: Node, target: str) -> bool:
    if target.startswith("#"):
        return True
    return session.resolver.within(reference, target) is not None
