"""core.deduplicate"""

from typing import Literal

from pydantic import Field

from penstock.fields import FieldPath, get
from penstock.json import JSONObject, canonical
from penstock.workflows.node import Call, Emit, Kind, NodeParameters, Outcome, node_type


class Parameters(NodeParameters):
    """What makes two items equal, and which one stays."""

    fields: tuple[FieldPath, ...] = Field(
        default=(), max_length=50, description="Items are equal when these are; left out, when all their fields are"
    )
    keep: Literal["first", "last"] = Field(default="first", description="Which of the equal items stays")


@node_type("core.deduplicate", kind=Kind.QUERY, parameters=Parameters, per_item=False)
def deduplicate(call: Call[Parameters]) -> Outcome:
    """Keep one of every group of equal items.

    The items that stay keep their order. A missing field equals null.
    """
    is_last = call.parameters.keep == "last"
    kept: dict[bytes, JSONObject] = {}
    for item in reversed(call.items) if is_last else call.items:
        kept.setdefault(_identity(item, call.parameters.fields), item)
    items = list(kept.values())
    return Emit.main(items[::-1] if is_last else items)


def _identity(item: JSONObject, fields: tuple[str, ...]) -> bytes:
    return canonical([get(item, field) for field in fields] if fields else item)
