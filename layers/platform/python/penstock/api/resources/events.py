"""Events as the API shows them."""

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import BaseModel, Field

from penstock.api.resources.bounds import within
from penstock.clock import iso
from penstock.events import Commit, Event
from penstock.events.chain import check
from penstock.events.codec import PackedCommit
from penstock.events.history import Change, Insertion, Supposition, differences
from penstock.events.projection import Projection, fold
from penstock.identity.model import Principal, Scope
from penstock.json import JSONObject
from penstock.routing.webhook import without_seal

Kind = Annotated[str, Path(max_length=200, description="The kind of stream: workflow, execution, event, message …")]
Key = Annotated[str, Path(max_length=200, description="What it is the stream of: a workflow's or an execution's id …")]

SECRETS: Mapping[str, tuple[str, ...]] = {"NodeWaiting": ("token",)}
"""Fields that let who holds them act, by the event's type: shown to who may run workflows."""


class EventView(BaseModel):
    """One event."""

    id: str
    version: int
    type: str
    schema_version: int
    time: str
    actor: str
    correlation: str
    causation: str | None
    data: dict[str, Any]

    @classmethod
    def of(cls, event: Event, who: Principal) -> "EventView":
        """The event as the principal may see it."""
        hidden = () if who.may(Scope.RUN) else SECRETS.get(event.type, ())
        return cls(
            id=event.id,
            version=event.version,
            type=event.type,
            schema_version=event.schema,
            time=iso(event.time),
            actor=event.origin.actor,
            correlation=event.origin.correlation,
            causation=event.origin.causation,
            data={name: None if name in hidden else value for name, value in without_seal(event).items()},
        )


class EventPage(BaseModel):
    """Some of a stream, oldest first; `next` asks for what follows, null at the end."""

    items: list[EventView]
    next: int | None = Field(description="Give it back as `after_version`")


class StreamState(BaseModel):
    """What a stream came to."""

    kind: str
    key: str
    version: int = Field(description="Of the last event that is folded in")
    time: str = Field(description="When that event happened")
    documents: dict[str, dict[str, Any] | None] = Field(description="What each projection makes of it, by name")


class ChangeView(BaseModel):
    """A place in a document that differs."""

    path: str
    before: Any
    after: Any


class Difference(BaseModel):
    """What lies between two points of a stream."""

    before: StreamState | None = Field(description="Null where the stream had not begun")
    after: StreamState
    changes: dict[str, list[ChangeView]] = Field(description="By projection")


class InsertionView(BaseModel):
    """An event that did not happen."""

    after: int = Field(ge=0, description="The version that it follows; 0 puts it first")
    type: str = Field(min_length=1, max_length=200)
    data: dict[str, Any]


class WhatIf(BaseModel):
    """A past that is supposed to have been. Nothing is written."""

    without: list[int] = Field(default=[], max_length=1_000, description="Versions to leave out")
    changed: dict[int, dict[str, Any]] = Field(default={}, max_length=100, description="Other data, by version")
    inserted: list[InsertionView] = Field(default=[], max_length=100)

    def supposition(self) -> Supposition:
        """The same as the domain has it."""
        inserted = tuple(Insertion(each.after, each.type, each.data) for each in self.inserted)
        return Supposition(frozenset(self.without), self.changed, inserted)


class Verification(BaseModel):
    """Whether a stream is as it was written: each commit carries the digest of the one before."""

    holds: bool
    commits: int = Field(description="How many hold, from the first on")
    first_bad_commit: int | None
    reason: str | None


def verification(commits: Iterable[PackedCommit]) -> Verification:
    """What checking the commits of a whole stream finds."""
    found = check(commits)
    return Verification(
        holds=found.broken is None,
        commits=found.held,
        first_bad_commit=found.broken.commit if found.broken else None,
        reason=found.broken.reason if found.broken else None,
    )


def difference(before: StreamState | None, after: StreamState) -> Difference:
    """What changed from one state to the other, by projection."""
    earlier = before.documents if before else {}
    changes = {name: differences(earlier.get(name), document) for name, document in after.documents.items()}
    shown = {name: [_change(change) for change in found] for name, found in changes.items()}
    return Difference(before=before, after=after, changes=shown)


def _change(change: Change) -> ChangeView:
    return ChangeView(path=change.path, before=change.before, after=change.after)


def event_page(commits: Iterable[Commit], limit: int, who: Principal) -> EventPage:
    """The first events of the commits: `limit` at most, and no more than an answer can hold."""
    events = chain.from_iterable(commit.events for commit in commits)
    found = [EventView.of(event, who) for _, event in zip(range(limit + 1), events, strict=False)]
    shown = within(((event, event.data) for event in found), limit)
    return EventPage(items=list(shown), next=shown[-1].version if shown and len(shown) < len(found) else None)


def stream_state(commits: Iterable[Commit], projections: Iterable[Projection]) -> StreamState | None:
    """What the commits come to; None when there are none."""
    read = tuple(commits)
    if not read:
        return None
    stream, last = read[-1].stream, read[-1].events[-1]
    folded = {projection.name: _document(projection, read) for projection in projections}
    return StreamState(kind=stream.kind, key=stream.key, version=last.version, time=iso(last.time), documents=folded)


def _document(projection: Projection, commits: tuple[Commit, ...]) -> JSONObject | None:
    row = fold(projection, commits[0].stream, None, commits)
    return row.document if row else None
