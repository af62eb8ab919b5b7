"""What was decided, stored; decided anew when another writer was first."""

from collections.abc import Callable
from dataclasses import dataclass

from penstock.clock import Clock, NewId, new_id, utc_now
from penstock.events import EventStore, Origin, StreamId
from penstock.events.aggregate import Loaded, MemorySnapshotStore, Repository
from penstock.events.commands import settle
from penstock.processes.deciding import Events
from penstock.processes.state import AGGREGATE, Process


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
        """See `events.commands.settle`."""
        return settle(self._repository, stream, decide, origin, self.clock, loaded=loaded)

    @property
    def _repository(self) -> Repository[Process]:
        return Repository(AGGREGATE, self.store, MemorySnapshotStore(), self.new_id)
