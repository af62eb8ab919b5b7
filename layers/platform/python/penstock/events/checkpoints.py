"""How far a consumer that keeps no document of its own (a publisher, an archiver) has come in each stream."""

import threading
from typing import Protocol

from penstock.events.model import StreamId


class CheckpointStore(Protocol):
    """One commit number for each consumer and stream."""

    def load(self, consumer: str, stream: StreamId) -> int:
        """The last commit that the consumer has finished; 0 when there is none."""
        ...

    def advance(self, consumer: str, stream: StreamId, commit: int) -> None:
        """Note that the consumer has finished everything up to `commit`; one that is behind changes nothing."""
        ...

    def remove(self, consumer: str, stream: StreamId) -> None:
        """Forget how far the consumer has come."""
        ...


class MemoryCheckpointStore:
    """A CheckpointStore in memory."""

    def __init__(self) -> None:
        self._commits: dict[tuple[str, StreamId], int] = {}
        self._lock = threading.Lock()

    def load(self, consumer: str, stream: StreamId) -> int:
        """See CheckpointStore.load."""
        return self._commits.get((consumer, stream), 0)

    def advance(self, consumer: str, stream: StreamId, commit: int) -> None:
        """See CheckpointStore.advance."""
        with self._lock:
            self._commits[consumer, stream] = max(commit, self.load(consumer, stream))

    def remove(self, consumer: str, stream: StreamId) -> None:
        """See CheckpointStore.remove."""
        with self._lock:
            self._commits.pop((consumer, stream), None)
