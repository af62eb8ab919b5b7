"""Which executions led to an event: by what they emitted, what they called, and what started them."""

from collections.abc import Iterator

from penstock.events import Event, EventStore, StreamGap, StreamId
from penstock.events.store import read
from penstock.workflows.execution.events import EVENTS


def executions_behind(store: EventStore, event: Event) -> Iterator[Event]:
    """The first events of the executions that led to the event, the nearest first. It may go on for long."""
    execution = _emitter(event)
    while execution and (commit := next(iter(store.commits(execution)), None)):
        yield commit.events[0]
        execution = _before(store, commit.events[0])


def event_at(store: EventStore, stream: StreamId, version: int) -> Event:
    """One event. Raises StreamGap when the stream does not reach so far."""
    found = [event for commit in read(store, stream, to_version=version) for event in commit.events]
    if len(found) < version:
        raise StreamGap(str(stream), len(found), version)
    return found[-1]


def _emitter(event: Event) -> StreamId | None:
    """The execution that an event belongs to, or that emitted it."""
    if event.stream.kind == EVENTS.kind:
        return event.stream
    is_emitted = event.origin.actor.startswith("workflow:")
    return StreamId(event.stream.tenant, EVENTS.kind, event.origin.correlation) if is_emitted else None


def _before(store: EventStore, started: Event) -> StreamId | None:
    """The execution that called this one, failed before it, or set it off by an event."""
    data, tenant = started.data, started.stream.tenant
    if data["parent"]:
        return StreamId(tenant, EVENTS.kind, data["parent"]["execution"])
    if data["mode"] == "error":
        return StreamId(tenant, EVENTS.kind, data["items"][0]["execution"]) if data["items"][0] else None
    stream, _, version = (started.origin.causation or "").rpartition("@")
    return _emitter(event_at(store, StreamId.parse(stream), int(version))) if data["mode"] == "event" else None
