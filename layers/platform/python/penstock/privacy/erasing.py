"""Takes copies away that a stream has left while its keys worked: once they are ended, what is folded anew is blank.

It runs when no process remembers the keys any more: the consumer's delay is longer than `keyring.CACHE_SECONDS`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from penstock.events import EventStore, StreamId
from penstock.events.aggregate import SnapshotStore
from penstock.events.checkpoints import CheckpointStore
from penstock.events.projection import KeptUp, Projection, named, refold
from penstock.events.store import contiguous
from penstock.events.views import ViewStore
from penstock.privacy.events import EVENTS, SubjectForgotten

CONSUMER = "subject_erasure"


class Blobs(Protocol):
    """Where payloads lie."""

    def erase(self, prefix: str) -> None:
        """Take away what begins with the prefix, for good."""
        ...


@dataclass(frozen=True)
class Copies:
    """Where copies of a stream can lie. `rows` are those of every name that read models are kept up under."""

    store: EventStore
    rows: ViewStore
    projections: Callable[[str], Iterable[Projection]]
    kept_up: KeptUp
    snapshots: SnapshotStore
    blobs: Blobs

    def erase(self, stream: StreamId) -> None:
        """Fold the stream's read models anew, and take its snapshots and the calls of its nodes away."""
        self.snapshots.delete(stream)
        self.blobs.erase(f"snapshots/{stream}-")
        self.blobs.erase(f"nodes/{stream.key}/")
        for projection in self.projections(stream.kind):
            for name in self.kept_up(stream.tenant, projection.name):
                refold(self.store, self.rows, named(projection, name), stream)


def catch_up(
    store: EventStore, checkpoints: CheckpointStore, erase: Callable[[StreamId], object], subject: StreamId
) -> None:
    """Erase the copies of what was forgotten of a subject after the checkpoint. Twice is harmless."""
    read = checkpoints.load(CONSUMER, subject)
    for commit in contiguous(subject, store.commits(subject, read), read):
        for event in map(EVENTS.decode, commit.events):
            for stream in event.streams if isinstance(event, SubjectForgotten) else ():
                erase(StreamId.parse(stream))
        checkpoints.advance(CONSUMER, subject, commit.number)
