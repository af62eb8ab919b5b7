"""Events: read any stream, and what it came to at a version or a time."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import AwareDatetime

from penstock.api.application import Api
from penstock.api.problems import NotFound
from penstock.api.resources.events import SCOPES, EventPage, Key, Kind, StreamState, event_page, stream_state, until
from penstock.api.resources.paging import Limit
from penstock.api.wiring import authenticate
from penstock.aws import wiring
from penstock.events import StreamId
from penstock.events.discovery import projections_of
from penstock.events.store import read
from penstock.identity.model import Scope

api = Api("Events", authenticate=authenticate)


@api.get("/v1/events/<kind>/<key>", summary="Read a stream")
def browse(
    kind: Kind,
    key: Key,
    after_version: Annotated[int, Query(ge=0, description="Only what happened after this event")] = 0,
    to_version: Annotated[int | None, Query(ge=1, description="Only up to this event")] = None,
    limit: Limit = 50,
) -> EventPage:
    """The events of a stream with their data, oldest first."""
    who = api.require(SCOPES.get(kind, Scope.READ))
    stream = StreamId(who.tenant, kind, key)
    if next(iter(wiring.events().commits(stream)), None) is None:
        raise NotFound(f"stream {kind} {key}")
    commits = read(wiring.events(), stream, after_version=after_version, to_version=to_version)
    return event_page(commits, limit, who)


@api.get("/v1/events/<kind>/<key>/state", summary="Read what a stream came to")
def state(
    kind: Kind,
    key: Key,
    version: Annotated[int | None, Query(ge=1, description="As it was after that many events")] = None,
    time: Annotated[AwareDatetime | None, Query(description="As it was then: RFC 3339")] = None,
) -> StreamState:
    """What every projection makes of the stream, now, at a version or at a time."""
    who = api.require(SCOPES.get(kind, Scope.READ))
    commits = read(wiring.events(), StreamId(who.tenant, kind, key), to_version=version)
    found = stream_state(until(commits, time), projections_of(kind))
    if found is None:
        raise NotFound(f"stream {kind} {key}, or it began later")
    return found


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An API Gateway request in, its answer out."""
    return api.resolve(event, context)
