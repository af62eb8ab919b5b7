"""What consumers do: make a subscription, claim a partition of it, say how far they are."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from penstock.clock import Clock, to_millis, utc_now
from penstock.events.aggregate import MemorySnapshotStore, Repository
from penstock.events.commands import Commands
from penstock.events.feed import Feed, Span
from penstock.events.model import Origin
from penstock.events.store import EventStore
from penstock.subscriptions.definition import AGGREGATE, DECISIONS, CreateSubscription, DeleteSubscription, Subscription
from penstock.subscriptions.errors import LeaseLost, UnknownSubscription
from penstock.subscriptions.leases import Leases, Partition, PartitionId, freed
from penstock.subscriptions.reading import Part, Wanted, end_of, partition_of, read


@dataclass(frozen=True, slots=True)
class Claim:
    """A partition in somebody's hands: what follows its place, and the token that acknowledges it."""

    partition: int
    token: str
    until: int
    part: Part


@dataclass(frozen=True)
class Subscriptions:
    """The subscriptions of every tenant."""

    store: EventStore
    feed: Feed
    leases: Leases
    clock: Clock = utc_now
    new_token: Callable[[], str] = lambda: secrets.token_urlsafe(18)

    def create(self, tenant: str, name: str, command: CreateSubscription, origin: Origin) -> Subscription:
        """Make one. Raises SubscriptionExists, InvalidStreamId."""
        return self._commands().handle(AGGREGATE.stream(tenant, name), command, origin).state

    def delete(self, tenant: str, name: str, origin: Origin) -> None:
        """Take one away. Raises UnknownSubscription."""
        self._commands().handle(AGGREGATE.stream(tenant, name), DeleteSubscription(), origin)

    def read(self, tenant: str, name: str) -> Subscription:
        """One as it was made. Raises UnknownSubscription."""
        found = self._repository().load(AGGREGATE.stream(tenant, name)).state
        if not found.is_there:
            raise UnknownSubscription(name)
        return found

    def partitions(self, subscription: Subscription) -> Sequence[Partition]:
        """How each of its partitions stands."""
        known = self.leases.load([_partition(subscription, number) for number in range(subscription.partitions)])
        return [each or Partition(subscription.after) for each in known]

    def claim(
        self, tenant: str, name: str, consumer: str, *, seconds: int, limit: int, wanted: Wanted = lambda _: True
    ) -> Claim | None:
        """A free partition that has something, held for some seconds; None when there is none now.

        `wanted` narrows what the subscription selects. What is not wanted is passed over for good. Raises
        UnknownSubscription.
        """
        subscription = self.read(tenant, name)
        ids = [_partition(subscription, number) for number in range(subscription.partitions)]
        known = list(zip(ids, self.leases.load(ids), strict=True))
        for partition, before in sorted(known, key=lambda each: each[1].position if each[1] else 0):
            if before and before.until > to_millis(self.clock()):
                continue
            if claim := self._claimed(subscription, partition, before, consumer, seconds, limit, wanted):
                return claim
        return None

    def acknowledge(self, tenant: str, name: str, claim: tuple[int, str], position: int, seconds: int) -> Partition:
        """Everything up to the position is done; `claim` is the partition and the token. 0 seconds give it back.

        Raises UnknownSubscription, LeaseLost.
        """
        subscription = self.read(tenant, name)
        number, token = claim
        if not 0 <= number < subscription.partitions:
            raise LeaseLost(name, number)
        partition = _partition(subscription, number)
        (before,) = self.leases.load([partition])
        if before is None or before.token != token:
            raise LeaseLost(name, number)
        position = max(min(position, end_of(self.feed, tenant)), before.position)
        held = replace(before, position=position, until=self._until(seconds))
        after = held if seconds else freed(held)
        if not self.leases.save(partition, after, before):
            raise LeaseLost(name, number)
        return after

    def _claimed(
        self,
        subscription: Subscription,
        partition: PartitionId,
        before: Partition | None,
        consumer: str,
        seconds: int,
        limit: int,
        wanted: Wanted,
    ) -> Claim | None:
        """The claim, unless somebody else was first or there is nothing in it."""

        def theirs(span: Span) -> bool:
            is_here = partition_of(span.stream, subscription.partitions) == partition.number
            return is_here and subscription.selection.wants(span) and wanted(span)

        place = before.position if before else subscription.after
        part = read(self.feed, partition.tenant, theirs, place, limit)
        if not part.spans:
            if part.position > place:
                self.leases.save(partition, Partition(part.position), before)
            return None
        held = Partition(place, self.new_token(), consumer, self._until(seconds))
        if not self.leases.save(partition, held, before):
            return None
        return Claim(partition.number, held.token, held.until, part)

    def _until(self, seconds: int) -> int:
        return to_millis(self.clock()) + seconds * 1000

    def _commands(self) -> Commands[Subscription]:
        return Commands(self._repository(), DECISIONS, self.clock)

    def _repository(self) -> Repository[Subscription]:
        return Repository(AGGREGATE, self.store, MemorySnapshotStore())


def _partition(subscription: Subscription, number: int) -> PartitionId:
    return PartitionId(subscription.id.tenant, subscription.id.key, subscription.round, number)
