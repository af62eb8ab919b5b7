"""JSON → FHIR XML: elements in the definitions' order, ids and URLs of extensions as attributes."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import quoteattr

from penstock.json import JSONObject
from penstock_healthcare.fhir.definitions.registry import Definitions, r4
from penstock_healthcare.fhir.errors import InvalidResource
from penstock_healthcare.fhir.formats.json_text import Exact
from penstock_healthcare.fhir.formats.xhtml import without_names
from penstock_healthcare.fhir.formats.xml_reader import NAMESPACE
from penstock_healthcare.fhir.node import Node, tree

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_ESCAPED = {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}


def write(resource: JSONObject, definitions: Definitions | None = None) -> str:
    """The resource as XML. What R4 does not know is left out; raises InvalidResource for an unknown type."""
    root = tree(resource, definitions or r4())
    if root is None:
        raise InvalidResource("resourceType", "not a type of resource in FHIR R4")
    return "".join(('<?xml version="1.0" encoding="UTF-8"?>\n', *_resource(root, f' xmlns="{NAMESPACE}"')))


def _resource(node: Node, namespace: str = "") -> Iterator[str]:
    yield f"<{node.type}{namespace}>"
    for child in _ordered(node):
        yield from _element(child)
    yield f"</{node.type}>"


def _ordered(node: Node) -> list[Node]:
    order = {name: place for place, name in enumerate(node.holder.children)} if node.holder else {}
    return sorted(node.children, key=lambda child: order.get(child.element.name, 0))


def _element(node: Node) -> Iterator[str]:
    name = next((key for key, code in node.element.spellings() if code == node.type), node.element.name)
    if node.type == "xhtml":
        yield without_names(str(node.value))
        return
    if node.is_resource:
        yield f"<{name}>"
        yield from _resource(node)
        yield f"</{name}>"
        return
    children = _ordered(node)
    attributes = [child for child in children if child.element.is_attribute]
    inner = [text for child in children if not child.element.is_attribute for text in _element(child)]
    opening = name + "".join(f" {child.element.name}={_quoted(child.value)}" for child in attributes)
    if node.has_value:
        opening += f" value={_quoted(node.value)}"
    yield f"<{opening}>{''.join(inner)}</{name}>" if inner else f"<{opening}/>"


def _quoted(value: Any) -> str:
    return quoteattr(_CONTROL.sub("", _text(value)), _ESCAPED)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Exact):
        return value.text
    return format(value, "f") if isinstance(value, Decimal) else str(value)
