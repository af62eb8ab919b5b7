"""The feed: every commit of every stream of a tenant, once, in one numbered order that never changes.

An *entry* is written after the one before it and names *spans* of commits. Whoever has read up to an entry has seen
everything before it: a commit that comes late stands later, never in between. A stream's commits stand in their order.
The order says when commits were heard of, not which of two streams was first.

The sequencer writes it (`index`), followers read it (`follow`): each has its own place, and meets every entry at least
once, in order.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Protocol

from penstock.clock import to_millis
from penstock.events.checkpoints import CheckpointStore
from penstock.events.codec import PackedCommit
from penstock.events.errors import Conflict
from penstock.events.model import Commit, StreamId
from penstock.events.nudges import FEED_KIND
from penstock.events.store import EventStore, contiguous

MOST_SPANS = 90
"""In one entry: it is stored in one transaction with the place of each of its streams, which takes 100 writes."""

ENTRIES_A_STEP = 50
_LARGEST_LOSING_STREAK = 20


@dataclass(frozen=True, slots=True)
class Mark:
    """What the feed keeps of a commit: its number, its events' types, each once, and its last event's time (ms UTC)."""

    commit: int
    types: tuple[str, ...]
    millis: int

    @classmethod
    def of(cls, commit: Commit | PackedCommit) -> "Mark":
        """The mark of a commit, read or not."""
        if isinstance(commit, PackedCommit):
            return cls(commit.number, commit.types, commit.last_millis)
        types = tuple(dict.fromkeys(event.type for event in commit.events))
        return cls(commit.number, types, to_millis(commit.events[-1].time))


@dataclass(frozen=True, slots=True)
class Span:
    """Commits of one stream that follow each other, `first` to `last`. `millis` is the time of the last event."""

    stream: StreamId
    first: int
    last: int
    types: tuple[str, ...]
    millis: int


@dataclass(frozen=True, slots=True)
class Entry:
    """What was heard of at once. `number` counts 1, 2, 3 … within the tenant."""

    tenant: str
    number: int
    spans: tuple[Span, ...]


class Feed(Protocol):
    """The feeds of all tenants, as they are read."""

    def entries(self, tenant: str, after: int = 0) -> Iterator[Entry]:
        """The entries numbered above `after`, in order, without gaps."""
        ...

    def head(self, tenant: str) -> int:
        """The number of the newest entry; 0 when there is none."""
        ...

    def tenants(self) -> Sequence[str]:
        """The tenants that have a feed, sorted."""
        ...


class FeedLog(Feed, Protocol):
    """The feeds as the sequencer writes them."""

    def indexed(self, streams: Iterable[StreamId]) -> Mapping[StreamId, int]:
        """The last commit of each stream that stands in its feed; 0 for none."""
        ...

    def append(self, entry: Entry) -> bool:
        """Write the entry and the places of its streams, all or nothing.

        False when the number is taken, or a span does not follow what is indexed of its stream: a rival was first.
        """
        ...


def feed_stream(tenant: str) -> StreamId:
    """What stands for a tenant's feed where a stream is named: in nudges and checkpoints."""
    return StreamId(tenant, FEED_KIND, "all")


def index(log: FeedLog, store: EventStore, tenant: str, heard: Mapping[StreamId, Sequence[Mark]]) -> int:
    """Write what was heard of a tenant's streams into its feed; returns the number of the feed's newest entry.

    A commit that is there already is left out; one that was not heard of before a later one is read from the store.
    Raises Conflict after losing to rivals again and again.
    """
    losses = 0
    while losses < _LARGEST_LOSING_STREAK:
        indexed, head = log.indexed(heard), log.head(tenant)
        spans = [span for stream, marks in heard.items() if (span := _span(store, stream, indexed[stream], marks))]
        if not spans:
            return head
        losses = 0 if log.append(Entry(tenant, head + 1, tuple(spans[:MOST_SPANS]))) else losses + 1
    raise Conflict(str(feed_stream(tenant)), log.head(tenant))


def unheard(log: FeedLog, store: EventStore, streams: Iterable[StreamId]) -> Iterator[tuple[StreamId, Mark]]:
    """What the feeds lack of the streams, commit by commit."""
    for stream in streams:
        indexed = log.indexed([stream])[stream]
        yield from ((stream, Mark.of(commit)) for commit in store.packed(stream, indexed))


def follow(
    feed: Feed,
    checkpoints: CheckpointStore,
    consumer: str,
    tenant: str,
    take: Callable[[Sequence[Entry]], object],
    entries_a_step: int = ENTRIES_A_STEP,
    spent: Callable[[], bool] = lambda: False,
) -> int:
    """Hand over what follows the consumer's checkpoint, a step at a time; returns the last entry that was taken.

    The checkpoint advances after each step: after a crash, one step comes again. No step begins when time is `spent`.
    """
    place = feed_stream(tenant)
    taken = checkpoints.load(consumer, place)
    entries = feed.entries(tenant, taken)
    while not spent() and (step := tuple(islice(entries, entries_a_step))):
        take(step)
        taken = step[-1].number
        checkpoints.advance(consumer, place, taken)
    return taken


def _span(store: EventStore, stream: StreamId, indexed: int, heard: Iterable[Mark]) -> Span | None:
    """The commits after what is indexed, without a gap; None when there are none."""
    new = sorted((mark for mark in heard if mark.commit > indexed), key=lambda mark: mark.commit)
    if not new:
        return None
    if [mark.commit for mark in new] != list(range(indexed + 1, indexed + 1 + len(new))):
        new = [Mark.of(commit) for commit in contiguous(stream, store.packed(stream, indexed), indexed)]
    types = tuple(dict.fromkeys(chain.from_iterable(mark.types for mark in new)))
    return Span(stream, new[0].commit, new[-1].commit, types, new[-1].millis)


class MemoryFeed:
    """A FeedLog in memory. Safe for threads."""

    def __init__(self) -> None:
        self._entries: dict[str, list[Entry]] = {}
        self._indexed: dict[StreamId, int] = {}
        self._lock = threading.Lock()

    def entries(self, tenant: str, after: int = 0) -> Iterator[Entry]:
        """See Feed.entries."""
        with self._lock:
            return iter(self._entries.get(tenant, [])[after:])

    def head(self, tenant: str) -> int:
        """See Feed.head."""
        return len(self._entries.get(tenant, ()))

    def tenants(self) -> Sequence[str]:
        """See Feed.tenants."""
        return sorted(tenant for tenant, log in self._entries.items() if log)

    def indexed(self, streams: Iterable[StreamId]) -> Mapping[StreamId, int]:
        """See FeedLog.indexed."""
        with self._lock:
            return {stream: self._indexed.get(stream, 0) for stream in streams}

    def append(self, entry: Entry) -> bool:
        """See FeedLog.append."""
        with self._lock:
            log = self._entries.setdefault(entry.tenant, [])
            follows = all(self._indexed.get(span.stream, 0) == span.first - 1 for span in entry.spans)
            if entry.number != len(log) + 1 or not follows:
                return False
            log.append(entry)
            self._indexed.update({span.stream: span.last for span in entry.spans})
            return True
