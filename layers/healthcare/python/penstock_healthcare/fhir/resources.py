"""FHIR resources as event streams of kind `fhir`: the stream's key is `<Type>-<id>`, each event a version."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from penstock.clock import Clock, iso, utc_now
from penstock.events import Conflict, Event, EventStore, Origin, StreamId
from penstock.events.aggregate import Aggregate, MemorySnapshotStore, Repository
from penstock.events.store import contiguous
from penstock.events.types import EventTypes
from penstock.json import JSONObject
from penstock_healthcare.fhir.errors import InvalidResource, UnknownResource
from penstock_healthcare.fhir.text import read, write

EVENTS = EventTypes("fhir")
_TYPE = re.compile(r"[A-Z][A-Za-z]{1,63}\Z")
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}\Z")
_TRIES = 5


@EVENTS.type
@dataclass(frozen=True, slots=True)
class ResourceSaved:
    """A version of a resource, as FHIR JSON text: numbers keep their digits. `meta` is added by who reads it."""

    type: str
    id: str
    text: str


def _identity_alone(text: str) -> str:
    """The resource with its type and id only: still one, for who reads it."""
    resource = read(text)
    return write({name: resource[name] for name in ("resourceType", "id")})


EVENTS.personal("ResourceSaved", text=_identity_alone)


@dataclass(frozen=True, slots=True)
class Resource:
    """The newest version. `version` counts from 1; 0 means that there is none."""

    stream: StreamId
    text: str = ""
    version: int = 0
    updated_at: str = ""

    @property
    def reference(self) -> str:
        """`Patient/123`."""
        return self.stream.key.replace("-", "/", 1)

    @property
    def document(self) -> str:
        """The resource as it is answered: with `meta.versionId` and `meta.lastUpdated`."""
        found = read(self.text)
        meta = {**found.get("meta", {}), "versionId": str(self.version), "lastUpdated": self.updated_at}
        first = {name: found[name] for name in ("resourceType", "id")}
        return write({**first, "meta": meta, **{name: found[name] for name in found if name not in {*first, "meta"}}})


@dataclass(frozen=True, slots=True)
class Saved:
    """What saving a resource came to."""

    reference: str
    version: int
    changed: bool


def _evolve(resource: Resource, happened: ResourceSaved, event: Event) -> Resource:
    return replace(resource, text=happened.text, version=event.version, updated_at=iso(event.time))


AGGREGATE = Aggregate(EVENTS, Resource, _evolve)


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
        event = ResourceSaved(kind, name, _text(resource))
        losses = 0
        while True:
            loaded = self._repository().load(AGGREGATE.stream(tenant, f"{kind}-{name}"))
            if loaded.state.text == event.text:
                return Saved(f"{kind}/{name}", loaded.state.version, changed=False)
            try:
                saved = self._repository().save(loaded, [event], self.clock(), origin, commit_id)
            except Conflict:
                losses += 1
                if losses == _TRIES:
                    raise
            else:
                return Saved(f"{kind}/{name}", saved.state.version, changed=True)

    def get(self, tenant: str, kind: str, name: str, version: int | None = None) -> Resource:
        """A resource as it is, or one version of it. Raises UnknownResource."""
        stream = _stream(tenant, kind, name)
        loaded = self._repository().load_at(stream, version=version)
        if not loaded.exists or (version is not None and loaded.state.version != version):
            raise UnknownResource(f"{kind}/{name}" + (f"/_history/{version}" if version is not None else ""))
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
