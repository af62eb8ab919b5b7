"""Snapshots are taken after the fact, by a consumer: no writer waits for one.

What takes snapshots is declared in the modules of a `snapshots` folder, the platform's or a wing's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from penstock.discovery import declared
from penstock.events.aggregate import Aggregate, Repository, SnapshotStore
from penstock.events.model import StreamId
from penstock.events.store import EventStore


@dataclass(frozen=True, slots=True)
class Snapshotted:
    """A kind of stream that takes snapshots. `aggregate` makes a tenant's: some kinds fold with the help of others."""

    kind: str
    aggregate: Callable[[str, EventStore, SnapshotStore], Aggregate[Any]]

    @property
    def name(self) -> str:
        """The kind."""
        return self.kind


@cache
def snapshotted() -> Mapping[str, Snapshotted]:
    """Every kind that takes snapshots, by name. Raises ValueError when one is declared twice."""
    return declared("snapshots", Snapshotted)


def take_snapshot(store: EventStore, snapshots: SnapshotStore, stream: StreamId) -> bool:
    """Take the stream's snapshot if its kind's policy wants one by now; whether it did. Twice is harmless."""
    kind = snapshotted().get(stream.kind)
    if kind is None:
        return False
    aggregate = kind.aggregate(stream.tenant, store, snapshots)
    return Repository(aggregate, store, snapshots).take_snapshot(stream)
