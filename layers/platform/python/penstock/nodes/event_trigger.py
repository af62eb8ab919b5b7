"""core.trigger.event"""

from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import Field

from penstock.fields import FieldPath, get
from penstock.json import JSON, JSONObject, canonical
from penstock.workflows.node import Call, Emit, Kind, NodeParameters, Outcome, node_type

_MISSING = object()


class Parameters(NodeParameters):
    """Which events."""

    types: tuple[Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,99}\*?$")], ...] = Field(
        min_length=1,
        max_length=50,
        description="The types of event that start it: lab.result.filed; a * at the end stands for anything: lab.*",
    )
    kind: str | None = Field(
        default="event",
        max_length=200,
        pattern=r"^[^\s#]+$",
        description="The kind of stream that the events come from: event for those that workflows emit; null for all",
    )
    match: dict[FieldPath, JSON] = Field(
        default_factory=dict,
        max_length=50,
        description="What else must hold: dotted paths in the event with the values they must have: data.ward = 3B",
    )


def matches(parameters: Parameters, event: JSONObject) -> bool:
    """Whether an event's envelope is one of those that start the workflow."""
    return (
        any(fnmatchcase(str(event.get("type")), pattern) for pattern in parameters.types)
        and parameters.kind in (None, event.get("kind"))
        and all(_is_equal(get(event, path, _MISSING), value) for path, value in parameters.match.items())
    )


def _is_equal(found: JSON, wanted: JSON) -> bool:
    """Equality as JSON has it: true is not 1."""
    return found is not _MISSING and canonical(found) == canonical(wanted)


@node_type("core.trigger.event", kind=Kind.TRIGGER, parameters=Parameters, per_item=False)
def event_trigger(call: Call[Parameters]) -> Outcome:
    """Start when an event happens that matches.

    Emits the event: its `type`, `kind`, `key`, `time` and `data`, who caused it, and its `correlation`.
    """
    return Emit.main(call.items)
