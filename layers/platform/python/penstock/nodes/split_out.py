"""core.split_out"""

from collections.abc import Iterator

from pydantic import Field

from penstock.fields import FieldPath, get, put, without
from penstock.json import JSON, JSONObject
from penstock.workflows.node import Call, Emit, Kind, NodeFailure, NodeParameters, Outcome, node_type


class Parameters(NodeParameters):
    """Which list, and what else an element's item holds."""

    field: FieldPath = Field(description="The field that holds the list, as a dotted path: report.observations")
    include_other_fields: bool = Field(
        default=False, description="Whether every new item also holds the other fields of the item it comes from"
    )
    destination: FieldPath | None = Field(
        default=None,
        description="The field that an element is put in. Left out, an object becomes the item itself, and any other "
        "value is put in a field named as the last part of the path",
    )


@node_type("core.split_out", kind=Kind.QUERY, parameters=Parameters)
def split_out(call: Call[Parameters]) -> Outcome:
    """Make one item of every element of a list.

    An item whose list is empty, null or missing gives none; anything but a list is a failure that names the item.
    """
    return Emit.main(
        [made for index, (item, parameters) in enumerate(call.each()) for made in _split(index, item, parameters)]
    )


def _split(index: int, item: JSONObject, parameters: Parameters) -> Iterator[JSONObject]:
    elements = get(item, parameters.field)
    if elements is None:
        return
    if not isinstance(elements, list):
        raise NodeFailure("NotAList", f"item {index}: {parameters.field} is not a list", permanent=True)
    others = without(item, parameters.field) if parameters.include_other_fields else {}
    for element in elements:
        yield _item(element, others, parameters)


def _item(element: JSON, others: JSONObject, parameters: Parameters) -> JSONObject:
    if parameters.destination is None and isinstance(element, dict):
        return {**others, **element} if others else element
    return put(others, parameters.destination or parameters.field.rpartition(".")[2], element)
