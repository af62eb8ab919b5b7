"""Stores that note how new what they gave was: when it is applied, the time since is the consumer's lag."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from penstock.clock import from_millis
from penstock.events.codec import PackedCommit
from penstock.events.feed import Entry, Feed
from penstock.events.model import Commit, Draft, Origin, Position, StreamId
from penstock.events.store import EventStore

LAG_METRIC = "ProjectionLag"
"""What the lag is published as, in milliseconds, by `stage` and `projection`."""

Applied = Mapping[str, datetime]
"""By the name of a projection or a consumer: the time of the newest event that it has just applied."""


class Watched:
    """An EventStore that notes the time of the newest event that was read from it."""

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self.newest: datetime | None = None

    def append(
        self, stream: StreamId, drafts: Sequence[Draft], *, expected: Position, commit_id: str, origin: Origin
    ) -> Commit:
        """See EventStore.append."""
        return self._store.append(stream, drafts, expected=expected, commit_id=commit_id, origin=origin)

    def commits(self, stream: StreamId, after: int = 0) -> Iterator[Commit]:
        """See EventStore.commits."""
        for commit in self._store.commits(stream, after):
            self.newest = _later(self.newest, commit.events[-1].time)
            yield commit

    def packed(self, stream: StreamId, after: int = 0) -> Iterator[PackedCommit]:
        """See EventStore.packed."""
        return self._store.packed(stream, after)

    def applied(self, name: str) -> Applied:
        """What has been read is applied, says the consumer of that name."""
        return {name: self.newest} if self.newest else {}


class WatchedFeed:
    """A Feed that notes the time of the newest event that its entries told of."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self.newest: datetime | None = None

    def entries(self, tenant: str, after: int = 0) -> Iterator[Entry]:
        """See Feed.entries."""
        for entry in self._feed.entries(tenant, after):
            for span in entry.spans:
                self.newest = _later(self.newest, from_millis(span.millis))
            yield entry

    def head(self, tenant: str) -> int:
        """See Feed.head."""
        return self._feed.head(tenant)

    def tenants(self) -> Sequence[str]:
        """See Feed.tenants."""
        return self._feed.tenants()

    def applied(self, name: str) -> Applied:
        """What the entries told of is applied, says the consumer of that name."""
        return {name: self.newest} if self.newest else {}


def _later(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else max(one, other)
