"""How a segment's fields become a resource's elements: tables of rows, and the one function that applies them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from penstock.json import JSON, JSONObject
from penstock_healthcare.fhir.context import Context
from penstock_healthcare.hl7 import BadValue, Element, Segment

Converter = Callable[[Element, Context], JSON]
"""One repetition → the FHIR value; None where there is nothing to say. Raises BadValue."""


@dataclass(frozen=True, slots=True)
class Row:
    """Field number `field` goes to `target`, a dotted path: all its repetitions with `many`, else the first."""

    target: str
    field: int
    convert: Converter
    many: bool = False


def fill(rows: Iterable[Row], segment: Segment, context: Context, resource: JSONObject, place: str = "") -> JSONObject:
    """Add to the resource what the rows find in the segment. A value that cannot be read is noted and left out."""
    where = place or segment.id
    for row in rows:
        values = converted(row, segment, context, where)
        if row.many and values:
            put(resource, row.target, [*(at(resource, row.target) or []), *values])
        elif values and at(resource, row.target) is None:
            put(resource, row.target, values[0])
    return resource


def converted(row: Row, segment: Segment, context: Context, place: str) -> list[Any]:
    """Every repetition's value."""
    if row.field > len(segment) or not segment.fields[row.field]:
        return []
    values = []
    for index, repetition in enumerate(segment[row.field]):
        if repetition.is_empty or repetition.is_null:
            continue
        try:
            value = row.convert(repetition, context)
        except BadValue as error:
            path = f"{place}-{row.field}[{index}]" if index else f"{place}-{row.field}"
            context.note(path, f"datatype-{error.datatype}", f"left out: expected {error.expected}")
            continue
        if value not in (None, "", {}, []):
            values.append(value)
    return values


def at(resource: Mapping[str, Any], target: str) -> Any:
    """What stands at a dotted path; None where nothing does."""
    value: Any = resource
    for step in target.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def put(resource: JSONObject, target: str, value: JSON) -> None:
    """Set what stands at a dotted path."""
    *path, last = target.split(".")
    for step in path:
        resource = resource.setdefault(step, {})
    resource[last] = value


def cleaned(**elements: JSON) -> JSONObject:
    """The elements that say something."""
    return {name: value for name, value in elements.items() if value not in (None, "", {}, [])}
