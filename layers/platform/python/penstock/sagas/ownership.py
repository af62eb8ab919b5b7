"""What users do with sagas of their own: write, publish and archive them. Built-in ones stand beside them.

What is published is stored first and deployed then. Whoever published may crash in between: a consumer of the stream
looks a minute later (`settle`), and a run that is started meanwhile makes the machine that it needs.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from penstock.clock import Clock, NewId, new_id, utc_now
from penstock.documents.lifecycle import Archive, Change, Create, Publish, Status, Version
from penstock.documents.service import Documents
from penstock.events import EventStore, EventStoreError, Origin, StreamId
from penstock.events.aggregate import MemorySnapshotStore, Repository
from penstock.json import JSONObject
from penstock.library import BuiltIn
from penstock.sagas.errors import InvalidSaga, MachineMissing, UnknownSaga
from penstock.sagas.lifecycle import AGGREGATE, DECISIONS, OwnSaga
from penstock.sagas.machines import Machine, Machines
from penstock.sagas.validation import parse
from penstock.workflows.catalogue import Catalogue
from penstock.workflows.errors import Problem, WrongState

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
    A change with a `command_id` is made once, however often it is asked for, and answered as the first time.
    """

    store: EventStore
    machines: Machines
    library: Mapping[str, BuiltIn]
    catalogue: Catalogue
    clock: Clock = utc_now
    new_id: NewId = new_id

    def create(
        self, tenant: str, saga: str, definition: JSONObject, origin: Origin, command_id: str | None = None
    ) -> OwnSaga:
        """Begin a draft. Raises InvalidSaga, and WrongState when the id is taken."""
        if not ID.fullmatch(saga):
            message = "must be a word of a-z, 0-9 and _, which begins with a letter and has at most 60 characters"
            raise InvalidSaga([Problem("id", "id", message)])
        if saga in self.library:
            raise WrongState("create", f"saga {saga}", BUILT_IN)
        command = Create(self._document(definition))
        return self._documents.handle(tenant, saga, command, origin, command_id=command_id)

    def change(
        self,
        tenant: str,
        saga: str,
        definition: JSONObject,
        origin: Origin,
        revision: int | None = None,
        command_id: str | None = None,
    ) -> OwnSaga:
        """Replace the draft. Raises UnknownSaga, InvalidSaga, WrongState, RevisionConflict, Conflict."""
        self._own(tenant, saga, "change")
        command = Change(self._document(definition))
        return self._documents.handle(tenant, saga, command, origin, revision, command_id)

    def publish(
        self, tenant: str, saga: str, origin: Origin, revision: int | None = None, command_id: str | None = None
    ) -> OwnSaga:
        """Make the draft a version, and deploy it. Raises UnknownSaga, InvalidSaga, WrongState, RevisionConflict."""
        known = self._own(tenant, saga, "publish")
        parse(known.definition, self.catalogue)
        seen = known.revision if revision is None else revision
        published = self._documents.handle(tenant, saga, Publish(), origin, seen, command_id)
        with suppress(MachineMissing, EventStoreError):  # it is published all the same: see `settle`
            self._deploy(published)
        return published

    def archive(self, tenant: str, saga: str, origin: Origin, command_id: str | None = None) -> OwnSaga:
        """Let no run start from it any more. Raises UnknownSaga, WrongState, Conflict."""
        self._own(tenant, saga, "archive")
        return self._documents.handle(tenant, saga, Archive(), origin, command_id=command_id)

    def read(self, tenant: str, saga: str) -> OwnSaga | BuiltIn:
        """A saga as it stands: the tenant's own, or a built-in one. Raises UnknownSaga."""
        try:
            return self._documents.read(tenant, saga)
        except UnknownSaga:
            if saga not in self.library:
                raise
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
        saga = self._documents.repository.load(stream).state
        if saga.status is Status.PUBLISHED:
            self._deploy(saga)
        else:
            self.retire(stream)

    def retire(self, stream: StreamId) -> None:
        """Take away the machines of an archived saga on which no run is under way; whoever needs one makes it again.

        To be called when it was archived, and when one of its runs has ended. Raises EventStoreError.
        """
        saga = self._documents.repository.load(stream).state
        for version in saga.versions if saga.status is Status.ARCHIVED else ():
            self.machines.retire(Machine(stream.tenant, stream.key, version.number))

    def _deploy(self, saga: OwnSaga) -> None:
        newest = saga.versions[-1]
        self.machines.deploy(Machine(saga.id.tenant, saga.id.key, newest.number), newest.definition)

    def _own(self, tenant: str, saga: str, action: str) -> OwnSaga:
        found = self.read(tenant, saga)
        if isinstance(found, BuiltIn):
            raise WrongState(action, f"saga {saga}", BUILT_IN)
        return found

    def _document(self, definition: JSONObject) -> JSONObject:
        """The definition as it is stored: valid, and without what equals a default."""
        return parse(definition, self.catalogue).model_dump(mode="json", exclude_defaults=True)

    @property
    def _documents(self) -> Documents[OwnSaga]:
        repository = Repository(AGGREGATE, self.store, MemorySnapshotStore(), self.new_id)
        return Documents(repository, DECISIONS, self.clock)
