"""FHIR resources as event streams of kind `fhir`: the stream's key is `<Type>-<id>`, each event a version."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from penstock.clock import Clock, iso, utc_now
from penstock.events import Conflict, Event, EventStore, Origin, StreamId
from penstock.events.aggregate import Aggregate, MemorySnapshotStore, Repository
from penstock.events.commands import TRIES, Commands, Decisions, named_after, until_first
from penstock.events.store import contiguous
from penstock.events.types import EventTypes
from penstock.json import JSONObject
from penstock_healthcare.fhir.errors import DeletedResource, InvalidResource, UnknownResource, VersionConflict
from penstock_healthcare.fhir.formats import json_text
from penstock_healthcare.fhir.text import read, write

EVENTS = EventTypes("fhir")
AUDIT_EVENT = "AuditEvent"
_TYPE = re.compile(r"[A-Z][A-Za-z]{1,63}\Z")
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}\Z")


@EVENTS.type
@dataclass(frozen=True, slots=True)
class ResourceSaved:
    """A version of a resource, as FHIR JSON text: numbers keep their digits. `meta` is added by who reads it."""

    type: str
    id: str
    text: str


@EVENTS.type
@dataclass(frozen=True, slots=True)
class ResourceDeleted:
    """The resource is no more; its versions stay. Saving it again brings it back."""

    type: str
    id: str


@EVENTS.type
@dataclass(frozen=True, slots=True)
class AuditRecorded:
    """An AuditEvent of a read (`access.trail`). It outlasts the forgetting of whom it names, by reference.

    `reason` is why the glass was broken; `text_after` puts it where AuditEvents have it.
    """

    type: str
    id: str
    text: str
    reason: str = ""


def _identity_alone(text: str) -> str:
    """The resource with its type and id only: still one, for who reads it."""
    resource = read(text)
    return write({name: resource[name] for name in ("resourceType", "id")})


EVENTS.personal("ResourceSaved", text=_identity_alone)
EVENTS.personal("AuditRecorded", reason="")


def text_after(data: JSONObject) -> str:
    """The resource's text after an event with these data; empty when it is deleted."""
    text, reason = str(data.get("text", "")), data.get("reason")
    if not reason:
        return text
    resource = read(text)
    purposes = resource.get("purposeOfEvent") or [{}]
    return write({**resource, "purposeOfEvent": [{**purposes[0], "text": reason}, *purposes[1:]]})


@dataclass(frozen=True, slots=True)
class Resource:
    """The newest version. `version` counts from 1; 0 means that there is none.

    `text` is empty where there is none and where it is deleted; `is_new` tells the first one, also after a deletion.
    """

    stream: StreamId
    text: str = ""
    version: int = 0
    updated_at: str = ""
    is_new: bool = False

    @property
    def name(self) -> str:
        """Its id."""
        return self.stream.key.partition("-")[2]

    @property
    def is_deleted(self) -> bool:
        """Whether its newest version is its deletion."""
        return bool(self.version and not self.text)

    @property
    def reference(self) -> str:
        """`Patient/123`."""
        return self.stream.key.replace("-", "/", 1)

    @property
    def document(self) -> str:
        """The resource as it is answered: with `meta.versionId` and `lastUpdated`, numbers as they were written."""
        return shown(self.text, self.version, self.updated_at)

    @property
    def resource(self) -> JSONObject:
        """The same as JSON, its decimals exact."""
        return json_text.read(self.document.encode()).resource or {}


def shown(text: str, version: int, updated_at: str) -> str:
    """A resource's text with its version and when it was made."""
    found = json_text.read(text.encode()).resource or {}
    meta = {**found.get("meta", {}), "versionId": str(version), "lastUpdated": updated_at}
    first = {name: found[name] for name in ("resourceType", "id")}
    rest = {name: found[name] for name in found if name not in {*first, "meta"}}
    return json_text.write({**first, "meta": meta, **rest})


@dataclass(frozen=True, slots=True)
class Saved:
    """What saving a resource came to."""

    reference: str
    version: int
    changed: bool


def _evolve(resource: Resource, _: ResourceSaved | ResourceDeleted | AuditRecorded, event: Event) -> Resource:
    text = text_after(event.data)
    return replace(
        resource, text=text, version=event.version, updated_at=iso(event.time), is_new=bool(text and not resource.text)
    )


AGGREGATE = Aggregate(EVENTS, Resource, _evolve)


@dataclass(frozen=True, slots=True)
class SaveResource:
    """Keep the text as the newest version."""

    type: str
    id: str
    text: str


@dataclass(frozen=True, slots=True)
class DeleteResource:
    """Let there be no newest version."""

    type: str
    id: str


@dataclass(frozen=True, slots=True)
class ChangeResource:
    """Keep what a function makes of the newest version (`Resources.change`)."""

    type: str
    id: str


def _decide_save(resource: Resource, command: SaveResource) -> Sequence[ResourceSaved]:
    saved = ResourceSaved(command.type, command.id, command.text)
    return [] if resource.text == command.text else [saved]


def _decide_delete(resource: Resource, command: DeleteResource) -> Sequence[ResourceDeleted]:
    return [ResourceDeleted(command.type, command.id)] if resource.text else []


DECISIONS: Decisions[Resource] = {SaveResource: _decide_save, DeleteResource: _decide_delete}
Command = SaveResource | DeleteResource | ChangeResource


@dataclass(frozen=True)
class Resources:
    """The resources of every tenant."""

    store: EventStore
    clock: Clock = utc_now

    def save(self, tenant: str, resource: JSONObject, origin: Origin, commit_id: str) -> Saved:
        """Keep the resource as its newest version; nothing happens when it says what that says already.

        Raises InvalidResource, CommitTooLarge, and Conflict after losing to rivals five times in a row.
        """
        kind, name = _identity(resource)
        if kind == "Subscription":
            raise InvalidResource("resourceType", "Subscriptions are written at the FHIR endpoint, which checks them")
        event = ResourceSaved(kind, name, _text(resource))

        def attempt() -> Saved:
            loaded = self._repository().load(AGGREGATE.stream(tenant, f"{kind}-{name}"))
            if loaded.state.text == event.text:
                return Saved(f"{kind}/{name}", loaded.state.version, changed=False)
            if kind == AUDIT_EVENT and loaded.exists:
                if self._was_written(loaded.stream, commit_id):
                    return Saved(f"{kind}/{name}", loaded.state.version, changed=False)
                raise InvalidResource("id", "is that of an AuditEvent that is there, and those do not change")
            saved = self._repository().save(loaded, [event], self.clock(), origin, commit_id)
            return Saved(f"{kind}/{name}", saved.state.version, changed=True)

        return until_first(attempt, TRIES)

    def do(
        self,
        tenant: str,
        command: SaveResource | DeleteResource,
        origin: Origin,
        command_id: str | None = None,
        version: int | None = None,
    ) -> Resource:
        """What the command came to, once for each `command_id`; `version` is the one that it is meant for.

        Raises VersionConflict, CommitTooLarge, and Conflict after losing to rivals five times in a row.
        """
        return self._handle(tenant, DECISIONS, command, origin, command_id, version)

    def change(
        self,
        tenant: str,
        command: ChangeResource,
        change: Callable[[Resource], str],
        origin: Origin,
        command_id: str | None = None,
        version: int | None = None,
    ) -> Resource:
        """As `do`, with the text that `change` makes of the newest version; it is asked again after a rival's write.

        Raises what `do` and `change` raise, UnknownResource and DeletedResource.
        """

        def decide(resource: Resource, _: ChangeResource) -> Sequence[ResourceSaved]:
            if resource.is_deleted:
                raise DeletedResource(resource.reference, resource.version)
            if not resource.text:
                raise UnknownResource(f"{command.type}/{command.id}")
            return _decide_save(resource, SaveResource(command.type, command.id, change(resource)))

        return self._handle(tenant, {ChangeResource: decide}, command, origin, command_id, version)

    def was_done(self, tenant: str, command: Command, command_id: str) -> bool:
        """Whether the command has taken effect already under this id."""
        return self._was_written(_stream(tenant, command.type, command.id), named_after(command_id, command))

    def is_made_by(self, resource: Resource, command_id: str) -> bool:
        """Whether a version is what the command of this id made, now or when it was first sent."""
        kind, name = resource.stream.key.split("-", 1)
        commands = (SaveResource(kind, name, resource.text), ChangeResource(kind, name), DeleteResource(kind, name))
        ids = {named_after(command_id, command) for command in commands}
        commits = self.store.packed(resource.stream)
        return any(each.commit_id in ids and each.last_version == resource.version for each in commits)

    def find(self, tenant: str, kind: str, name: str) -> Resource:
        """A resource as it is, also one that is deleted or never was. Raises UnknownResource for what can name none."""
        return self._repository().load(_stream(tenant, kind, name)).state

    def get(self, tenant: str, kind: str, name: str, version: int | None = None) -> Resource:
        """A resource as it is, or one version of it. Raises UnknownResource, DeletedResource."""
        stream = _stream(tenant, kind, name)
        loaded = self._repository().load_at(stream, version=version)
        if not loaded.exists or (version is not None and loaded.state.version != version):
            raise UnknownResource(f"{kind}/{name}" + (f"/_history/{version}" if version is not None else ""))
        if loaded.state.is_deleted:
            raise DeletedResource(f"{kind}/{name}", loaded.state.version)
        return loaded.state

    def history(self, tenant: str, kind: str, name: str) -> Sequence[Resource]:
        """Every version, newest first. Raises UnknownResource."""
        state, versions = AGGREGATE.initial(_stream(tenant, kind, name)), []
        for commit in contiguous(state.stream, self.store.commits(state.stream), 0):
            for event in commit.events:
                state = AGGREGATE.fold(state, (event,))
                versions.append(state)
        if not versions:
            raise UnknownResource(f"{kind}/{name}")
        return versions[::-1]

    def _handle(
        self,
        tenant: str,
        decisions: Decisions[Resource],
        command: Command,
        origin: Origin,
        command_id: str | None,
        version: int | None,
    ) -> Resource:
        stream = _stream(tenant, command.type, command.id)
        commands = Commands(self._repository(), decisions, self.clock)
        try:
            return commands.handle(stream, command, origin, command_id=command_id, revision=version).state
        except Conflict:
            if version is None:
                raise
            raise VersionConflict(f"{command.type}/{command.id}", version) from None

    def _was_written(self, stream: StreamId, commit_id: str) -> bool:
        return any(packed.commit_id == commit_id for packed in self.store.packed(stream))

    def _repository(self) -> Repository[Resource]:
        return Repository(AGGREGATE, self.store, MemorySnapshotStore())


def _identity(resource: JSONObject) -> tuple[str, str]:
    kind, name = resource.get("resourceType"), resource.get("id")
    if not isinstance(kind, str) or not _TYPE.match(kind):
        raise InvalidResource("resourceType", "must name a resource type, as Patient")
    if not isinstance(name, str) or not _ID.match(name):
        raise InvalidResource("id", "must have 1 to 64 letters, digits, dots and hyphens")
    return kind, name


def _text(resource: JSONObject) -> str:
    try:
        return write(resource)
    except (TypeError, ValueError) as error:
        raise InvalidResource(str(resource["resourceType"]), "holds what JSON cannot, or is nested too deep") from error


def _stream(tenant: str, kind: str, name: str) -> StreamId:
    """Raises UnknownResource for what can name no resource."""
    if not _TYPE.match(kind) or not _ID.match(name):
        raise UnknownResource(f"{kind[:64]}/{name[:64]}")
    return AGGREGATE.stream(tenant, f"{kind}-{name}")
