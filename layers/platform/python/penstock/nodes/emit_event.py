"""core.emit"""

from uuid import NAMESPACE_URL, uuid5

from pydantic import Field

from penstock.events import CommitTooLarge, Draft, Origin, Position, StreamId
from penstock.events.personal import declare_kind
from penstock.json import JSON, JSONObject
from penstock.workflows.node import Call, Emit, Kind, NodeFailure, NodeParameters, Outcome, node_type

EVENT_KIND = "event"
MOST_EVENTS = 1_000
declare_kind(EVENT_KIND)


class Parameters(NodeParameters):
    """Which event."""

    type: str = Field(
        pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,99}$",
        description="The event's type, as its subscribers know it: lab.result.filed",
    )
    data: dict[str, JSON] | None = Field(default=None, description="The event's data; the item itself when left out")


@node_type("core.emit", kind=Kind.ACTION, parameters=Parameters)
def emit_event(call: Call[Parameters]) -> Outcome:
    """Tell the rest of the world: one event of your own type for every item.

    It is stored for good, and published to whoever subscribes: event triggers, and the event bus. The items pass
    through unchanged. An event is stored once, also when a crash makes the node run again.
    """
    if len(call.items) > MOST_EVENTS:
        raise NodeFailure("TooManyEvents", f"{len(call.items)} items; at most {MOST_EVENTS} a run", permanent=True)
    for index, (item, parameters) in enumerate(call.each()):
        _append(call, index, parameters.type, item if parameters.data is None else parameters.data)
    return Emit.main(call.items)


def event_key(tenant: str, run: str, index: int) -> str:
    """The key of the stream that holds the event of a run's item; `run` is `execution/node/number/attempt`."""
    return uuid5(NAMESPACE_URL, f"{tenant}/{run}/{index}").hex


def _append(call: Call[Parameters], index: int, event_type: str, data: JSONObject) -> None:
    name = event_key(call.tenant, call.key, index)
    origin = Origin(f"workflow:{call.workflow}", call.execution)
    try:
        call.services.store.append(
            StreamId(call.tenant, EVENT_KIND, name),
            [Draft(event_type, data, call.now)],
            expected=Position(),
            commit_id=name,
            origin=origin,
        )
    except CommitTooLarge as large:
        reason = f"item {index}: an event of {large.size} bytes is over the limit of {large.limit}"
        raise NodeFailure("EventTooLarge", reason, permanent=True) from None
