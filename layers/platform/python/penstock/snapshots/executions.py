"""Long executions. They fold over the graphs of their workflows."""

from penstock.events.aggregate import Aggregate, SnapshotStore
from penstock.events.snapshots import Snapshotted
from penstock.events.store import EventStore
from penstock.workflows.catalogue import catalogue
from penstock.workflows.execution.events import EVENTS
from penstock.workflows.execution.snapshot import aggregate
from penstock.workflows.execution.state import Execution
from penstock.workflows.service import Workflows


def _aggregate(tenant: str, store: EventStore, snapshots: SnapshotStore) -> Aggregate[Execution]:
    library = Workflows(store, snapshots, catalogue())
    return aggregate(lambda workflow, revision: library.graph(tenant, workflow, revision))


EXECUTIONS = Snapshotted(EVENTS.kind, _aggregate)
