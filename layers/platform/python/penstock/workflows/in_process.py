"""The engine with everything in memory: for the command line, tests and benchmarks."""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from penstock.clock import Clock, utc_now
from penstock.events import StreamId
from penstock.events.aggregate import MemorySnapshotStore
from penstock.events.discovery import projections
from penstock.events.memory import MemoryEventStore
from penstock.events.projection import project_all
from penstock.events.views import MemoryViewStore, Page, View
from penstock.workflows.catalogue import Catalogue, catalogue
from penstock.workflows.definition import WorkflowDefinition
from penstock.workflows.errors import UnknownWorkflow
from penstock.workflows.execution.engine import Engine
from penstock.workflows.graph import Graph, compile_graph
from penstock.workflows.node import Services
from penstock.workflows.runner import LocalRunner


@dataclass
class MemoryWake:
    """A Wake that keeps its calls in order of time, for a driver to take."""

    calls: list[tuple[datetime, StreamId]] = field(default_factory=list)

    def at(self, execution: StreamId, time: datetime) -> None:
        """See Wake.at."""
        heapq.heappush(self.calls, (time, execution))

    def take(self) -> Iterator[tuple[datetime, StreamId]]:
        """The calls, earliest first, also those that come in meanwhile."""
        while self.calls:
            yield heapq.heappop(self.calls)


@dataclass
class MemorySlots:
    """Slots in memory."""

    held: dict[StreamId, set[StreamId]] = field(default_factory=dict)

    def acquire(self, workflow: StreamId, execution: StreamId, limit: int) -> bool:
        """See Slots.acquire."""
        held = self.held.setdefault(workflow, set())
        if execution not in held and len(held) >= limit:
            return False
        held.add(execution)
        return True

    def release(self, workflow: StreamId, execution: StreamId) -> None:
        """See Slots.release."""
        self.held.get(workflow, set()).discard(execution)


@dataclass(frozen=True)
class FixedLibrary:
    """A Library of given definitions by id; each has the one revision 1."""

    graphs: Mapping[str, Graph]

    @classmethod
    def of(cls, definitions: Mapping[str, WorkflowDefinition], types: Catalogue | None = None) -> "FixedLibrary":
        """The definitions compiled. They must be valid."""
        known = types or catalogue()
        return cls({name: compile_graph(definition, known) for name, definition in definitions.items()})

    def graph(self, tenant: str, workflow: str, revision: int) -> Graph:  # noqa: ARG002 - one tenant, one revision
        """See Library.graph."""
        if workflow not in self.graphs:
            raise UnknownWorkflow(f"workflow {workflow}")
        return self.graphs[workflow]

    def published(self, tenant: str, workflow: str) -> int:
        """See Library.published."""
        self.graph(tenant, workflow, 1)
        return 1


class FoldedViews(MemoryViewStore):
    """Read models in memory, caught up with their store whenever somebody reads them."""

    def __init__(self, store: MemoryEventStore) -> None:
        super().__init__()
        self._store = store

    def get(self, *args: Any, **options: Any) -> View | None:
        """See ViewStore.get."""
        self._catch_up()
        return super().get(*args, **options)

    def list(self, *args: Any, **options: Any) -> Page:
        """See ViewStore.list."""
        self._catch_up()
        return super().list(*args, **options)

    def lookup(self, *args: Any, **options: Any) -> Sequence[str]:
        """See ViewStore.lookup."""
        self._catch_up()
        return super().lookup(*args, **options)

    def _catch_up(self) -> None:
        for stream in self._store.streams():
            project_all(self._store, self, projections(), stream)


def in_process_engine(
    definitions: Mapping[str, WorkflowDefinition],
    *,
    store: MemoryEventStore | None = None,
    clock: Clock = utc_now,
    patience: float = 0,
    **more: Any,
) -> Engine:
    """An engine over the definitions, with nothing outside this process but what the nodes reach."""
    kept = store or MemoryEventStore()
    return Engine(
        store=kept,
        snapshots=MemorySnapshotStore(),
        library=FixedLibrary.of(definitions),
        runner=LocalRunner(catalogue(), Services(kept, views=FoldedViews(kept))),
        wake=MemoryWake(),
        slots=MemorySlots(),
        clock=clock,
        patience=patience,
        **more,
    )
