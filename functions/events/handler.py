"""Events: read any stream, what it came to at any point, what it would have come to, and whether it is untouched."""

from datetime import datetime
from itertools import takewhile
from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Body, Query
from pydantic import AwareDatetime

from penstock.api.application import Api
from penstock.api.problems import InvalidRequest, NotFound
from penstock.api.resources.events import (
    Difference,
    EventPage,
    Key,
    Kind,
    StreamState,
    Verification,
    WhatIf,
    difference,
    event_page,
    stream_state,
    verification,
)
from penstock.api.resources.paging import Limit
from penstock.api.wiring import authenticate
from penstock.aws import wiring
from penstock.events import StreamId, UnknownEventType
from penstock.events.discovery import projections_of
from penstock.events.history import of_types, supposing, until
from penstock.events.store import read
from penstock.identity.streams import reading

api = Api("Events", authenticate=authenticate)
Version = Annotated[int | None, Query(ge=1, description="As it was after that many events")]
Time = Annotated[AwareDatetime | None, Query(description="As it was then: RFC 3339")]


@api.get("/v1/events/<kind>/<key>", summary="Read a stream")
def browse(
    kind: Kind,
    key: Key,
    after_version: Annotated[int, Query(ge=0, description="Only what happened after this event")] = 0,
    to_version: Annotated[int | None, Query(ge=1, description="Only up to this event")] = None,
    after_commit: Annotated[int, Query(ge=0, description="Only what was stored after this commit")] = 0,
    to_commit: Annotated[int | None, Query(ge=1, description="Only up to this commit")] = None,
    types: Annotated[list[str] | None, Query(max_length=50, description="Only events of these types")] = None,
    limit: Limit = 50,
) -> EventPage:
    """The events of a stream with their data, oldest first."""
    stream, who = _stream(kind, key), api.principal()
    if next(iter(wiring.events().commits(stream)), None) is None:
        raise NotFound(f"stream {kind} {key}")
    commits = read(
        wiring.events(), stream, after_version=after_version, to_version=to_version, after_commit=after_commit
    )
    commits = takewhile(lambda commit: to_commit is None or commit.number <= to_commit, commits)
    return event_page(of_types(commits, frozenset(types or ())), limit, who)


@api.get("/v1/events/<kind>/<key>/state", summary="Read what a stream came to")
def state(kind: Kind, key: Key, version: Version = None, time: Time = None) -> StreamState:
    """What every projection makes of the stream, now, at a version or at a time."""
    return _existing(_state(_stream(kind, key), version, time), kind, key)


@api.get("/v1/events/<kind>/<key>/difference", summary="Compare two points of a stream")
def compare(
    kind: Kind,
    key: Key,
    from_version: Version = None,
    from_time: Time = None,
    to_version: Version = None,
    to_time: Time = None,
) -> Difference:
    """What changed in every projection's document: from its beginning, and to now, where no point is given."""
    stream = _stream(kind, key)
    after = _existing(_state(stream, to_version, to_time), kind, key)
    is_begun = from_version is not None or from_time is not None
    return difference(_state(stream, from_version, from_time) if is_begun else None, after)


@api.post("/v1/events/<kind>/<key>/what-if", summary="Suppose another past")
def what_if(kind: Kind, key: Key, past: Annotated[WhatIf, Body()]) -> Difference:
    """What the stream would have come to with events left out, changed or inserted. Nothing is written."""
    stream = _stream(kind, key)
    try:
        supposed = list(supposing(wiring.events().commits(stream), past.supposition()))
        after = stream_state(supposed, projections_of(kind))
    except (ValueError, KeyError, TypeError, UnknownEventType) as impossible:
        raise InvalidRequest("body", f"that past cannot be folded: {impossible}") from impossible
    return difference(_existing(_state(stream), kind, key), _existing(after, kind, key))


@api.get("/v1/events/<kind>/<key>/verification", summary="Check that a stream is as it was written")
def verify(kind: Kind, key: Key) -> Verification:
    """Follow the stream's chain of digests; the first commit that does not follow is named."""
    found = verification(wiring.events().packed(_stream(kind, key)))
    if found.holds and not found.commits:
        raise NotFound(f"stream {kind} {key}")
    return found


def _stream(kind: str, key: str) -> StreamId:
    """The principal's own stream, if they may read its kind."""
    return StreamId(api.require(reading(kind)).tenant, kind, key)


def _state(stream: StreamId, version: int | None = None, time: datetime | None = None) -> StreamState | None:
    commits = read(wiring.events(), stream, to_version=version)
    return stream_state(until(commits, time), projections_of(stream.kind))


def _existing(found: StreamState | None, kind: str, key: str) -> StreamState:
    if found is None:
        raise NotFound(f"stream {kind} {key}, or it began later")
    return found


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An API Gateway request in, its answer out."""
    return api.resolve(event, context)
