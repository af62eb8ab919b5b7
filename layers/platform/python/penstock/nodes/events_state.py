"""core.events.state"""

from collections.abc import Sequence

from pydantic import AwareDatetime, Field

from penstock.clock import iso
from penstock.events import Commit, StreamId
from penstock.events.discovery import projections_of
from penstock.events.history import differences, until
from penstock.events.projection import fold
from penstock.events.store import read
from penstock.json import JSON, JSONObject
from penstock.nodes.streams import StreamParameters
from penstock.workflows.node import Call, Emit, Kind, NodeFailure, NodeParameters, Outcome, node_type


class Point(NodeParameters):
    """A point of the stream; the newest when neither is given."""

    version: int | None = Field(default=None, ge=1, description="As it was after that many events")
    time: AwareDatetime | None = Field(default=None, description="As it was then: RFC 3339")


class Parameters(StreamParameters):
    """Which stream, and when."""

    at: Point = Field(default_factory=Point, description="The point that is wanted")
    since: Point | None = Field(default=None, description="Also give what has changed since this point")


@node_type("core.events.state", kind=Kind.QUERY, parameters=Parameters)
def events_state(call: Call[Parameters]) -> Outcome:
    """Travel in time: what a stream came to at a version or a time, and what has changed since another.

    Gives one item for each: the version and time of the last event, what each projection made of it, and the changes.
    Projections of a wing are only known where the wing's code is.
    """
    return Emit.main([_item(call, parameters) for _, parameters in call.each()])


def _item(call: Call[Parameters], parameters: Parameters) -> JSONObject:
    stream = parameters.stream(call.tenant)
    commits = _commits(call, stream, parameters.at)
    if not commits:
        raise NodeFailure("NotFound", f"stream {stream.kind} {stream.key} is not there, or began later", permanent=True)
    last = commits[-1].events[-1]
    state: JSONObject = {"version": last.version, "time": iso(last.time), "documents": _documents(stream, commits)}
    if parameters.since is None:
        return state
    before = _documents(stream, _commits(call, stream, parameters.since))
    return {**state, "changes": _changes(before, state["documents"])}


def _commits(call: Call[Parameters], stream: StreamId, point: Point) -> Sequence[Commit]:
    return tuple(until(read(call.services.store, stream, to_version=point.version), point.time))


def _documents(stream: StreamId, commits: Sequence[Commit]) -> JSONObject:
    rows = {each.name: fold(each, stream, None, commits) for each in projections_of(stream.kind)}
    return {name: row.document if row else None for name, row in rows.items()}


def _changes(before: JSONObject, after: JSONObject) -> JSON:
    return [
        {"projection": name, "path": change.path, "before": change.before, "after": change.after}
        for name, document in after.items()
        for change in differences(before.get(name), document)
    ]
