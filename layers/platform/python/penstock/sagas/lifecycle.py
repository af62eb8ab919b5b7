"""The life of a tenant's own saga: draft → published → archived, as events of kind `saga_definition`.

Commands are data; `decide(saga, command) → events` is pure. A *revision* is the version of the stream; a *version* is
what publishing makes, counted from 1, and never changes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from penstock.clock import iso
from penstock.events import Event, StreamId
from penstock.events.aggregate import Aggregate
from penstock.events.types import EventTypes
from penstock.json import JSONObject
from penstock.sagas.errors import UnknownSaga
from penstock.workflows.errors import WrongState

EVENTS = EventTypes("saga_definition")
MOST_VERSIONS = 200
"""Of one saga: each is a state machine, of which an account holds a limited number, and deletes a few a second."""


class Status(StrEnum):
    """Where an own saga stands."""

    NEW = "new"
    DRAFT = "draft"
    PUBLISHED = "published"
    ARCHIVED = "archived"


@EVENTS.type
@dataclass(frozen=True, slots=True)
class DefinitionDrafted:
    """A draft began."""

    definition: JSONObject


@EVENTS.type
@dataclass(frozen=True, slots=True)
class DefinitionChanged:
    """The draft was replaced."""

    definition: JSONObject


@EVENTS.type
@dataclass(frozen=True, slots=True)
class DefinitionPublished:
    """The draft became a version, with a state machine of its own; runs start from it."""

    version: int


@EVENTS.type
@dataclass(frozen=True, slots=True)
class DefinitionArchived:
    """No run starts from it any more; those under way go on. It can be published again."""


@dataclass(frozen=True, slots=True)
class Version:
    """A published version: its number, the revision that holds its definition, and when it was published."""

    number: int
    revision: int
    published_at: str
    definition: JSONObject


@dataclass(frozen=True, slots=True)
class OwnSaga:
    """The state of one own saga. `definition` is the draft."""

    id: StreamId
    status: Status = Status.NEW
    revision: int = 0
    definition: JSONObject = field(default_factory=dict)
    versions: tuple[Version, ...] = ()

    def released(self, number: int | None = None) -> Version:
        """The version that a run starts from: the newest, or the one with this number. Raises UnknownSaga."""
        if self.status is not Status.PUBLISHED:
            raise UnknownSaga(f"published saga {self.id.key}")
        return self.version(number or len(self.versions))

    def version(self, number: int) -> Version:
        """A published version by its number. Raises UnknownSaga."""
        if not 1 <= number <= len(self.versions):
            raise UnknownSaga(f"version {number} of saga {self.id.key}")
        return self.versions[number - 1]


@dataclass(frozen=True, slots=True)
class Draft:
    """Begin a draft."""

    definition: JSONObject


@dataclass(frozen=True, slots=True)
class Change:
    """Replace the draft; nothing happens when it is the same."""

    definition: JSONObject


@dataclass(frozen=True, slots=True)
class Publish:
    """Make the draft a version."""


@dataclass(frozen=True, slots=True)
class Archive:
    """Let no run start from it any more."""


Command = Draft | Change | Publish | Archive
_EXISTING = (Status.DRAFT, Status.PUBLISHED, Status.ARCHIVED)


def decide(saga: OwnSaga, command: Command) -> Sequence[Any]:
    """The events of a command. Raises WrongState."""
    return _DECIDE[type(command)](saga, command)


def _draft(saga: OwnSaga, command: Draft) -> Sequence[Any]:
    _require(saga, "create", Status.NEW)
    return [DefinitionDrafted(command.definition)]


def _change(saga: OwnSaga, command: Change) -> Sequence[Any]:
    _require(saga, "change", *_EXISTING)
    return [] if command.definition == saga.definition else [DefinitionChanged(command.definition)]


def _publish(saga: OwnSaga, _: Publish) -> Sequence[Any]:
    _require(saga, "publish", *_EXISTING)
    if len(saga.versions) >= MOST_VERSIONS:
        raise WrongState("publish", f"saga {saga.id.key}", f"at version {MOST_VERSIONS}, the last there can be")
    return [DefinitionPublished(len(saga.versions) + 1)]


def _archive(saga: OwnSaga, _: Archive) -> Sequence[Any]:
    _require(saga, "archive", Status.DRAFT, Status.PUBLISHED)
    return [DefinitionArchived()]


def _require(saga: OwnSaga, action: str, *allowed: Status) -> None:
    if saga.status not in allowed:
        raise WrongState(action, f"saga {saga.id.key}", saga.status)


_DECIDE: Mapping[type, Callable[[OwnSaga, Any], Sequence[Any]]] = {
    Draft: _draft,
    Change: _change,
    Publish: _publish,
    Archive: _archive,
}


def _evolve(saga: OwnSaga, event: Any, stored: Event) -> OwnSaga:
    changed = replace(saga, revision=stored.version)
    match event:
        case DefinitionDrafted(definition):
            return replace(changed, status=Status.DRAFT, definition=definition)
        case DefinitionChanged(definition):
            return replace(changed, definition=definition)
        case DefinitionPublished(version):
            published = Version(version, stored.version, iso(stored.time), saga.definition)
            return replace(changed, status=Status.PUBLISHED, versions=(*saga.versions, published))
        case _:
            return replace(changed, status=Status.ARCHIVED)


AGGREGATE = Aggregate(EVENTS, OwnSaga, _evolve)
