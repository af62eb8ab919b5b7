"""A resource → the values of its search parameters, as the read model keeps them.

token      [system, code]; system None where the element implies it, "" where there is none
reference  "Patient/1", or a URL
date       [beginning, end] in ms, the end excluded, None without limit
string     text
quantity   [value, system, code, unit], the value as text
number     text
uri        text
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from penstock.json import JSON, JSONObject
from penstock_healthcare.fhir.definitions import r4
from penstock_healthcare.fhir.node import Node, tree
from penstock_healthcare.fhir.path import Context, PathError, evaluate
from penstock_healthcare.fhir.search import dates
from penstock_healthcare.fhir.search.parameters import ID, LAST_UPDATED, Parameter, parameters

LARGEST = 150_000
"""Characters of all values together, so that they fit into a row beside the resource; later ones are not found."""
Found = dict[str, list[JSON]]
_STRINGS = ("family", "given", "prefix", "suffix", "text", "line", "city", "district", "state", "country", "postalCode")
_LONGEST_TEXT = 500


def extracted(resource: JSONObject) -> Found:
    """The values by parameter, those that have any, but for `_lastUpdated`; nothing for what is no R4 resource."""
    root = tree(resource, r4())
    if root is None:
        return {}
    found: Found = {}
    room = LARGEST
    for parameter in parameters(root.type).values():
        for value in _values(root, parameter):
            room -= len(str(value))
            if room < 0:
                return found
            found.setdefault(parameter.code, []).append(value)
    return found


def _values(root: Node, parameter: Parameter) -> Iterable[JSON]:
    if parameter.code == LAST_UPDATED:
        return ()
    if parameter.code == ID:
        return [[None, root.child_value("id")]]
    try:
        items = evaluate(parameter.expression, root, Context([root], _pointed_to))
    except PathError:
        return ()  # what cannot be evaluated on this resource has no values
    values = [value for item in items for value in _READ[parameter.type](item)]
    return [value for place, value in enumerate(values) if value not in values[:place]]


def _pointed_to(item: Any) -> Node | None:
    """What a reference points to, told by the reference alone: its type and id."""
    reference = _reference_text(item)
    kind, _, name = reference.rpartition("/")
    kind = kind.rpartition("/")[2]
    return tree({"resourceType": kind, "id": name}, r4()) if kind else None


def _token(item: Any) -> Iterator[JSON]:
    if not isinstance(item, Node):
        yield [None, _plain(item)]
    elif item.type == "CodeableConcept":
        for coding in item.named("coding"):
            yield from _token(coding)
    elif item.type in _TOKENS:
        system, code = _TOKENS[item.type]
        value = item.child_value(code)
        if value is not None or (system and item.child_value(system)):
            yield [str(item.child_value(system) or "") if system else None, str(value or "")]
    elif item.has_value:
        yield [None, _plain(item.value)]


_TOKENS: Mapping[str, tuple[str | None, str]] = {
    "Coding": ("system", "code"),
    "Identifier": ("system", "value"),
    "ContactPoint": (None, "value"),
}
"""Where a token's system and code are."""


def _reference(item: Any) -> Iterator[JSON]:
    if text := _reference_text(item):
        yield text


def _reference_text(item: Any) -> str:
    """A relative reference without its version, or a URL; empty for what lies within the resource."""
    if not isinstance(item, Node):
        return ""
    value = item.child_value("reference") if item.type == "Reference" else item.value
    text = value if isinstance(value, str) else ""
    return "" if text.startswith("#") else text.partition("/_history/")[0]


def _date(item: Any) -> Iterator[JSON]:
    if not isinstance(item, Node):
        return
    if item.type == "Period":
        found: Any = dates.period(str(item.child_value("start") or ""), str(item.child_value("end") or ""))
    elif item.type == "Timing":
        for event in item.named("event"):
            yield from _date(event)
        return
    else:
        found = dates.covered(str(item.value)) if item.has_value else None
    if found:
        yield list(found)


def _string(item: Any) -> Iterator[JSON]:
    if not isinstance(item, Node):
        yield str(item)[:_LONGEST_TEXT]
    elif item.has_value:
        yield str(item.value)[:_LONGEST_TEXT]
    else:
        for name in _STRINGS:
            for part in item.named(name):
                yield from _string(part)


def _quantity(item: Any) -> Iterator[JSON]:
    if not isinstance(item, Node) or item.child_value("value") is None:
        return
    system, code, unit = (str(item.child_value(name) or "") for name in ("system", "code", "unit"))
    if item.type == "Money":
        system, code = "urn:iso:std:iso:4217", str(item.child_value("currency") or "")
    yield [str(item.child_value("value")), system, code, unit]


def _number(item: Any) -> Iterator[JSON]:
    value = item.value if isinstance(item, Node) else item
    if value is not None:
        yield str(value)


def _uri(item: Any) -> Iterator[JSON]:
    if isinstance(item, Node) and item.has_value:
        yield str(item.value)


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


_READ: Mapping[str, Callable[[Any], Iterator[JSON]]] = {
    "token": _token,
    "reference": _reference,
    "date": _date,
    "string": _string,
    "quantity": _quantity,
    "number": _number,
    "uri": _uri,
}
