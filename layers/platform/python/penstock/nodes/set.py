"""core.set"""

from enum import StrEnum

from pydantic import Field

from penstock.fields import FieldPath, NoSuchPlace, put, without
from penstock.json import JSON, JSONObject
from penstock.workflows.node import Call, Emit, Kind, NodeFailure, NodeParameters, Outcome, node_type


class Mode(StrEnum):
    """What becomes of the fields that are not set."""

    KEEP_OTHERS = "keep_others"
    ONLY_THESE = "only_these"


class Assignment(NodeParameters):
    """A field and the value it gets."""

    name: FieldPath = Field(description="The field, as a dotted path: patient.name.0.family")
    value: JSON = Field(default=None, description="The value, often an expression: {{ $json.price * 1.21 }}")


class Parameters(NodeParameters):
    """What to set and what to take out."""

    fields: tuple[Assignment, ...] = Field(default=(), max_length=200, description="The fields to set, in this order")
    mode: Mode = Field(
        default=Mode.KEEP_OTHERS,
        description="keep_others: the item's other fields stay; only_these: the item is made of these fields alone",
    )
    remove: tuple[FieldPath, ...] = Field(
        default=(), max_length=200, description="Fields to take out, before the others are set"
    )


@node_type("core.set", kind=Kind.QUERY, parameters=Parameters)
def set_fields(call: Call[Parameters]) -> Outcome:
    """Set, rename and remove fields of every item.

    Values may be expressions. An item that nothing is set on or taken out of passes through unchanged.
    """
    return Emit.main([_changed(item, parameters) for item, parameters in call.each()])


def _changed(item: JSONObject, parameters: Parameters) -> JSONObject:
    changed = item if parameters.mode is Mode.KEEP_OTHERS else {}
    for path in parameters.remove:
        changed = without(changed, path)
    try:
        for assignment in parameters.fields:
            changed = put(changed, assignment.name, assignment.value)
    except NoSuchPlace as nowhere:
        raise NodeFailure("NoSuchPlace", str(nowhere), permanent=True) from None
    return changed
