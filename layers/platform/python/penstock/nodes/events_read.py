"""core.events.read"""

from pydantic import AwareDatetime, Field

from penstock.clock import iso
from penstock.events import Event
from penstock.events.history import of_types, until
from penstock.events.store import read
from penstock.json import JSONObject
from penstock.nodes.streams import StreamParameters
from penstock.workflows.node import Call, Emit, Kind, Outcome, node_type

MOST_EVENTS = 1_000


class Parameters(StreamParameters):
    """Which events."""

    after_version: int = Field(default=0, ge=0, description="Only what happened after this event")
    to_version: int | None = Field(default=None, ge=1, description="Only up to this event")
    to_time: AwareDatetime | None = Field(default=None, description="Only up to this time: RFC 3339")
    types: tuple[str, ...] = Field(default=(), max_length=50, description="Only events of these types")
    limit: int = Field(default=100, ge=1, le=MOST_EVENTS, description="How many at most, the oldest first")


@node_type("core.events.read", kind=Kind.QUERY, parameters=Parameters)
def events_read(call: Call[Parameters]) -> Outcome:
    """Read what happened: the events of any stream, one item each, oldest first."""
    return Emit.main([item for _, parameters in call.each() for item in _events(call, parameters)])


def _events(call: Call[Parameters], parameters: Parameters) -> list[JSONObject]:
    stream = parameters.stream(call.tenant)
    commits = read(
        call.services.store, stream, after_version=parameters.after_version, to_version=parameters.to_version
    )
    wanted = of_types(until(commits, parameters.to_time), frozenset(parameters.types))
    events = (event for commit in wanted for event in commit.events)
    return [_item(event) for event, _ in zip(events, range(parameters.limit), strict=False)]


def _item(event: Event) -> JSONObject:
    return {
        "version": event.version,
        "type": event.type,
        "time": iso(event.time),
        "actor": event.origin.actor,
        "correlation": event.origin.correlation,
        "data": event.data,
    }
