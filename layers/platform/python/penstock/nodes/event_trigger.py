"""core.trigger.event"""

import re
from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from penstock.fields import FieldPath, get
from penstock.json import JSON, JSONObject, canonical
from penstock.routing import patterns
from penstock.workflows.errors import Problem
from penstock.workflows.node import Call, Emit, Kind, NodeParameters, Outcome, node_type

_MISSING = object()
_STEP = re.compile(r"\[(\d+)\]|([^.\[\]]+)")
ITEM_FIELDS = ("id", "type", "kind", "key", "version", "time", "actor", "correlation", "data")
"""What the event has that a workflow starts with."""


class Parameters(NodeParameters):
    """Which events."""

    types: tuple[Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,99}\*?$")], ...] = Field(
        default=(),
        max_length=50,
        description="The types of event that start it: lab.result.filed; a * at the end stands for anything: lab.*; "
        "may be left out where there is a pattern",
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
    pattern: dict[str, JSON] | None = Field(
        default=None,
        description="What else must hold, as EventBridge writes event patterns: "
        '{"data": {"value": [{"numeric": [">", 7]}]}}',
    )

    @field_validator("pattern")
    @classmethod
    def _is_pattern(cls, pattern: dict[str, JSON] | None) -> dict[str, JSON] | None:
        if pattern is not None and (found := patterns.problems(pattern, "", ITEM_FIELDS)):
            raise ValidationError.from_exception_data("pattern", [_line(problem, pattern) for problem in found])
        return pattern

    @model_validator(mode="after")
    def _names_something(self) -> "Parameters":
        if not self.types and self.pattern is None:
            raise ValueError("needs types, a pattern, or both")
        return self


def _line(problem: Problem, pattern: JSON) -> InitErrorDetails:
    """A problem as pydantic has them, so that each is told with its place."""
    loc = tuple(int(index) if index else name for index, name in _STEP.findall(problem.path))
    return InitErrorDetails(type=PydanticCustomError("pattern", problem.message), loc=loc, input=pattern)


def matches(parameters: Parameters, event: JSONObject) -> bool:
    """Whether an event's envelope is one of those that start the workflow."""
    return (
        (not parameters.types or any(fnmatchcase(str(event.get("type")), pattern) for pattern in parameters.types))
        and parameters.kind in (None, event.get("kind"))
        and all(_is_equal(get(event, path, _MISSING), value) for path, value in parameters.match.items())
        and (parameters.pattern is None or patterns.compiled(parameters.pattern)(event))
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
