"""What people do with projections: rebuild one, see how far it is, send it on, give it up.

What they do is stored, and nothing else; `hand_out` is told of it like every consumer, and hands the work out.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from penstock.clock import Clock, utc_now
from penstock.events.checkpoints import CheckpointStore
from penstock.events.feed import Feed, feed_stream
from penstock.events.model import Origin
from penstock.events.projection import Described
from penstock.events.store import EventStore
from penstock.rebuilds.errors import UnknownProjection
from penstock.rebuilds.generations import stored_name
from penstock.rebuilds.standing import (
    AGGREGATE,
    AbandonRebuild,
    ResumeRebuild,
    Standing,
    StartRebuild,
    commands,
    load,
)
from penstock.rebuilds.tasks import Task, folding


@dataclass(frozen=True)
class Rebuilds:
    """The rebuilds of every tenant's projections."""

    store: EventStore
    feed: Feed
    checkpoints: CheckpointStore
    projections: Mapping[str, Described]
    clock: Clock = utc_now

    def known(self, projection: str) -> Described:
        """A projection by its name. Raises UnknownProjection."""
        if projection not in self.projections:
            raise UnknownProjection(projection)
        return self.projections[projection]

    def standing(self, tenant: str, projection: str) -> Standing:
        """Where it stands. Raises UnknownProjection."""
        self.known(projection)
        return load(self.store, AGGREGATE.stream(tenant, projection))

    def start(self, tenant: str, projection: str, origin: Origin) -> Standing:
        """Begin a rebuild. Raises UnknownProjection, RebuildRunning."""
        command = StartRebuild.of(self.known(projection), self.feed.head(tenant))
        return self._handle(tenant, projection, command, origin)

    def resume(self, tenant: str, projection: str, origin: Origin) -> Standing:
        """Have what is not done handed out again. Raises UnknownProjection, NoRebuild."""
        self.known(projection)
        return self._handle(tenant, projection, ResumeRebuild(), origin)

    def abandon(self, tenant: str, projection: str, reason: str, origin: Origin) -> Standing:
        """Give a rebuild up; the live generation stays. Raises UnknownProjection, NoRebuild."""
        self.known(projection)
        return self._handle(tenant, projection, AbandonRebuild(reason), origin)

    def progress(self, standing: Standing) -> int:
        """How many of the rebuild's feed entries are folded; 0 where there is no rebuild."""
        rebuild = standing.rebuild
        if rebuild is None:
            return 0
        bounds = [rebuild.bounds(number) for number in rebuild.done]
        return sum(last - first for first, last in bounds) + sum(self._folded(task) for task in folding(standing))

    def places(self, tenant: str) -> Mapping[str, int]:
        """By the names of those that follow the feed: the last of its entries that is in what is live."""
        return {
            name: self._place(tenant, stored_name(each.consumer, self.standing(tenant, name).live))
            for name, each in self.projections.items()
            if each.consumer
        }

    def _folded(self, task: Task) -> int:
        consumer = self.projections[task.projection].consumer
        place = self._place(task.tenant, stored_name(consumer, task.generation) if consumer else task.name)
        return max(min(place, task.last) - task.first, 0)

    def _place(self, tenant: str, consumer: str) -> int:
        return self.checkpoints.load(consumer, feed_stream(tenant))

    def _handle(self, tenant: str, projection: str, command: object, origin: Origin) -> Standing:
        return commands(self.store, self.clock).handle(AGGREGATE.stream(tenant, projection), command, origin).state
