"""What people do with processes: write, publish and archive definitions; read, cancel and mend instances."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from penstock.clock import to_millis
from penstock.events import Origin
from penstock.events.aggregate import Loaded, MemorySnapshotStore, Repository
from penstock.json import JSON, JSONObject
from penstock.processes import lifecycle, mending
from penstock.processes.deciding import Events
from penstock.processes.errors import UnknownProcess
from penstock.processes.library import BuiltIn
from penstock.processes.lifecycle import Definition
from penstock.processes.state import AGGREGATE, Process
from penstock.processes.storing import Instances
from penstock.processes.validation import parse
from penstock.workflows.catalogue import Catalogue


@dataclass(frozen=True)
class Processes:
    """The processes of every tenant."""

    instances: Instances
    catalogue: Catalogue
    library: Mapping[str, BuiltIn]

    def create(self, tenant: str, document: JSON, origin: Origin) -> Definition:
        """Begin a draft. Raises InvalidProcess."""
        valid = self._valid(document)
        return self._change(tenant, self.instances.new_id(), lambda known: lifecycle.draft(known, valid), origin)

    def change(self, tenant: str, process: str, document: JSON, origin: Origin) -> Definition:
        """Replace the draft. Raises UnknownProcess, InvalidProcess, Conflict."""
        self.definition(tenant, process)
        valid = self._valid(document)
        return self._change(tenant, process, lambda known: lifecycle.draft(known, valid), origin)

    def publish(self, tenant: str, process: str, origin: Origin) -> Definition:
        """Make the draft a version: events start instances of it. Raises UnknownProcess, Conflict."""
        self.definition(tenant, process)
        return self._change(tenant, process, lifecycle.publish, origin)

    def archive(self, tenant: str, process: str, origin: Origin) -> Definition:
        """Let it start no more. Raises UnknownProcess, WrongStatus, Conflict."""
        self.definition(tenant, process)
        return self._change(tenant, process, lifecycle.archive, origin)

    def adopt(self, tenant: str, name: str, origin: Origin) -> Definition:
        """Have a process of the library as a definition of one's own, published as it stands there now.

        Raises UnknownProcess, Conflict.
        """
        if name not in self.library:
            raise UnknownProcess(f"process {name} in the library")
        document = self._valid(self.library[name].definition)
        self._change(tenant, name, lambda known: lifecycle.draft(known, document), origin)
        return self._change(tenant, name, lifecycle.publish, origin)

    def definition(self, tenant: str, process: str) -> Definition:
        """A definition as it stands. Raises UnknownProcess."""
        loaded = self._definitions.load(lifecycle.AGGREGATE.stream(tenant, process))
        if not loaded.exists:
            raise UnknownProcess(f"process {process}")
        return loaded.state

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

    def _change(self, tenant: str, process: str, decide: Callable[[Definition], Any], origin: Origin) -> Definition:
        loaded = self._definitions.load(lifecycle.AGGREGATE.stream(tenant, process))
        events = decide(loaded.state)
        if not events:
            return loaded.state
        return self._definitions.save(loaded, events, self.instances.clock(), origin).state

    @property
    def _definitions(self) -> Repository[Definition]:
        return Repository(lifecycle.AGGREGATE, self.instances.store, MemorySnapshotStore(), self.instances.new_id)

    @property
    def _now(self) -> int:
        return to_millis(self.instances.clock())
