"""Who holds which partition of a subscription until when, and the partition's place in the feed."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol


@dataclass(frozen=True, slots=True)
class PartitionId:
    """One partition of a tenant's subscription. `round` tells subscriptions apart that had the same name."""

    tenant: str
    subscription: str
    round: str
    number: int


@dataclass(frozen=True, slots=True)
class Partition:
    """A partition's place, and its lease: the holder's token, their name, and its end in ms UTC; 0 when it is free."""

    position: int
    token: str = ""
    consumer: str = ""
    until: int = 0


class Leases(Protocol):
    """The partitions of every subscription."""

    def load(self, partitions: Sequence[PartitionId]) -> Sequence[Partition | None]:
        """How each stands; None for one that nobody has claimed yet."""
        ...

    def save(self, partition: PartitionId, now: Partition, before: Partition | None) -> bool:
        """Keep how a partition stands; False, and nothing changed, when it no longer stands as `before`."""
        ...


class MemoryLeases:
    """Leases in memory. Safe for threads."""

    def __init__(self) -> None:
        self._partitions: dict[PartitionId, Partition] = {}
        self._lock = threading.Lock()

    def load(self, partitions: Sequence[PartitionId]) -> Sequence[Partition | None]:
        """See Leases.load."""
        return [self._partitions.get(each) for each in partitions]

    def save(self, partition: PartitionId, now: Partition, before: Partition | None) -> bool:
        """See Leases.save."""
        with self._lock:
            if self._partitions.get(partition) != before:
                return False
            self._partitions[partition] = now
            return True


def freed(partition: Partition) -> Partition:
    """The partition without a holder, at its place."""
    return replace(partition, token="", consumer="", until=0)
