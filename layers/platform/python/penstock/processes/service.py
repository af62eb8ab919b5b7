"""What people do with processes: write, publish and archive definitions; read, cancel and mend instances."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from penstock.clock import to_millis
from penstock.documents.lifecycle import Archive, Change, Publish
from penstock.documents.service import Documents
from penstock.events import Origin
from penstock.events.aggregate import Loaded, MemorySnapshotStore, Repository
from penstock.events.commands import named_after
from penstock.json import JSON, JSONObject
from penstock.library import BuiltIn
from penstock.processes import lifecycle, mending
from penstock.processes.deciding import Events
from penstock.processes.errors import UnknownProcess
from penstock.processes.lifecycle import Definition
from penstock.processes.state import AGGREGATE, Process
from penstock.processes.storing import Instances
from penstock.processes.validation import parse
from penstock.workflows.catalogue import Catalogue


@dataclass(frozen=True)
class Processes:
    """The processes of every tenant.

    A change with a `command_id` is made once, however often it is asked for, and answered as the first time.
    """

    instances: Instances
    catalogue: Catalogue
    library: Mapping[str, BuiltIn]

    def create(self, tenant: str, document: JSON, origin: Origin, command_id: str | None = None) -> Definition:
        """Begin a draft. Raises InvalidProcess."""
        command = Change(self._valid(document))
        key = named_after(command_id, command) if command_id else self.instances.new_id()
        return self._definitions.handle(tenant, key, command, origin, command_id=command_id)

    def change(
        self,
        tenant: str,
        process: str,
        document: JSON,
        origin: Origin,
        revision: int | None = None,
        command_id: str | None = None,
    ) -> Definition:
        """Replace the draft. Raises UnknownProcess, InvalidProcess, RevisionConflict, Conflict."""
        self.definition(tenant, process)
        command = Change(self._valid(document))
        return self._definitions.handle(tenant, process, command, origin, revision, command_id)

    def publish(
        self, tenant: str, process: str, origin: Origin, revision: int | None = None, command_id: str | None = None
    ) -> Definition:
        """Make the draft a version: events start instances of it. Raises UnknownProcess, RevisionConflict, Conflict."""
        return self._definitions.handle(tenant, process, Publish(), origin, revision, command_id)

    def archive(self, tenant: str, process: str, origin: Origin, command_id: str | None = None) -> Definition:
        """Let it start no more. Raises UnknownProcess, WrongStatus, Conflict."""
        return self._definitions.handle(tenant, process, Archive(), origin, command_id=command_id)

    def adopt(self, tenant: str, name: str, origin: Origin, command_id: str | None = None) -> Definition:
        """Have a process of the library as a definition of one's own, published as it stands there now.

        Raises UnknownProcess, Conflict.
        """
        if name not in self.library:
            raise UnknownProcess(f"process {name} in the library")
        command = Change(self._valid(self.library[name].definition))
        self._definitions.handle(tenant, name, command, origin, command_id=command_id)
        return self.publish(tenant, name, origin, command_id=command_id)

    def definition(self, tenant: str, process: str) -> Definition:
        """A definition as it stands. Raises UnknownProcess."""
        return self._definitions.read(tenant, process)

    def read(self, tenant: str, instance: str) -> Loaded[Process]:
        """An instance as it stands. Raises UnknownProcess."""
        loaded = self.instances.load(AGGREGATE.stream(tenant, instance))
        if not loaded.state.has_started:
            raise UnknownProcess(f"instance {instance}")
        return loaded

    def cancel(self, tenant: str, instance: str, reason: str, origin: Origin) -> Loaded[Process]:
        """End it: what has been done is undone. Raises UnknownProcess, WrongStatus."""
        return self._decide(tenant, instance, lambda process: mending.cancel(process, reason), origin)

    def resume(self, tenant: str, instance: str, reason: str, origin: Origin) -> Loaded[Process]:
        """Send it on, the way it was going. Raises UnknownProcess, WrongStatus."""
        return self._decide(tenant, instance, lambda process: mending.resume(process, reason, self._now), origin)

    def resolve(self, tenant: str, instance: str, run: str, reason: str, origin: Origin) -> Loaded[Process]:
        """A stuck action was undone by hand; it goes on from there. Raises UnknownProcess, WrongStatus."""

        def decide(process: Process) -> Events:
            return mending.resolve(process, run, reason, self._now)

        return self._decide(tenant, instance, decide, origin)

    def _decide(
        self, tenant: str, instance: str, decide: Callable[[Process], Events], origin: Origin
    ) -> Loaded[Process]:
        """What is decided is stored; the nudge of its commit carries the instance on."""
        loaded = self.read(tenant, instance)
        return self.instances.settle(loaded.stream, decide, lambda _: origin, loaded)[0]

    def _valid(self, document: JSON) -> JSONObject:
        """The definition as it is stored: valid, and without what equals a default."""
        valid: JSONObject = parse(document, self.catalogue).model_dump(mode="json", exclude_defaults=True)
        return valid

    @property
    def _definitions(self) -> Documents[Definition]:
        kept = self.instances
        repository = Repository(lifecycle.AGGREGATE, kept.store, MemorySnapshotStore(), kept.new_id)
        return Documents(repository, lifecycle.DECISIONS, kept.clock)

    @property
    def _now(self) -> int:
        return to_millis(self.instances.clock())
