"""What users do with sagas of their own: write, publish and archive them. Built-in ones stand beside them.

What is published is stored first and deployed then. Whoever published may crash in between: a consumer of the stream
looks a minute later (`settle`), and a run that is started meanwhile makes the machine that it needs.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from penstock.clock import Clock, NewId, new_id, utc_now
from penstock.events import Conflict, EventStore, EventStoreError, Origin, StreamId
from penstock.events.aggregate import Loaded, MemorySnapshotStore, Repository
from penstock.json import JSONObject
from penstock.sagas import lifecycle
from penstock.sagas.errors import InvalidSaga, MachineMissing, UnknownSaga
from penstock.sagas.library import BuiltIn
from penstock.sagas.lifecycle import AGGREGATE, Command, OwnSaga, Status, Version
from penstock.sagas.machines import Machine, Machines
from penstock.sagas.validation import parse
from penstock.workflows.catalogue import Catalogue
from penstock.workflows.errors import Problem, RevisionConflict, WrongState

ID = re.compile(r"[a-z][a-z0-9_]{0,59}")
BUILT_IN = "built in"


@dataclass(frozen=True, slots=True)
class Release:
    """What a run starts from. `version` is None for a built-in saga."""

    saga: str
    version: int | None
    definition: JSONObject


@dataclass(frozen=True)
class OwnSagas:
    """The sagas that tenants wrote, beside those that are built in.

    Where a later release of the platform brings a saga with the id of a tenant's own, the tenant keeps its own.
    """

    store: EventStore
    machines: Machines
    library: Mapping[str, BuiltIn]
    catalogue: Catalogue
    clock: Clock = utc_now
    new_id: NewId = new_id

    def create(self, tenant: str, saga: str, definition: JSONObject, origin: Origin) -> OwnSaga:
        """Begin a draft. Raises InvalidSaga, and WrongState when the id is taken."""
        if not ID.fullmatch(saga):
            message = "must be a word of a-z, 0-9 and _, which begins with a letter and has at most 60 characters"
            raise InvalidSaga([Problem("id", "id", message)])
        if saga in self.library:
            raise WrongState("create", f"saga {saga}", BUILT_IN)
        command = lifecycle.Draft(self._document(definition))
        return self._save(self._repository.load(AGGREGATE.stream(tenant, saga)), command, origin)

    def change(
        self, tenant: str, saga: str, definition: JSONObject, origin: Origin, revision: int | None = None
    ) -> OwnSaga:
        """Replace the draft. Raises UnknownSaga, InvalidSaga, WrongState, RevisionConflict."""
        loaded = self._changeable(tenant, saga, "change", revision)
        return self._save(loaded, lifecycle.Change(self._document(definition)), origin)

    def publish(self, tenant: str, saga: str, origin: Origin, revision: int | None = None) -> OwnSaga:
        """Make the draft a version, and deploy it. Raises UnknownSaga, InvalidSaga, WrongState, RevisionConflict."""
        loaded = self._changeable(tenant, saga, "publish", revision)
        parse(loaded.state.definition, self.catalogue)
        published = self._save(loaded, lifecycle.Publish(), origin)
        with suppress(MachineMissing, EventStoreError):  # it is published all the same: see `settle`
            self._deploy(published)
        return published

    def archive(self, tenant: str, saga: str, origin: Origin) -> OwnSaga:
        """Let no run start from it any more. Raises UnknownSaga, WrongState, RevisionConflict."""
        return self._save(self._changeable(tenant, saga, "archive"), lifecycle.Archive(), origin)

    def read(self, tenant: str, saga: str) -> OwnSaga | BuiltIn:
        """A saga as it stands: the tenant's own, or a built-in one. Raises UnknownSaga."""
        loaded = self._repository.load(AGGREGATE.stream(tenant, saga))
        if loaded.exists:
            return loaded.state
        if saga not in self.library:
            raise UnknownSaga(f"saga {saga}")
        return self.library[saga]

    def version(self, tenant: str, saga: str, number: int) -> Version:
        """A published version of an own saga. Raises UnknownSaga."""
        found = self.read(tenant, saga)
        if isinstance(found, BuiltIn):
            raise UnknownSaga(f"version {number} of saga {saga}, which is {BUILT_IN}")
        return found.version(number)

    def release(self, tenant: str, saga: str, version: int | None = None) -> Release:
        """What a run starts from: the newest version, or this one. Raises UnknownSaga."""
        found = self.read(tenant, saga)
        if isinstance(found, OwnSaga):
            released = found.released(version)
            return Release(saga, released.number, released.definition)
        if version is not None:
            raise UnknownSaga(f"version {version} of saga {saga}, which is {BUILT_IN}")
        return Release(saga, None, found.definition)

    def settle(self, stream: StreamId) -> None:
        """Let the machines be as the saga stands: the newest version has one, an archived saga none that idles.

        Raises MachineMissing, EventStoreError.
        """
        saga = self._repository.load(stream).state
        if saga.status is Status.PUBLISHED:
            self._deploy(saga)
        else:
            self.retire(stream)

    def retire(self, stream: StreamId) -> None:
        """Take away the machines of an archived saga on which no run is under way; whoever needs one makes it again.

        To be called when it was archived, and when one of its runs has ended. Raises EventStoreError.
        """
        saga = self._repository.load(stream).state
        for version in saga.versions if saga.status is Status.ARCHIVED else ():
            self.machines.retire(Machine(stream.tenant, stream.key, version.number))

    def _deploy(self, saga: OwnSaga) -> None:
        newest = saga.versions[-1]
        self.machines.deploy(Machine(saga.id.tenant, saga.id.key, newest.number), newest.definition)

    def _changeable(self, tenant: str, saga: str, action: str, revision: int | None = None) -> Loaded[OwnSaga]:
        loaded = self._repository.load(AGGREGATE.stream(tenant, saga))
        if not loaded.exists and saga in self.library:
            raise WrongState(action, f"saga {saga}", BUILT_IN)
        if not loaded.exists:
            raise UnknownSaga(f"saga {saga}")
        if revision is not None and revision != loaded.state.revision:
            raise RevisionConflict(revision, loaded.state.revision)
        return loaded

    def _save(self, loaded: Loaded[OwnSaga], command: Command, origin: Origin) -> OwnSaga:
        events = lifecycle.decide(loaded.state, command)
        if not events:
            return loaded.state
        try:
            return self._repository.save(loaded, events, self.clock(), origin).state
        except Conflict:
            newest = self._repository.load(loaded.stream).state
            raise RevisionConflict(loaded.state.revision, newest.revision) from None

    def _document(self, definition: JSONObject) -> JSONObject:
        """The definition as it is stored: valid, and without what equals a default."""
        return parse(definition, self.catalogue).model_dump(mode="json", exclude_defaults=True)

    @property
    def _repository(self) -> Repository[OwnSaga]:
        return Repository(AGGREGATE, self.store, MemorySnapshotStore(), self.new_id)
