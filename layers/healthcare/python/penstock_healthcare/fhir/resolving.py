"""Where references lead: to what is contained, to entries of the bundle around, else no further than type and id."""

import re
from functools import cached_property
from typing import Any

from penstock_healthcare.fhir.node import Node, tree

LONGEST = 2_000
LITERAL = re.compile(
    r"(?:(?P<base>https?://\S*?)/)?(?P<type>[A-Z][A-Za-z]+)/(?P<id>[A-Za-z0-9\-.]{1,64})"
    r"(?:/_history/[A-Za-z0-9\-.]{1,64})?(?:#\S*)?"
)
_VERSION = re.compile(r"/_history/.*\Z")


class Resolver:
    """For one tree; a bundle's entries are indexed once."""

    def __init__(self, root: Node) -> None:
        self.root, self._definitions = root, root.definitions

    @cached_property
    def _resources(self) -> list[tuple[Any, Node]]:
        entries = self.root.named("entry") if self.root.type == "Bundle" else ()
        return [(entry.child_value("fullUrl"), each) for entry in entries for each in entry.named("resource")]

    @cached_property
    def _by_url(self) -> dict[Any, Node]:
        return {url: each for url, each in reversed(self._resources) if isinstance(url, str)}

    @cached_property
    def _by_name(self) -> dict[str, Node]:
        return {f"{each.type}/{each.child_value('id')}": each for _, each in reversed(self._resources)}

    def resolved(self, item: Any) -> Node | None:
        """What a Reference, or a canonical or other URL, leads to; elsewhere, a resource with only type and id."""
        if not isinstance(item, Node):
            return None
        reference = item.value if item.is_primitive else item.child_value("reference")
        if not isinstance(reference, str):
            return None
        found = self.within(item, reference)
        if found is not None:
            return found
        named = self.named(reference)
        return tree({"resourceType": named[0], "id": named[1]}, self._definitions) if named else None

    def within(self, node: Node, reference: str) -> Node | None:
        """What a reference of a node leads to inside the resource around it, or inside its bundle."""
        if reference.startswith("#"):
            return contained(node, reference[1:])
        if self.root.type != "Bundle":
            return None
        bare = _VERSION.sub("", reference[:LONGEST])
        if bare in self._by_url:
            return self._by_url[bare]
        base = self._base_of(node)
        return self._by_url.get(f"{base}{bare}") if base else self._by_name.get(bare)

    def named(self, reference: str) -> tuple[str, str] | None:
        """The type and the id that a reference names; for a search in place of one, no id."""
        if len(reference) > LONGEST:
            return None
        kind, question, _ = reference.partition("?")
        if question and self._definitions.resource(kind):
            return kind, ""
        match = LITERAL.fullmatch(reference)
        return (match["type"], match["id"]) if match and self._definitions.resource(match["type"]) else None

    def _base_of(self, node: Node) -> str:
        """The server's address that the entry around a node comes from: `http://example.org/fhir/`."""
        while node.parent is not None and node.parent.parent is not self.root:
            node = node.parent
        url = node.parent.child_value("fullUrl") if node.parent is not None else None
        match = LITERAL.fullmatch(url) if isinstance(url, str) and len(url) < LONGEST else None
        return f"{match['base']}/" if match and match["base"] else ""


def contained(node: Node, identity: str) -> Node | None:
    """The contained resource of this id; the container itself for no id."""
    container = node.container()
    return container.contained_by_id().get(identity) if identity else container
