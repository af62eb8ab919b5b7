"""The search index as a read model that follows the feed: its generations are built beside each other."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from penstock.events.checkpoints import CheckpointStore
from penstock.events.feed import Feed, feed_stream
from penstock.events.store import EventStore
from penstock.rebuilds.generations import stored_name
from penstock.rebuilds.making import Spent
from penstock.search.generations import GenerationIndex, index_of
from penstock.search.indexing import ENTRIES_A_STEP, Indexer
from penstock.search.model import SearchIndex
from penstock.search.searchable import Searchable

CONSUMER = "search"


@dataclass(frozen=True)
class Indexing:
    """A Follower that indexes. The place it goes on from lies in the index; the checkpoint tells others how far it is.

    Raises what `Indexer.catch_up` raises.
    """

    index: SearchIndex
    feed: Feed
    store: EventStore
    searchables: Mapping[str, Searchable]
    checkpoints: CheckpointStore
    entries_a_step: int = ENTRIES_A_STEP

    def catch_up(self, tenant: str, generation: int, spent: Spent) -> bool:
        """See Follower.catch_up."""
        index = GenerationIndex(self.index, lambda _: generation)
        reached = partial(self.checkpoints.advance, stored_name(CONSUMER, generation), feed_stream(tenant))
        indexer = Indexer(index, self.feed, self.store, self.searchables)
        return indexer.catch_up(tenant, self.entries_a_step, spent, reached)

    def remove(self, tenant: str, generation: int, _: Spent) -> bool:
        """See Follower.remove. It is a file or two: there is always time."""
        self.index.remove(index_of(tenant, generation))
        self.checkpoints.remove(stored_name(CONSUMER, generation), feed_stream(tenant))
        return True
