"""Whether a resource has the shape of R4's definitions: objects, lists and plain values where it has them.

What maps write backward reads resources that others made; this is what they may rely on.
"""

from penstock.json import JSON, JSONObject
from penstock_healthcare.fhir.definitions import Definitions
from penstock_healthcare.fhir.definitions.element import Element
from penstock_healthcare.fhir.errors import InvalidResource
from penstock_healthcare.fhir.node import PRIMITIVES

_DEEPEST = 40


def check(resource: JSONObject, definitions: Definitions) -> None:
    """Raises InvalidResource with the path of the first element that has another shape."""
    kind = resource.get("resourceType")
    found = definitions.resource(kind) if isinstance(kind, str) else None
    if found is None:
        raise InvalidResource("resourceType", "must name a type of resource in FHIR R4")
    _check_object(resource, found.root, str(kind), definitions, 0)


def _check_object(value: JSON, holder: Element | None, path: str, definitions: Definitions, depth: int) -> None:
    if not isinstance(value, dict) or depth > _DEEPEST:
        raise InvalidResource(path, "must be an object")
    for name, part in value.items():
        known = holder.keys.get(name.removeprefix("_")) if holder else None
        if name == "resourceType":
            continue
        if known is None or part is None:
            raise InvalidResource(f"{path}.{name[:64]}", "is no element of it" if known is None else "must not be null")
        element, code = known
        if element.maximum == 1:
            _check_value(part, element, "Element" if name[0] == "_" else code, f"{path}.{name}", definitions, depth)
            continue
        if not isinstance(part, list):
            raise InvalidResource(f"{path}.{name}", "must be a list")
        for place, each in enumerate(part):
            if each is not None or (name[0] != "_" and code not in PRIMITIVES):
                kind = "Element" if name[0] == "_" else code
                _check_value(each, element, kind, f"{path}.{name}[{place}]", definitions, depth)


def _check_value(value: JSON, element: Element, code: str, path: str, definitions: Definitions, depth: int) -> None:
    if code in PRIMITIVES or code.startswith("http"):
        if isinstance(value, dict | list) or value is None:
            raise InvalidResource(path, "must be a plain value")
        if isinstance(value, str) != (code not in _NUMBERS) and not (code == "decimal" and isinstance(value, str)):
            raise InvalidResource(path, f"must be a {code}")
        return
    holder = definitions.holder(element, code)
    if code == "Resource":
        return
    _check_object(value, holder, path, definitions, depth + 1)


_NUMBERS = frozenset({"boolean", "decimal", "integer", "positiveInt", "unsignedInt"})
