"""What users do with workflows: commands on the event store, and the library that the engine reads from."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from penstock.clock import Clock, NewId, new_id, utc_now
from penstock.events import Conflict, EventStore, Origin, StreamId
from penstock.events.aggregate import Loaded, Repository, SnapshotStore
from penstock.json import JSONObject
from penstock.workflows import lifecycle
from penstock.workflows.catalogue import Catalogue
from penstock.workflows.errors import RevisionConflict, UnknownWorkflow
from penstock.workflows.graph import Graph, compile_graph
from penstock.workflows.lifecycle import AGGREGATE, Status, Workflow
from penstock.workflows.validation import parse

GRAPHS_KEPT = 200
Decide = Callable[[Workflow], Sequence[Any]]


@dataclass(frozen=True)
class Workflows:
    """The workflows of every tenant. Also the engine's Library: graphs are compiled once a revision and kept."""

    store: EventStore
    snapshots: SnapshotStore
    catalogue: Catalogue
    clock: Clock = utc_now
    new_id: NewId = new_id
    _graphs: OrderedDict[tuple[str, str, int], Graph] = field(default_factory=OrderedDict)

    def create(self, tenant: str, definition: JSONObject, origin: Origin, workflow_id: str | None = None) -> Workflow:
        """Begin a draft. Raises InvalidWorkflow, and WrongState when the id is taken."""
        document = self._document(definition)
        loaded = self._repository().load(AGGREGATE.stream(tenant, workflow_id or self.new_id()))
        return self._save(loaded, lifecycle.create(loaded.state, document), origin)

    def read(self, tenant: str, workflow: str, *, revision: int | None = None) -> Workflow:
        """A workflow as it is, or as it was at a revision. Raises UnknownWorkflow."""
        stream = AGGREGATE.stream(tenant, workflow)
        if revision is None:
            return self._existing(stream).state
        state = self._repository().load_at(stream, version=revision).state
        if state.revision != revision:
            raise UnknownWorkflow(f"revision {revision} of workflow {workflow}")
        return state

    def update(
        self, tenant: str, workflow: str, definition: JSONObject, origin: Origin, revision: int | None = None
    ) -> Workflow:
        """Replace the draft. Raises InvalidWorkflow, UnknownWorkflow, RevisionConflict."""
        document = self._document(definition)
        return self._change(tenant, workflow, lambda state: lifecycle.update(state, document), origin, revision)

    def publish(self, tenant: str, workflow: str, origin: Origin, revision: int | None = None) -> Workflow:
        """Make the draft a version. Raises UnknownWorkflow, WrongState, RevisionConflict."""
        return self._change(tenant, workflow, lifecycle.publish, origin, revision)

    def archive(self, tenant: str, workflow: str, origin: Origin) -> Workflow:
        """Stop it from starting. Raises UnknownWorkflow, WrongState."""
        return self._change(tenant, workflow, lifecycle.archive, origin)

    def delete(self, tenant: str, workflow: str, origin: Origin) -> Workflow:
        """Take it away. Raises UnknownWorkflow, WrongState."""
        return self._change(tenant, workflow, lifecycle.delete, origin)

    def restore(self, tenant: str, workflow: str, version: int, origin: Origin) -> Workflow:
        """Make a version's definition the draft again. Raises UnknownWorkflow."""
        return self._change(tenant, workflow, lambda state: lifecycle.restore(state, version), origin)

    def published(self, tenant: str, workflow: str) -> int:
        """See `engine.Library`."""
        return self.read(tenant, workflow).published.revision

    def graph(self, tenant: str, workflow: str, revision: int) -> Graph:
        """See `engine.Library`."""
        key = (tenant, workflow, revision)
        if key not in self._graphs:
            definition = self.read(tenant, workflow, revision=revision).definition
            self._graphs[key] = compile_graph(parse(definition, self.catalogue), self.catalogue)
            if len(self._graphs) > GRAPHS_KEPT:
                self._graphs.popitem(last=False)
        return self._graphs[key]

    def _change(
        self, tenant: str, workflow: str, decide: Decide, origin: Origin, revision: int | None = None
    ) -> Workflow:
        loaded = self._existing(AGGREGATE.stream(tenant, workflow))
        if revision is not None and revision != loaded.state.revision:
            raise RevisionConflict(revision, loaded.state.revision)
        return self._save(loaded, decide(loaded.state), origin)

    def _save(self, loaded: Loaded[Workflow], events: Sequence[Any], origin: Origin) -> Workflow:
        if not events:
            return loaded.state
        try:
            return self._repository().save(loaded, events, self.clock(), origin).state
        except Conflict:
            newest = self._repository().load(loaded.stream).state
            raise RevisionConflict(loaded.state.revision, newest.revision) from None

    def _existing(self, stream: StreamId) -> Loaded[Workflow]:
        loaded = self._repository().load(stream)
        if loaded.state.status in (Status.NEW, Status.DELETED):
            raise UnknownWorkflow(f"workflow {stream.key}")
        return loaded

    def _repository(self) -> Repository[Workflow]:
        return Repository(AGGREGATE, self.store, self.snapshots, self.new_id)

    def _document(self, definition: JSONObject) -> JSONObject:
        """The definition as it is stored: valid, and without what equals a default."""
        parsed = parse(definition, self.catalogue)
        return parsed.model_dump(mode="json", by_alias=True, exclude_defaults=True)
