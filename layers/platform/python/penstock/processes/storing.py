"""What was decided, stored; decided anew when another writer was first."""

from collections.abc import Callable
from dataclasses import dataclass

from penstock.clock import Clock, NewId, new_id, utc_now
from penstock.events import Conflict, EventStore, Origin, StreamId
from penstock.events.aggregate import Loaded, MemorySnapshotStore, Repository
from penstock.processes.deciding import Events
from penstock.processes.state import AGGREGATE, Process

MOST_RIVALS = 50
"""How often an append that lost to another one is decided anew."""


@dataclass(frozen=True)
class Instances:
    """The instances of every tenant's processes."""

    store: EventStore
    clock: Clock = utc_now
    new_id: NewId = new_id

    def load(self, stream: StreamId) -> Loaded[Process]:
        """An instance as it stands."""
        return self._repository.load(stream)

    def settle(
        self,
        stream: StreamId,
        decide: Callable[[Process], Events],
        origin: Callable[[Process], Origin],
        loaded: Loaded[Process] | None = None,
    ) -> tuple[Loaded[Process], Events]:
        """The instance after what was decided is stored, and what that was.

        Raises what `decide` raises, and Conflict after losing to rivals again and again.
        """
        for _ in range(MOST_RIVALS):
            known = loaded or self.load(stream)
            events = decide(known.state)
            if not events:
                return known, events
            try:
                return self._repository.save(known, events, self.clock(), origin(known.state)), events
            except Conflict:
                loaded = None
        raise Conflict(str(stream), known.position.commit)

    @property
    def _repository(self) -> Repository[Process]:
        return Repository(AGGREGATE, self.store, MemorySnapshotStore(), self.new_id)
