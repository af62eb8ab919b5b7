"""A resource as a tree of typed nodes: what validation and FHIRPath walk on. Children are made when first asked for."""

from collections.abc import Iterator
from typing import Any

from penstock.json import JSONObject
from penstock_healthcare.fhir.definitions.element import Element
from penstock_healthcare.fhir.definitions.registry import Definitions

RESOURCE_TYPES = frozenset({"Resource", "DomainResource"})
_PRIMITIVE_NAMES = """
base64Binary boolean canonical code date dateTime decimal id instant integer markdown oid positiveInt string time
unsignedInt uri url uuid xhtml
"""
PRIMITIVES = frozenset(_PRIMITIVE_NAMES.split())


class Node:
    """`value` is an object, or a primitive's value (None where it has only extensions, which are in `extra`).

    `type` is the FHIR type's code, `element` its place in the definitions, `holder` what its children are.
    """

    __slots__ = (
        "_by_id",
        "_by_name",
        "_children",
        "_is_held",
        "definitions",
        "element",
        "extra",
        "holder",
        "index",
        "parent",
        "type",
        "value",
    )

    def __init__(
        self,
        value: Any,
        type_: str,
        element: Element,
        definitions: Definitions,
        *,
        parent: "Node | None" = None,
        extra: JSONObject | None = None,
        index: int | None = None,
        is_held: bool = False,
    ) -> None:
        self.value, self.type, self.element, self.extra = value, type_, element, extra
        self.definitions, self.parent, self.index = definitions, parent, index
        self.holder = definitions.holder(element, type_)
        self._children: tuple[Node, ...] | None = None
        self._by_name: dict[str, list[Node]] | None = None
        self._by_id: dict[Any, Node] | None = None
        self._is_held = is_held

    @property
    def name(self) -> str:
        """The element's name; the resource's type for the root."""
        return self.element.name

    @property
    def is_primitive(self) -> bool:
        """Whether its type is one of FHIR's primitives."""
        return self.type in PRIMITIVES

    @property
    def is_resource(self) -> bool:
        """Whether it is a resource: the root, a contained one, one in a bundle."""
        return self.parent is None or self._is_held

    @property
    def has_value(self) -> bool:
        """Whether it is a primitive with a value."""
        return self.value is not None and self.is_primitive

    @property
    def children(self) -> tuple["Node", ...]:
        """Its child nodes in order."""
        if self._children is None:
            self._children = tuple(self._made())
        return self._children

    def named(self, name: str) -> list["Node"]:
        """The children of one name; a choice's by the name without its type."""
        return self.groups.get(name, [])

    @property
    def groups(self) -> dict[str, list["Node"]]:
        """The children by name, in order."""
        if self._by_name is None:
            self._by_name = {}
            for child in self.children:
                self._by_name.setdefault(child.element.name, []).append(child)
        return self._by_name

    def child_value(self, name: str) -> Any:
        """The primitive value of the first child of this name; None when there is none."""
        found = self.named(name)
        return found[0].value if found and not isinstance(found[0].value, dict | list) else None

    def contained_by_id(self) -> "dict[Any, Node]":
        """A resource's contained ones."""
        if self._by_id is None:
            self._by_id = {each.child_value("id"): each for each in reversed(self.named("contained"))}
        return self._by_id

    def resource(self) -> "Node":
        """The resource around it, or itself."""
        node = self
        while node.parent is not None and not node.is_resource:
            node = node.parent
        return node

    def container(self) -> "Node":
        """The resource that holds a contained one; else the resource around it."""
        found = self.resource()
        return found.parent.resource() if found.parent is not None and found.name == "contained" else found

    def root(self) -> "Node":
        """The outermost node."""
        node = self
        while node.parent is not None:
            node = node.parent
        return node

    def descendants(self) -> Iterator["Node"]:
        """Everything below it, in order."""
        stack = list(reversed(self.children))
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(node.children))

    def location(self) -> str:
        """Where it is, as a FHIRPath: `Patient.name[0].given[1]`."""
        steps: list[str] = []
        node: Node | None = self
        while node is not None:
            steps.append(_step(node))
            node = node.parent
        return ".".join(reversed(steps))

    def _made(self) -> Iterator["Node"]:
        if self.holder is None:
            return
        members = self.value if isinstance(self.value, dict) else self.extra
        if not isinstance(members, dict):
            return
        keys = self.holder.keys
        for key in dict.fromkeys(each.removeprefix("_") for each in members):
            if known := keys.get(key):
                yield from self._of(key, *known, members)

    def _of(self, key: str, element: Element, code: str, members: JSONObject) -> Iterator["Node"]:
        value = members.get(key)
        extra = members.get("_" + key) if code in PRIMITIVES else None
        if not isinstance(value, list) and not isinstance(extra, list):
            if value is not None or isinstance(extra, dict):
                yield self._one(value, element, code, extra, None)
            return
        values = value if isinstance(value, list) else []
        extras = extra if isinstance(extra, list) else []
        for index in range(max(len(values), len(extras))):
            one = values[index] if index < len(values) else None
            beside = extras[index] if index < len(extras) else None
            if one is not None or isinstance(beside, dict):
                yield self._one(one, element, code, beside, index)

    def _one(self, value: Any, element: Element, code: str, extra: Any, index: int | None) -> "Node":
        kind = code
        if code in RESOURCE_TYPES and isinstance(value, dict):
            named = value.get("resourceType")
            if isinstance(named, str) and self.definitions.resource(named):
                kind = named
        if index is None and element.maximum != 1:
            index = 0
        return Node(
            value,
            kind or "BackboneElement",
            element,
            self.definitions,
            parent=self,
            extra=extra if isinstance(extra, dict) else None,
            index=index,
            is_held=code in RESOURCE_TYPES,
        )


def _step(node: Node) -> str:
    if node.parent is None:
        return node.type
    name = node.element.name
    if node.element.is_choice:
        name += f".ofType({node.type})"
    return f"{name}[{node.index}]" if node.index is not None else name


def tree(resource: JSONObject, definitions: Definitions) -> Node | None:
    """A resource's root; None when its type is none of FHIR's."""
    kind = resource.get("resourceType")
    found = definitions.resource(kind) if isinstance(kind, str) else None
    return Node(resource, found.type, found.root, definitions) if found else None
