"""core.sort"""

from typing import Any, Literal

from pydantic import Field

from penstock.fields import FieldPath, get, number, order
from penstock.json import JSONObject
from penstock.workflows.node import Call, Emit, Kind, NodeParameters, Outcome, node_type


class SortKey(NodeParameters):
    """A field to sort by."""

    field: FieldPath = Field(description="The field, as a dotted path")
    direction: Literal["asc", "desc"] = Field(default="asc", description="asc: the smallest first; desc: the largest")
    numeric: bool = Field(default=False, description="Whether texts that hold a number count as numbers: 9.50 < 10")


class Parameters(NodeParameters):
    """What to sort by: a later field decides where the earlier ones are equal."""

    by: tuple[SortKey, ...] = Field(min_length=1, max_length=20, description="The fields, the most important first")


@node_type("core.sort", kind=Kind.QUERY, parameters=Parameters, per_item=False)
def sort(call: Call[Parameters]) -> Outcome:
    """Put the items in order.

    Equal items keep their order. Values of different types come as booleans, numbers, texts, then lists and objects;
    items without a value come last, whichever the direction.
    """
    items = list(call.items)
    for key in reversed(call.parameters.by):
        items.sort(key=lambda item, key=key: _rank(item, key), reverse=key.direction == "desc")  # type: ignore[misc]
    return Emit.main(items)


def _rank(item: JSONObject, key: SortKey) -> tuple[bool, Any]:
    value = get(item, key.field)
    read = number(value) if key.numeric else None
    is_last = (value is None) != (key.direction == "desc")
    return is_last, order(value) if read is None else (1, read)
