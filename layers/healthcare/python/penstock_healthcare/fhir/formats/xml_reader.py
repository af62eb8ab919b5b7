"""FHIR XML → JSON (FHIR R4, section 2.6.1): what repeats becomes a list, values become numbers and booleans by type."""

from collections.abc import Iterator
from typing import Any

from penstock.json import JSONObject
from penstock_healthcare.fhir.definitions.element import Element
from penstock_healthcare.fhir.definitions.registry import Definitions
from penstock_healthcare.fhir.formats.faults import MOST_FAULTS, Fault, Read
from penstock_healthcare.fhir.formats.json_text import Exact
from penstock_healthcare.fhir.formats.xhtml import NAMESPACE as XHTML
from penstock_healthcare.fhir.formats.xml_tree import NotXml, XmlElement, elements
from penstock_healthcare.fhir.node import PRIMITIVES, RESOURCE_TYPES
from penstock_healthcare.fhir.primitives import INTEGERS, PATTERNS

NAMESPACE = "http://hl7.org/fhir"
_SCHEMA_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance "
_BOOLEANS = {"true": True, "false": False}
_URL_ATTRIBUTE = "url"


def read(content: bytes, definitions: Definitions) -> Read:
    """A resource from XML text."""
    try:
        root = elements(content)
    except NotXml as error:
        return Read(None, (Fault("", error.rule, error.message),))
    reader = _Reader(definitions)
    resource = reader.resource(root, root.name)
    return Read(resource, tuple(reader.faults[:MOST_FAULTS]))


class _Reader:
    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions
        self.faults: list[Fault] = []

    def _fault(self, location: str, rule: str, message: str) -> None:
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(Fault(location, rule, message))

    def resource(self, source: XmlElement, location: str) -> JSONObject | None:
        found = self._definitions.resource(source.name)
        if source.namespace != NAMESPACE:
            self._fault(location, "namespace", f"The element {source.name[:64]} is not in FHIR's namespace.")
            if source.namespace:
                return None
        if found is None:
            self._fault(location, "resource-type", f"{source.name[:64]} is not a type of resource in FHIR R4.")
            return None
        self._check_own(source, location, frozenset())
        return {"resourceType": source.name, **self._members(source, found.root, location)}

    def _check_own(self, source: XmlElement, location: str, allowed: frozenset[str]) -> None:
        if source.has_text:
            self._fault(location, "xml-text", "An element holds text; values are in the attribute value.")
        for name, value in source.attributes.items():
            if name not in allowed and not name.startswith(_SCHEMA_INSTANCE):
                self._fault(location, "xml-attribute", f"The attribute {name[:64]} is not allowed here.")
            elif not value:
                self._fault(location, "empty", f"The attribute {name[:64]} is empty.")

    def _members(self, source: XmlElement, holder: Element, location: str) -> JSONObject:
        found: JSONObject = {}
        order = {name: place for place, name in enumerate(holder.children)}
        last = -1
        for key, element, code, child in self._known(source, holder, location):
            place = order[element.name]
            where = f"{location}.{element.name}"
            if place < last:
                self._fault(where, "xml-order", f"The element {key} stands after one that it must stand before.")
            last = max(last, place)
            value, extra = self._value(child, element, code, where)
            _add(found, key, value, extra, is_many=element.maximum != 1)
        return found

    def _known(
        self, source: XmlElement, holder: Element, location: str
    ) -> Iterator[tuple[str, Element, str, XmlElement]]:
        for child in source.children:
            is_div = child.namespace == XHTML and child.name == "div"
            known = holder.keys.get(child.name)
            if known is None or known[0].is_attribute:
                self._fault(location, "unknown-element", f"There is no element {child.name[:64]} here.")
            elif child.namespace != NAMESPACE and not (is_div and known[1] == "xhtml"):
                self._fault(location, "namespace", f"The element {child.name[:64]} is in the wrong namespace.")
            else:
                yield child.name, *known, child

    def _value(self, source: XmlElement, element: Element, code: str, location: str) -> tuple[Any, JSONObject | None]:
        if code == "xhtml":
            return source.raw, None
        if code in RESOURCE_TYPES:
            return self._held(source, location), None
        if code in PRIMITIVES:
            return self._primitive(source, code, location)
        holder = self._definitions.holder(element, code)
        attributes = frozenset({"id", _URL_ATTRIBUTE}) if code == "Extension" else frozenset({"id"})
        self._check_own(source, location, attributes)
        own = {name: source.attributes[name] for name in attributes if name in source.attributes}
        return {**own, **(self._members(source, holder, location) if holder else {})}, None

    def _held(self, source: XmlElement, location: str) -> JSONObject | None:
        self._check_own(source, location, frozenset())
        if len(source.children) != 1:
            self._fault(location, "resource", "There must be one resource here.")
        return self.resource(source.children[0], location) if source.children else None

    def _primitive(self, source: XmlElement, code: str, location: str) -> tuple[Any, JSONObject | None]:
        self._check_own(source, location, frozenset({"id", "value"}))
        found = self._definitions.type(code)
        extra = self._members(source, found.root, location) if found else {}
        if "id" in source.attributes:
            extra = {"id": source.attributes["id"], **extra}
        return typed(source.attributes.get("value"), code), extra or None


def typed(text: str | None, code: str) -> Any:
    """A value as JSON has it; text that is not of its type stays text, for validation to find."""
    if text is None:
        return None
    if code == "boolean":
        return _BOOLEANS.get(text, text)
    if code not in INTEGERS and code != "decimal":
        return text
    if not PATTERNS[code].fullmatch(text) or len(text) > 100:
        return text
    try:
        return int(text) if code in INTEGERS or text.lstrip("-").isdigit() else Exact(text)
    except ValueError:
        return text


def _add(found: JSONObject, key: str, value: Any, extra: JSONObject | None, *, is_many: bool) -> None:
    """A member and its `_member`; a second one makes a list, null where one of the two lists has nothing."""
    beside = f"_{key}"
    if not is_many and key not in found and beside not in found:
        if value is not None:
            found[key] = value
        if extra is not None:
            found[beside] = extra
        return
    for name in (key, beside):
        if name in found and not isinstance(found[name], list):
            found[name] = [found[name]]
    count = max(len(found.get(key, ())), len(found.get(beside, ())))
    for name, each in ((key, value), (beside, extra)):
        if each is not None or name in found:
            found.setdefault(name, [None] * count)
            found[name] += [None] * (count - len(found[name]))
            found[name].append(each)
