"""A document's life: draft → published versions → archived, as events. Pure.

A kind stores what happens in event types of its own, which it derives from those here; a table says which of its types
each command comes to, and a command without one is not for that kind.

A *revision* is the version of the document's stream: every change makes a new one, and any of them can be read again.
A *version* is what publishing makes, counted from 1; it never changes.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any, ClassVar, Literal, TypeAlias, TypeVar

from penstock.clock import iso
from penstock.events import Event, StreamId
from penstock.events.commands import Decisions
from penstock.json import JSON, JSONObject


class Status(StrEnum):
    """Where a document stands."""

    NEW = "new"
    DRAFT = "draft"
    PUBLISHED = "published"
    ARCHIVED = "archived"
    DELETED = "deleted"


Standing: TypeAlias = Literal[Status.NEW, Status.DRAFT, Status.PUBLISHED, Status.ARCHIVED]
"""Where a document of a kind that deletes none stands."""


@dataclass(frozen=True, slots=True)
class Drafted:
    """The draft began, or was replaced."""

    definition: JSONObject


@dataclass(frozen=True, slots=True)
class Published:
    """The draft became a version."""

    version: int


@dataclass(frozen=True, slots=True)
class Restored:
    """A published version's definition became the draft again."""

    version: int


@dataclass(frozen=True, slots=True)
class Archived:
    """It is used no more; it can be published again."""


@dataclass(frozen=True, slots=True)
class Deleted:
    """It is gone from every list. Its events stay."""


@dataclass(frozen=True, slots=True)
class Version:
    """A published version: its number, the revision that holds its definition, and when it was published."""

    number: int
    revision: int
    published_at: datetime
    definition: JSONObject


@dataclass(frozen=True, slots=True)
class Kind:
    """What a document of a kind is called, and the errors of those that there are not, and of actions that do not fit.

    `unknown` is made of what there is not; `refused` of the action, the document's name and where it stands.
    """

    noun: str
    unknown: Callable[[str], Exception]
    refused: Callable[[str, str, str], Exception]


@dataclass(frozen=True, slots=True)
class Document:
    """The state of one document. `definition` is the draft."""

    kind: ClassVar[Kind]

    id: StreamId
    status: Status = Status.NEW
    revision: int = 0
    definition: JSONObject = field(default_factory=dict)
    versions: tuple[Version, ...] = ()

    @property
    def name(self) -> str:
        """What it is called in errors."""
        return f"{self.kind.noun} {self.id.key}"

    @property
    def is_there(self) -> bool:
        """Whether it was created, and is not deleted."""
        return self.status not in (Status.NEW, Status.DELETED)

    def released(self, number: int | None = None) -> Version:
        """The version in use: the newest, or the one with this number. Raises the kind's error when there is none."""
        if self.status is not Status.PUBLISHED:
            raise self.kind.unknown(f"published {self.name}")
        return self.version(number or len(self.versions))

    def version(self, number: int) -> Version:
        """A published version by its number. Raises the kind's error when there is none."""
        if not 1 <= number <= len(self.versions):
            raise self.kind.unknown(f"version {number} of {self.name}")
        return self.versions[number - 1]


D = TypeVar("D", bound=Document)


@dataclass(frozen=True, slots=True)
class Create:
    """Begin a draft. The definition is valid."""

    definition: JSONObject


@dataclass(frozen=True, slots=True)
class Change:
    """Replace the draft; nothing happens when it is the same. The definition is valid."""

    definition: JSONObject


@dataclass(frozen=True, slots=True)
class Publish:
    """Make the draft a version."""


@dataclass(frozen=True, slots=True)
class Restore:
    """Make a version's definition the draft again."""

    version: int


@dataclass(frozen=True, slots=True)
class Archive:
    """Let it be used no more."""


@dataclass(frozen=True, slots=True)
class Delete:
    """Take it away."""


Command: TypeAlias = Create | Change | Publish | Restore | Archive | Delete
_EXISTING = (Status.DRAFT, Status.PUBLISHED, Status.ARCHIVED)
_FITS: Mapping[type, tuple[str, Collection[Status]]] = {
    Create: ("create", (Status.NEW,)),
    Change: ("change", _EXISTING),
    Publish: ("publish", _EXISTING),
    Restore: ("change", _EXISTING),
    Archive: ("archive", (Status.DRAFT, Status.PUBLISHED)),
    Delete: ("delete", _EXISTING),
}
"""What each command is called, and where a document stands that it fits."""


def decisions(facts: Mapping[type, type]) -> Decisions[Any]:
    """The decisions of a kind, from the event type that each of its commands comes to."""
    return {command: partial(_decide, fact) for command, fact in facts.items()}


def _decide(fact: Callable[..., Any], document: Document, command: Command) -> Sequence[Any]:
    _require(document, *_FITS[type(command)])
    match command:
        case Create(definition):
            return [fact(definition)]
        case Change(definition):
            return [] if definition == document.definition else [fact(definition)]
        case Publish():
            return [fact(len(document.versions) + 1)]
        case Restore(number):
            return [fact(document.version(number).number)]
        case _:
            return [fact()]


def _require(document: Document, action: str, fits: Collection[Status]) -> None:
    if document.status in fits:
        return
    if document.is_there or Status.NEW in fits:
        raise document.kind.refused(action, document.name, document.status)
    raise document.kind.unknown(document.name)


def evolve(document: D, event: Any, stored: Event) -> D:
    """The document after the event."""
    changed = replace(document, revision=stored.version)
    match event:
        case Drafted(definition):
            status = Status.DRAFT if document.status is Status.NEW else document.status
            return replace(changed, status=status, definition=definition)
        case Published(number):
            version = Version(number, stored.version, stored.time, document.definition)
            return replace(changed, status=Status.PUBLISHED, versions=(*document.versions, version))
        case Restored(number):
            return replace(changed, definition=document.version(number).definition)
        case Archived():
            return replace(changed, status=Status.ARCHIVED)
        case _:
            return replace(changed, status=Status.DELETED)


def dump(document: Document) -> JSON:
    """The document as a snapshot keeps it."""
    versions = [[each.number, each.revision, iso(each.published_at), each.definition] for each in document.versions]
    return [str(document.id), document.status, document.revision, document.definition, versions]


def restore(state_of: type[D], state: JSON) -> D:
    """A document of the kind from what `dump` made."""
    stream, status, revision, definition, entries = state
    versions = (Version(number, held, datetime.fromisoformat(at), known) for number, held, at, known in entries)
    return state_of(StreamId.parse(stream), Status(status), revision, definition, tuple(versions))
