"""Metrics as a read model that follows the feed: its generations are counted beside each other."""

from dataclasses import dataclass

from penstock.events import StreamId
from penstock.events.checkpoints import CheckpointStore
from penstock.events.feed import Feed, feed_stream
from penstock.events.views import ViewStore
from penstock.metrics.buckets import KIND, consumer, projection
from penstock.metrics.counting import Beginnings, count
from penstock.metrics.reading import listed
from penstock.metrics.subjects import SUBJECTS
from penstock.rebuilds.making import Spent


@dataclass(frozen=True)
class Counting:
    """A Follower that counts. Raises what `count` raises."""

    feed: Feed
    beginnings: Beginnings
    views: ViewStore
    checkpoints: CheckpointStore

    def catch_up(self, tenant: str, generation: int, spent: Spent) -> bool:
        """See Follower.catch_up."""
        is_cut = False

        def is_spent() -> bool:
            nonlocal is_cut
            is_cut = spent()
            return is_cut

        count(self.feed, self.beginnings, self.views, self.checkpoints, tenant, generation, is_spent)
        return not is_cut

    def remove(self, tenant: str, generation: int, spent: Spent) -> bool:
        """See Follower.remove."""
        for subject in SUBJECTS.values():
            kept = projection(subject.name, generation)
            for view in listed(self.views, tenant, kept):
                if spent():
                    return False
                if row := self.views.load(kept, StreamId(tenant, KIND, view.key)):
                    self.views.remove(row)
        self.checkpoints.remove(consumer(generation), feed_stream(tenant))
        return True
