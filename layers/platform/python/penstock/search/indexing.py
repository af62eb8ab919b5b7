"""How an index follows a tenant's feed: what has moved is read anew and replaces what stood there.

The place in the feed is the index's own, and changes with it. Doing the same again is harmless, and so is a rival.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from penstock.events.errors import InvalidStreamId
from penstock.events.feed import Entry, Feed
from penstock.events.model import StreamId
from penstock.events.store import EventStore
from penstock.privacy.events import EVENTS as SUBJECTS
from penstock.privacy.events import SubjectForgotten
from penstock.search.errors import IndexContended
from penstock.search.model import Batch, SearchIndex
from penstock.search.searchable import Read, Searchable, reading

ENTRIES_A_STEP = 50
_LARGEST_LOSING_STREAK = 10


@dataclass(frozen=True)
class Indexer:
    """Keeps an index up with the feed. `searchables` are by kind of stream."""

    index: SearchIndex
    feed: Feed
    store: EventStore
    searchables: Mapping[str, Searchable]

    def catch_up(
        self,
        tenant: str,
        entries_a_step: int = ENTRIES_A_STEP,
        spent: Callable[[], bool] = lambda: False,
        reached: Callable[[int], object] = lambda _: None,
    ) -> bool:
        """Take what the feed has after the index's place, a step at a time; each step is kept as soon as it is done.

        `reached` is told each entry up to which nothing is missing. False when time was spent before the feed's end, or
        the index is newer code's.

        Raises IndexContended after losing to rivals ten times in a row, and what the index and the stores raise.
        """
        losses = 0
        while losses < _LARGEST_LOSING_STREAK:
            after = self.index.position(tenant)
            if after is None or spent():
                return False
            entries = tuple(islice(self.feed.entries(tenant, after), entries_a_step))
            batch = self._batch(after, entries)
            # A few entries with nothing to index are no reason to write an index: they are looked at again next time.
            if not batch.replaced and len(entries) < entries_a_step:
                self.index.caught_up(tenant)
                reached(batch.position)
                return True
            if self.index.apply(tenant, batch):
                reached(batch.position)
                losses = 0
            else:
                losses += 1
        raise IndexContended(tenant, losses)

    def _batch(self, after: int, entries: Sequence[Entry]) -> Batch:
        read = reading(self.store)
        forgotten = {stream for entry in entries for stream in _forgotten(entry, read)}
        moved = {span.stream for entry in entries for span in entry.spans} | forgotten
        replaced = {
            str(stream): tuple(self.searchables[stream.kind].documents(stream, read))
            for stream in sorted(moved)
            if stream.kind in self.searchables
        }
        position = entries[-1].number if entries else after
        return Batch(after, position, replaced, leaves_no_trace=bool(forgotten))


def _forgotten(entry: Entry, read: Read) -> Iterable[StreamId]:
    """The tenant's streams that spoke of somebody who is now to be forgotten."""
    event_type = SubjectForgotten.__name__
    for span in entry.spans:
        if span.stream.kind == SUBJECTS.kind and event_type in span.types:
            events = (event for commit in read(span.stream) for event in commit.events if event.type == event_type)
            named = (name for event in events for name in event.data.get("streams", ()))
            yield from (stream for stream in map(_parsed, named) if stream and stream.tenant == entry.tenant)


def _parsed(name: str) -> StreamId | None:
    try:
        return StreamId.parse(name)
    except InvalidStreamId:
        return None
