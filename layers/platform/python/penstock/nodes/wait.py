"""core.wait"""

from datetime import UTC, timedelta

from pydantic import AwareDatetime, Field, model_validator

from penstock.workflows.node import Call, Emit, Kind, NodeParameters, Outcome, Signal, WaitUntil, node_type

LONGEST_WAIT = timedelta(days=366)


class Parameters(NodeParameters):
    """How long, or until when."""

    seconds: float | None = Field(
        default=None, ge=0, le=LONGEST_WAIT.total_seconds(), description="How long, from when the items come in"
    )
    until: AwareDatetime | None = Field(default=None, description="Or until when, in RFC 3339: 2027-01-01T08:00:00Z")

    @model_validator(mode="after")
    def _one_of(self) -> "Parameters":
        if (self.seconds is None) == (self.until is None):
            raise ValueError("give either seconds or until")
        return self


def _go_on(call: Call[Parameters], _: Signal) -> Outcome:
    return Emit.main(call.items)


@node_type("core.wait", kind=Kind.CONTROL, parameters=Parameters, per_item=False, resume=_go_on)
def wait(call: Call[Parameters]) -> Outcome:
    """Hold the items for a time, or until a time.

    A wait costs nothing while it lasts; it may last a year. A time that has passed does not wait.
    """
    parameters = call.parameters
    until = parameters.until or call.now + timedelta(seconds=parameters.seconds or 0)
    return WaitUntil(min(until.astimezone(UTC), call.now + LONGEST_WAIT)) if until > call.now else Emit.main(call.items)
