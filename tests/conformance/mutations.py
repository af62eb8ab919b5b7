"""Breaks a valid resource in one place, and says which rule must find it, and where."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from penstock_healthcare.fhir.definitions.element import Element
from penstock_healthcare.fhir.node import PRIMITIVES, Node

Break = Callable[[], None]


@dataclass(frozen=True)
class Mutation:
    """`apply` breaks the resource that the tree was made of, in place."""

    kind: str
    rule: str
    location: str
    apply: Break


def mutations(root: Node) -> Iterator[Mutation]:
    """All that can be done to it."""
    for node in (root, *root.descendants()):
        if isinstance(node.value, dict) and node.holder is not None:
            yield from _of_object(node, node.value, node.holder)


def _of_object(node: Node, members: dict[str, Any], holder: Element) -> Iterator[Mutation]:
    where = node.location()
    yield Mutation("unknown element", "unknown-element", where, lambda: members.update(penstockUnknown="x"))
    if node.type not in ("Extension", "Bundle"):
        for element in holder.children.values():
            yield from _missing(node, members, element, where)
    for child in node.children:
        yield from _of_child(child, members)


def _missing(node: Node, members: dict[str, Any], element: Element, where: str) -> Iterator[Mutation]:
    keys = [key for key, _ in element.spellings() for key in (key, f"_{key}") if key in members]
    if element.minimum > 0 and keys and len(members) > len(keys) + 1:
        yield Mutation("missing element", "cardinality", where, lambda: [members.pop(key) for key in keys] and None)


def _of_child(child: Node, members: dict[str, Any]) -> Iterator[Mutation]:
    key = next(key for key, code in child.element.spellings() if key in members or f"_{key}" in members)
    where = child.location()
    spot = where.removesuffix(f"[{child.index}]")
    if child.index is None and key in members and child.type != "xhtml":
        value = members[key]
        place = f"{child.parent.location()}.{child.element.name}" if child.parent else spot
        yield Mutation("list for one", "list", place, lambda: members.update({key: [value, value]}))
        yield Mutation("null", "null", place, lambda: members.update({key: None}))
    elif child.index == 0 and key in members:
        yield Mutation("one for a list", "list", spot, lambda: members.update({key: members[key][0]}))
    if child.has_value:
        yield from _of_value(child, _setter(child, members, key), where)
    if child.type == "Reference" and isinstance(child.value, dict):
        yield from _of_reference(child, child.value, where)
    if child.type == "Period" and {"start", "end"} <= child.value.keys():
        yield Mutation(
            "invariant per-1", "per-1", where, lambda: child.value.update(start="2199-01-01", end="2198-01-01")
        )


def _setter(child: Node, members: dict[str, Any], key: str) -> Callable[[Any], None]:
    def put(value: Any) -> None:
        if child.index is None:
            members[key] = value
        else:
            members[key][child.index] = value

    return put


_BROKEN: dict[str, Any] = {
    "date": "2024-02-30",
    "dateTime": "2024-02-01T10:00",
    "instant": "2024-02-01",
    "time": "25:00:00",
    "boolean": "true",
    "integer": "1",
    "positiveInt": 0,
    "unsignedInt": -1,
    "decimal": "1.0",
    "uri": "with space",
    "url": "with space",
    "canonical": "with space",
    "code": " leading",
    "string": "",
    "markdown": 5,
    "base64Binary": "abc",
}


def _of_value(child: Node, put: Callable[[Any], None], where: str) -> Iterator[Mutation]:
    is_resource_id = child.name == "id" and child.parent is not None and child.parent.is_resource
    if is_resource_id:
        yield Mutation("bad id", "type-id", where, lambda: put("no spaces here"))
    elif child.type in _BROKEN and child.type in PRIMITIVES:
        yield Mutation(f"bad {child.type}", f"type-{child.type}", where, lambda: put(_BROKEN[child.type]))
    binding = child.element.binding
    if child.type == "code" and binding and binding.strength == "required" and _is_closed(binding.value_set):
        yield Mutation("wrong code", "binding", where, lambda: put("no-such-code"))


def _is_closed(url: str) -> bool:
    return not url.partition("|")[0].endswith(("/mimetypes", "/all-languages"))


def _of_reference(child: Node, value: dict[str, Any], where: str) -> Iterator[Mutation]:
    targets = [target for each in child.element.types for target in each.targets]
    value_without_type = {key: each for key, each in value.items() if key != "type"}

    def point(reference: str) -> None:
        value.clear()
        value.update({**value_without_type, "reference": reference})

    if targets and not any(target.endswith(("/Resource", "/StructureMap")) for target in targets):
        yield Mutation("wrong reference type", "reference-target", where, lambda: point("StructureMap/1"))
    yield Mutation("missing contained", "ref-1", where, lambda: point("#penstock-nothing"))
