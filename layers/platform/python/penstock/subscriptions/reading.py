"""The part of a feed that is asked for, span by span, each at a *position* that never changes.

A position is the entry's number and the span's place in it, as one number: whoever gives it back gets what follows.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from zlib import crc32

from penstock.events.feed import Feed, Span
from penstock.events.model import StreamId

_PLACES = 100
"""More than an entry has spans. Positions are kept outside: it never changes."""

MOST_ENTRIES = 500
"""Read for one answer: what is asked for may be rare."""

Wanted = Callable[[Span], bool]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which spans are wanted: of some kinds, with some types of events; all where none is named."""

    kinds: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()

    def wants(self, span: Span) -> bool:
        """Whether the span may hold something that is wanted."""
        is_kind = not self.kinds or span.stream.kind in self.kinds
        return is_kind and (not self.types or not self.types.isdisjoint(span.types))


@dataclass(frozen=True, slots=True)
class Part:
    """Spans with their positions; `position` is how far was read, `is_head` whether that was all there is."""

    spans: tuple[tuple[int, Span], ...]
    position: int
    is_head: bool


def read(feed: Feed, tenant: str, wanted: Wanted, after: int, limit: int) -> Part:
    """The first `limit` wanted spans after a position, of the MOST_ENTRIES entries that follow it."""
    spans: list[tuple[int, Span]] = []
    position = after
    for position, span in _positions(feed, tenant, after):
        if position // _PLACES > after // _PLACES + MOST_ENTRIES:
            return Part(tuple(spans), position - 1, is_head=False)
        if wanted(span):
            spans.append((position, span))
        if len(spans) == limit:
            return Part(tuple(spans), position, is_head=False)
    return Part(tuple(spans), position, is_head=True)


def end_of(feed: Feed, tenant: str) -> int:
    """The position after everything that is in the feed."""
    return feed.head(tenant) * _PLACES + _PLACES - 1


def partition_of(stream: StreamId, partitions: int) -> int:
    """Which partition a stream is in: always the same."""
    return crc32(str(stream).encode()) % partitions


def _positions(feed: Feed, tenant: str, after: int) -> Iterator[tuple[int, Span]]:
    for entry in feed.entries(tenant, max(after // _PLACES - 1, 0)):
        for place, span in enumerate(entry.spans, 1):
            position = entry.number * _PLACES + place
            if position > after:
                yield position, span
