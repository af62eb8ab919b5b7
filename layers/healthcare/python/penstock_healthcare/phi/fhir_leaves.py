"""Every primitive of a FHIR R4 resource with what it is, and the resource written anew.

What is taken out of a list or an object that is empty then goes with it; so does an object that loses what R4 requires
of it, up to its resource. A resource that was valid stays so, as far as it can without what identifies somebody.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from penstock.json import JSONObject
from penstock_healthcare.fhir.definitions.element import Element
from penstock_healthcare.fhir.definitions.registry import Definitions
from penstock_healthcare.fhir.formats.faults import DEEPEST
from penstock_healthcare.fhir.node import PRIMITIVES, RESOURCE_TYPES
from penstock_healthcare.phi import fhir_fields as fields
from penstock_healthcare.phi.errors import NotExamined
from penstock_healthcare.phi.fhir_fields import Kind
from penstock_healthcare.phi.identifiers import Identifier

GONE: Any = object()
"""What a change answers to take a value out."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """`location` is a FHIRPath; `type` FHIR's; `identifier` classes a kind that is no class."""

    location: str
    type: str
    value: Any
    kind: Kind
    identifier: Identifier = Identifier.OTHER


_ANYTHING = re.compile("")
_NUMBER = re.compile(r"[+-]?[0-9.eE+-]{1,40}\Z")
_FORMS: Mapping[str, re.Pattern[str]] = {
    **dict.fromkeys(("decimal", "integer", "positiveInt", "unsignedInt"), _NUMBER),
    "code": re.compile(r"\S{1,64}\Z"),
    "boolean": re.compile(r"true\Z|false\Z"),
    "time": re.compile(r"[0-9:.]{1,20}\Z"),
    "uri": re.compile(r"https?://|urn:|[A-Za-z0-9.-]{1,64}\Z"),
}
"""What values of types look like that are not searched. An item's decimals are text."""

Change: TypeAlias = Callable[[Leaf], Any]


def changed(resource: JSONObject, definitions: Definitions, change: Change) -> JSONObject:
    """The resource with each leaf changed. Raises NotExamined for what is no R4 resource."""
    return _Walk(definitions, change).resource(resource, "", 0)


class _Walk:
    """One pass over a resource."""

    def __init__(self, definitions: Definitions, change: Change) -> None:
        self._definitions, self._change = definitions, change

    def resource(self, value: Any, location: str, depth: int) -> JSONObject:
        """A resource: the root, a contained one, one in a bundle. It keeps its type whatever it loses."""
        name = value.get("resourceType") if isinstance(value, dict) else None
        found = self._definitions.resource(name) if isinstance(name, str) else None
        if found is None:
            raise NotExamined(location or "the resource", "resourceType must name a type of resource in FHIR R4")
        made = self._object(value, found.root, found.type, location or found.type, depth)
        return {"resourceType": name, **({} if made is GONE else made)}

    def _object(self, value: JSONObject, holder: Element, code: str, location: str, depth: int) -> Any:
        if depth > DEEPEST:
            raise NotExamined(location, f"nested more than {DEEPEST} deep")
        made: JSONObject = {}
        lost: list[Element] = []
        for key, each in value.items():
            if key == "resourceType":
                continue
            known = holder.keys.get(key.removeprefix("_"))
            new = self._member(key, each, known, value, code, f"{location}.{key}", depth)
            if new is not GONE:
                made[key] = new
            elif known:
                lost.append(known[0])
        is_resource = "resourceType" in value
        is_bare = code == "Extension" and bool(lost) and made.keys() <= {"url", "id"}
        needed = fields.NEEDS_ONE.get(holder.path) if lost else None
        is_bare = is_bare or (needed is not None and needed.isdisjoint(made))
        is_broken = is_bare or any(each.minimum and each.name not in made for each in lost)
        return made if made and (is_resource or not is_broken) else GONE

    def _member(
        self,
        key: str,
        value: Any,
        known: tuple[Element, str] | None,
        around: JSONObject,
        owner: str,
        location: str,
        depth: int,
    ) -> Any:
        if known is None:
            return self._change(Leaf(location, "", value, "gone"))
        element, code = known
        if key.startswith("_"):
            return self._each(value, location, lambda one, where: self._beside(one, where, depth))
        if code in PRIMITIVES:
            kind, identifier = _kind(element, code, around, owner, location)
            return self._each(
                value,
                location,
                lambda one, where: self._change(Leaf(where, code, one, _fitting(kind, code, one), identifier)),
                keeps_places=f"_{key}" in around,
            )
        return self._each(value, location, lambda one, where: self._inner(one, element, code, where, depth))

    def _inner(self, value: Any, element: Element, code: str, location: str, depth: int) -> Any:
        if value is None:
            return None
        if code in RESOURCE_TYPES:
            return self.resource(value, location, depth + 1)
        return self._held(value, self._definitions.holder(element, code), code, location, depth)

    def _beside(self, value: Any, location: str, depth: int) -> Any:
        """What stands beside a primitive: its id and extensions."""
        known = self._definitions.type("Element")
        return None if value is None else self._held(value, known.root if known else None, "Element", location, depth)

    def _held(self, value: Any, holder: Element | None, code: str, location: str, depth: int) -> Any:
        if not isinstance(value, dict) or holder is None:
            return self._change(Leaf(location, "", value, "gone"))
        return self._object(value, holder, code, location, depth + 1)

    def _each(self, value: Any, location: str, one: Callable[[Any, str], Any], *, keeps_places: bool = False) -> Any:
        if not isinstance(value, list):
            return one(value, location) if value is not None else None
        made = [None if each is None else one(each, f"{location}[{place}]") for place, each in enumerate(value)]
        if all(each is GONE or each is None for each in made):
            return GONE
        return [None if each is GONE else each for each in made if keeps_places or each is not GONE]


def _kind(element: Element, code: str, around: JSONObject, owner: str, location: str) -> tuple[Kind, Identifier]:
    """What a primitive is: by its path, by what stands beside it, by its type."""
    if element.name == "id" and "resourceType" in around:
        return "id", Identifier.OTHER
    if element.path == "Extension.value[x]":
        named = fields.EXTENSIONS.get(str(around.get("url", "")).rpartition("/")[2])
        kind = named or fields.BY_TYPE.get("url" if code == "uri" else code, "text")
    elif element.path == "Quantity.value" and ".valueQuantity." in location:
        kind = "kept"
    else:
        kind = fields.BY_PATH.get(element.path) or fields.BY_TYPE.get(code, "text")
    if kind == "number" and around.get("system") == fields.URI_SYSTEM:
        return "url", Identifier.OTHER
    if kind in _TOLD:
        found = _TOLD[kind](around)
        return found, found
    if kind == "gone" and owner == "Attachment":
        return kind, Identifier.PHOTO if _is_picture(around, location) else Identifier.OTHER
    return kind, kind if isinstance(kind, Identifier) else fields.CLASSES.get(kind, Identifier.OTHER)


def _fitting(kind: Kind, code: str, value: Any) -> Kind:
    """Nothing stays, or is searched, as what it is not: a name where a number should be is text."""
    if isinstance(value, dict | list):
        return "gone"
    if kind == "kept" and isinstance(value, str) and not _FORMS.get(code, _ANYTHING).match(value):
        return "text"
    return kind


def _telecom(around: JSONObject) -> Identifier:
    return fields.TELECOM.get(str(around.get("system")), Identifier.PHONE)


def _number(around: JSONObject) -> Identifier:
    """An Identifier's class, by its type (table 0203) or its system."""
    from penstock_healthcare.phi.hl7_fields import BY_IDENTIFIER_TYPE

    if around.get("system") in fields.SSN_SYSTEMS:
        return Identifier.SSN
    concept = around.get("type")
    codings = concept.get("coding") if isinstance(concept, dict) else None
    codes = [str(each.get("code")) for each in codings if isinstance(each, dict)] if isinstance(codings, list) else []
    return next((BY_IDENTIFIER_TYPE[code] for code in codes if code in BY_IDENTIFIER_TYPE), Identifier.OTHER)


_TOLD: Mapping[Any, Callable[[JSONObject], Identifier]] = {"telecom": _telecom, "number": _number}


def _is_picture(around: JSONObject, location: str) -> bool:
    return str(around.get("contentType", "")).startswith("image/") or ".photo" in location
