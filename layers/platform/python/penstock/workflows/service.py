"""What users do with workflows: commands on the event store, and the library that the engine reads from."""

from collections import OrderedDict
from dataclasses import dataclass, field

from penstock.clock import Clock, NewId, new_id, utc_now
from penstock.documents.lifecycle import Archive, Change, Create, Delete, Publish, Restore
from penstock.documents.service import Documents
from penstock.events import EventStore, Origin
from penstock.events.aggregate import Repository, SnapshotStore
from penstock.events.commands import named_after
from penstock.json import JSONObject
from penstock.workflows.catalogue import Catalogue
from penstock.workflows.errors import UnknownWorkflow
from penstock.workflows.graph import Graph, compile_graph
from penstock.workflows.lifecycle import AGGREGATE, DECISIONS, Workflow
from penstock.workflows.validation import parse

GRAPHS_KEPT = 200


@dataclass(frozen=True)
class Workflows:
    """The workflows of every tenant. Also the engine's Library: graphs are compiled once a revision and kept.

    A change with a `command_id` is made once, however often it is asked for, and answered as the first time.
    """

    store: EventStore
    snapshots: SnapshotStore
    catalogue: Catalogue
    clock: Clock = utc_now
    new_id: NewId = new_id
    _graphs: OrderedDict[tuple[str, str, int], Graph] = field(default_factory=OrderedDict)

    def create(
        self,
        tenant: str,
        definition: JSONObject,
        origin: Origin,
        workflow_id: str | None = None,
        command_id: str | None = None,
    ) -> Workflow:
        """Begin a draft. Raises InvalidWorkflow, and WrongState when the id is taken."""
        command = Create(self._document(definition))
        key = workflow_id or (named_after(command_id, command) if command_id else self.new_id())
        return self._documents.handle(tenant, key, command, origin, command_id=command_id)

    def read(self, tenant: str, workflow: str, *, revision: int | None = None) -> Workflow:
        """A workflow as it is, or as it was at a revision. Raises UnknownWorkflow."""
        if revision is None:
            return self._documents.read(tenant, workflow)
        stream = AGGREGATE.stream(tenant, workflow)
        state = self._documents.repository.load_at(stream, version=revision).state
        if state.revision != revision:
            raise UnknownWorkflow(f"revision {revision} of workflow {workflow}")
        return state

    def update(
        self,
        tenant: str,
        workflow: str,
        definition: JSONObject,
        origin: Origin,
        revision: int | None = None,
        command_id: str | None = None,
    ) -> Workflow:
        """Replace the draft. Raises InvalidWorkflow, UnknownWorkflow, RevisionConflict, Conflict."""
        command = Change(self._document(definition))
        return self._documents.handle(tenant, workflow, command, origin, revision, command_id)

    def publish(
        self, tenant: str, workflow: str, origin: Origin, revision: int | None = None, command_id: str | None = None
    ) -> Workflow:
        """Make the draft a version. Raises UnknownWorkflow, WrongState, RevisionConflict, Conflict."""
        return self._documents.handle(tenant, workflow, Publish(), origin, revision, command_id)

    def archive(self, tenant: str, workflow: str, origin: Origin, command_id: str | None = None) -> Workflow:
        """Stop it from starting. Raises UnknownWorkflow, WrongState, Conflict."""
        return self._documents.handle(tenant, workflow, Archive(), origin, command_id=command_id)

    def delete(self, tenant: str, workflow: str, origin: Origin, command_id: str | None = None) -> Workflow:
        """Take it away. Raises UnknownWorkflow, WrongState, Conflict."""
        return self._documents.handle(tenant, workflow, Delete(), origin, command_id=command_id)

    def restore(
        self, tenant: str, workflow: str, version: int, origin: Origin, command_id: str | None = None
    ) -> Workflow:
        """Make a version's definition the draft again. Raises UnknownWorkflow, Conflict."""
        return self._documents.handle(tenant, workflow, Restore(version), origin, command_id=command_id)

    def published(self, tenant: str, workflow: str) -> int:
        """See `engine.Library`."""
        return self.read(tenant, workflow).released().revision

    def graph(self, tenant: str, workflow: str, revision: int) -> Graph:
        """See `engine.Library`."""
        key = (tenant, workflow, revision)
        if key not in self._graphs:
            definition = self.read(tenant, workflow, revision=revision).definition
            self._graphs[key] = compile_graph(parse(definition, self.catalogue), self.catalogue)
            if len(self._graphs) > GRAPHS_KEPT:
                self._graphs.popitem(last=False)
        return self._graphs[key]

    @property
    def _documents(self) -> Documents[Workflow]:
        repository = Repository(AGGREGATE, self.store, self.snapshots, self.new_id)
        return Documents(repository, DECISIONS, self.clock)

    def _document(self, definition: JSONObject) -> JSONObject:
        """The definition as it is stored: valid, and without what equals a default."""
        parsed = parse(definition, self.catalogue)
        return parsed.model_dump(mode="json", by_alias=True, exclude_defaults=True)
