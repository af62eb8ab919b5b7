"""Projections: read models as data and pure functions, caught up from the store.

A projection is told that a stream has moved, never what happened: it reads the store from where it stands.
Being told twice, late or out of order is therefore harmless, and so is a rival that does the same work.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Protocol

from penstock.events.errors import Conflict
from penstock.events.model import Commit, Event, Position, StreamId
from penstock.events.store import START, EventStore, contiguous
from penstock.events.types import EventTypes
from penstock.events.views import DEFAULT_INDEX, Row, ViewStore
from penstock.events.watched import Watched
from penstock.json import JSONObject

COMMITS_A_SAVE = 1000
_LARGEST_LOSING_STREAK = 10


def _by_key(stream: StreamId, _: JSONObject) -> str:
    return stream.key


def _no_index(_: StreamId, __: JSONObject) -> Mapping[str, str]:
    return {}


def _no_lookups(_: StreamId, __: JSONObject) -> Iterable[tuple[str, str]]:
    return ()


@dataclass(frozen=True)
class Projection:
    """One document for each stream of one `kind`.

    `evolve` takes the document so far (None before the first event; it may change and return it) and an event;
    returning None shows nothing. With `types`, events reach it upcast to their newest shape.
    `order` is the text that plain listings sort by; the default, the key, lists UUIDv7 streams by age.
    `index` names further orders and filters (`{"status": "failed 2026-11-24T…"}`, listed by prefix `failed `).
    `lookups` are (name, key) pairs that find the document by something other than its stream.
    `revision` rises when any of these functions changes: rows of older revisions are then folded from zero.
    """

    name: str
    kind: str
    evolve: Callable[[JSONObject | None, Event], JSONObject | None]
    order: Callable[[StreamId, JSONObject], str] = _by_key
    index: Callable[[StreamId, JSONObject], Mapping[str, str]] = _no_index
    lookups: Callable[[StreamId, JSONObject], Iterable[tuple[str, str]]] = _no_lookups
    types: EventTypes | None = None
    revision: int = 1

    @property
    def consumer(self) -> str:
        """See Described.consumer."""
        return ""


class Described(Protocol):
    """What there is to know of a projection without its code."""

    @property
    def name(self) -> str:
        """Unique."""
        ...

    @property
    def kind(self) -> str:
        """Of the streams that it folds."""
        ...

    @property
    def revision(self) -> int:
        """Of its code."""
        ...

    @property
    def consumer(self) -> str:
        """Under which it keeps its place in the feed; empty for one that folds each stream by itself."""
        ...


KeptUp = Callable[[str, str], Iterable[str]]
"""Tenant and projection to the names that its rows are kept under."""


def _itself(_: str, projection: str) -> Iterable[str]:
    return (projection,)


def named(projection: Projection, name: str) -> Projection:
    """The projection, its rows kept under another name."""
    return projection if projection.name == name else replace(projection, name=name)


def fold(projection: Projection, stream: StreamId, row: Row | None, commits: Iterable[Commit]) -> Row | None:
    """The row after the commits; the same row when there are none. Raises what `evolve` raises."""
    document, position = (row.document, row.position) if row else (None, START)
    for commit in commits:
        for event in commit.events:
            document = projection.evolve(document, _newest(projection.types, event))
        position = commit.position
    if position == (row.position if row else START):
        return row
    return _row(projection, stream, position, document)


def project(store: EventStore, views: ViewStore, projection: Projection, stream: StreamId) -> Position:
    """Catch the stream's document up with the store; returns where it stands.

    A row of a newer revision is left alone: during a deployment the old code does not undo the new code's work.
    Raises Conflict after losing to rivals ten times in a row, and what `evolve` and the stores raise.
    """
    losses = 0
    while losses < _LARGEST_LOSING_STREAK:
        kept = views.load(projection.name, stream)
        if kept and kept.revision > projection.revision:
            return kept.position
        base = kept if kept and kept.revision == projection.revision else None
        row = _catch_up(store, projection, stream, base)
        if row is None or row is base:
            return base.position if base else START
        if not views.save(row, replaces=kept):
            losses += 1
        elif row.position.commit - (base.position.commit if base else 0) < COMMITS_A_SAVE:
            return row.position
        else:
            losses = 0
    raise Conflict(str(stream), kept.position.commit if kept else 0)


def refold(store: EventStore, views: ViewStore, projection: Projection, stream: StreamId) -> None:
    """Fold the stream's row anew from its first event, also where it stands at the end; nothing when it has none.

    The row is first marked as of no revision, so that a rival who goes on from it as it was cannot save.
    Raises Conflict after losing to rivals ten times in a row, and what `evolve` and the stores raise.
    """
    for _ in range(_LARGEST_LOSING_STREAK):
        kept = views.load(projection.name, stream)
        if kept is None or kept.revision > projection.revision:
            return
        stale = replace(kept, revision=0)
        if kept.revision and not views.save(stale, replaces=kept):
            continue
        row = fold(projection, stream, None, contiguous(stream, store.commits(stream), 0))
        if row and views.save(row, replaces=stale):
            return
    raise Conflict(str(stream), kept.position.commit if kept else 0)


def project_all(
    store: EventStore,
    views: ViewStore,
    projections: Iterable[Projection],
    stream: StreamId,
    kept_up: KeptUp = _itself,
) -> dict[str, datetime]:
    """Catch up every projection of the stream's kind, under each of the names that are kept up.

    One that fails does not keep the others from going on. Returns, by the projections' names, the time of the newest
    event that each has read; nothing for what had nothing to read. Raises ExceptionGroup of what they raised.
    """
    applied: dict[str, datetime] = {}
    failures: list[Exception] = []
    wanted = [projection for projection in projections if projection.kind == stream.kind]
    for projection, name in [(each, name) for each in wanted for name in kept_up(stream.tenant, each.name)]:
        watched = Watched(store)
        try:
            project(watched, views, named(projection, name), stream)
        except Exception as error:  # noqa: BLE001 - gathered, and raised below
            failures.append(error)
        applied.update(watched.applied(projection.name))
    if failures:
        raise ExceptionGroup(f"projections of {stream}", failures)
    return applied


def _catch_up(store: EventStore, projection: Projection, stream: StreamId, base: Row | None) -> Row | None:
    after = base.position.commit if base else 0
    commits = contiguous(stream, store.commits(stream, after), after)
    return fold(projection, stream, base, islice(commits, COMMITS_A_SAVE))


def _newest(types: EventTypes | None, event: Event) -> Event:
    if types is None:
        return event
    return event._replace(data=types.upcast(event), schema=types.schema(event.type))


def _row(projection: Projection, stream: StreamId, position: Position, document: JSONObject | None) -> Row:
    if document is None:
        return Row(projection.name, stream, position, projection.revision, None)
    return Row(
        projection.name,
        stream,
        position,
        projection.revision,
        document,
        {DEFAULT_INDEX: projection.order(stream, document), **projection.index(stream, document)},
        frozenset(projection.lookups(stream, document)),
    )
