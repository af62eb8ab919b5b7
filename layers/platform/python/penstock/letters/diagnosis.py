"""How the stream of a dead letter stands, and what still breaks: each projection of it is folded on, and not kept.

An error is told by type and place only: its text may quote the event that it choked on.
"""

import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from penstock.events.checkpoints import CheckpointStore
from penstock.events.errors import StoreUnavailable, UnknownDictionary
from penstock.events.model import StreamId
from penstock.events.projection import Projection, fold
from penstock.events.store import EventStore, contiguous
from penstock.events.views import Row, ViewStore

MOST_COMMITS = 1_000
"""Commits that a diagnosis reads of a stream, for each of its readers."""


@dataclass(frozen=True, slots=True)
class Fault:
    """An exception: its type, and the function and line that raised it."""

    error: str
    function: str
    line: int | None


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads the stream, the last commit that it has finished, and what breaks it if it goes on now."""

    name: str
    commit: int
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """`commit` is the last one of the stream that was read: its end, if `is_complete`; 0 when there is none."""

    commit: int
    is_complete: bool
    readers: tuple[Reader, ...]


def diagnose(
    store: EventStore,
    views: ViewStore,
    checkpoints: CheckpointStore,
    projections: Iterable[Projection],
    stream: StreamId,
    consumer: str,
) -> Diagnosis:
    """How the consumer and the projections of the stream stand. Raises StoreUnavailable."""
    noted = checkpoints.load(consumer, stream)
    readers = tuple(_projected(store, views, projection, stream) for projection in projections)
    checkpoint = (Reader(consumer, noted),) if noted else ()
    known = max((reader.commit for reader in (*checkpoint, *readers)), default=0)
    end, is_complete = _end(store, stream, known)
    return Diagnosis(end, is_complete, (*checkpoint, *readers))


def _end(store: EventStore, stream: StreamId, known: int) -> tuple[int, bool]:
    count = 0
    try:
        for commit in islice(store.commits(stream, known), MOST_COMMITS):
            known, count = commit.number, count + 1
    except UnknownDictionary:
        return known, False
    return known, count < MOST_COMMITS


def _projected(store: EventStore, views: ViewStore, projection: Projection, stream: StreamId) -> Reader:
    row = views.load(projection.name, stream)
    base = row if row and row.revision == projection.revision else None
    fault = _fault(store, projection, stream, base)
    return Reader(projection.name, base.position.commit if base else 0, fault)


def _fault(store: EventStore, projection: Projection, stream: StreamId, base: Row | None) -> Fault | None:
    after = base.position.commit if base else 0
    commits = contiguous(stream, store.commits(stream, after), after)
    try:
        fold(projection, stream, base, islice(commits, MOST_COMMITS))
    except StoreUnavailable:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
        frame = traceback.extract_tb(error.__traceback__)[-1]
        return Fault(type(error).__name__, frame.name, frame.lineno)
    return None
