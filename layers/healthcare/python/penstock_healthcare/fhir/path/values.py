"""What collections hold beside nodes, and how nodes become it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from penstock_healthcare.fhir.node import Node
from penstock_healthcare.fhir.path.errors import BadOperand
from penstock_healthcare.fhir.path.temporal import Temporal

Item = Any
"""A Node, or bool, int, Decimal, str, Temporal, Quantity."""
Collection = list[Any]

_INTEGERS = frozenset({"integer", "positiveInt", "unsignedInt"})
_TEMPORAL = frozenset({"date", "dateTime", "instant"})
_QUANTITIES = frozenset({"Quantity", "Age", "Count", "Distance", "Duration", "MoneyQuantity", "SimpleQuantity"})
_UCUM = "http://unitsofmeasure.org"
_CALENDAR_UNITS: Mapping[str, str] = {
    "a": "year",
    "mo": "month",
    "wk": "week",
    "d": "day",
    "h": "hour",
    "min": "minute",
}
_CALENDAR_UNITS = {**_CALENDAR_UNITS, "s": "second", "ms": "millisecond"}


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with a unit, calendar units in words."""

    value: Decimal
    unit: str

    def compare(self, other: "Quantity") -> int | None:
        """-1, 0, 1; None where the units differ."""
        if self.unit != other.unit:
            return None
        return (self.value > other.value) - (self.value < other.value)


def plain(item: Item) -> Item:
    """A node of a primitive or a quantity as its value; other nodes and values as they are."""
    if not isinstance(item, Node):
        return item
    if item.type in _QUANTITIES and isinstance(item.value, dict):
        return _quantity(item)
    value = item.value
    if not item.is_primitive or value is None or isinstance(value, dict | list):
        return item
    if item.type in _TEMPORAL:
        return Temporal(str(value))
    if item.type == "time":
        return Temporal(f"T{value}")
    return _number(value) if item.type == "decimal" else value


def _number(value: Any) -> Any:
    """A decimal that came from JSON as a float, or as text from a workflow."""
    if isinstance(value, Decimal | int):
        return value
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return value


def _quantity(node: Node) -> Item:
    amount = node.child_value("value")
    number = _number(amount)
    if isinstance(number, bool) or not isinstance(number, Decimal | int):
        return node
    unit = str(node.child_value("code") or node.child_value("unit") or "1")
    is_ucum = node.child_value("system") in (None, _UCUM)
    return Quantity(
        Decimal(number), _CALENDAR_UNITS.get(unit, unit) if is_ucum else f"{node.child_value('system')}|{unit}"
    )


def truth(collection: Collection) -> bool | None:
    """A collection as a condition: None when it is empty; a single thing that is no boolean is true."""
    if not collection:
        return None
    if len(collection) > 1:
        raise BadOperand("a condition found several values")
    value = plain(collection[0])
    return value if isinstance(value, bool) else True


def single(collection: Collection) -> Item | None:
    """The one value; None when there is none. Raises BadOperand for several."""
    if len(collection) > 1:
        raise BadOperand("expected one value and found several")
    return plain(collection[0]) if collection else None


def key(item: Item) -> Any:
    """Something hashable that is equal for equal items."""
    value = plain(item)
    if isinstance(value, Node):
        return ("node", frozen(value.value if value.value is not None else value.extra))
    if isinstance(value, bool):
        return ("boolean", value)
    if isinstance(value, int | Decimal):
        return ("number", value)
    return (type(value).__name__, value)


def frozen(value: Any) -> Any:
    """A JSON value as something hashable."""
    if isinstance(value, dict):
        return frozenset((name, frozen(each)) for name, each in value.items())
    if isinstance(value, list):
        return tuple(frozen(each) for each in value)
    return (type(value) is bool, value)


def distinct(items: Iterable[Item]) -> Collection:
    """Each of equal items once, in order."""
    found: dict[Any, Item] = {}
    for item in items:
        found.setdefault(key(item), item)
    return list(found.values())


SYSTEM_TYPES: Mapping[str, tuple[str, ...]] = {
    "Boolean": ("boolean",),
    "String": ("string", "uri", "xhtml", "base64Binary"),
    "Integer": ("integer",),
    "Decimal": ("decimal",),
    "Date": ("date",),
    "DateTime": ("dateTime", "instant"),
    "Time": ("time",),
    "Quantity": ("Quantity",),
}
"""System types, and the FHIR types that turn into them."""


def is_type(item: Item, name: str) -> bool:
    """Whether an item is of a type, or of one derived from it: `Patient`, `FHIR.string`, `System.Boolean`."""
    namespace, _, bare = name.rpartition(".")
    if not isinstance(item, Node):
        return namespace != "FHIR" and system_type(item) == bare
    if namespace != "System" and item.definitions.specializes(item.type, bare):
        return True
    return namespace != "FHIR" and any(
        item.definitions.specializes(item.type, each) for each in SYSTEM_TYPES.get(bare, ()) if bare != each
    )


def system_type(value: Item) -> str:
    """The System type of a value."""
    if isinstance(value, Temporal):
        return value.kind
    return _NAMES.get(type(value), "")


_NAMES: Mapping[type, str] = {bool: "Boolean", int: "Integer", Decimal: "Decimal", str: "String", Quantity: "Quantity"}
