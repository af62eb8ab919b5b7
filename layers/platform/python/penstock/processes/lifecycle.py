"""A definition's life: draft → published versions → archived, in streams of kind `process_definition`. Pure.

An instance keeps the version that it began with, so that every version stays known.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from penstock.events import Event, StreamId
from penstock.events.aggregate import Aggregate
from penstock.events.types import EventTypes
from penstock.json import JSONObject
from penstock.processes.errors import UnknownProcess, WrongStatus

EVENTS = EventTypes("process_definition")


class Status(StrEnum):
    """Where a definition stands."""

    NEW = "new"
    DRAFT = "draft"
    PUBLISHED = "published"
    ARCHIVED = "archived"


@EVENTS.type
@dataclass(frozen=True, slots=True)
class ProcessDrafted:
    """The draft began, or was replaced."""

    definition: JSONObject


@EVENTS.type
@dataclass(frozen=True, slots=True)
class ProcessPublished:
    """The draft became a version: from now on events start instances of it."""

    version: int


@EVENTS.type
@dataclass(frozen=True, slots=True)
class ProcessArchived:
    """It starts no more; instances that run go on. It can be published again."""


@dataclass(frozen=True, slots=True)
class Version:
    """A published version. Events of before `since` start no instance of it."""

    number: int
    since: datetime
    definition: JSONObject


@dataclass(frozen=True, slots=True)
class Definition:
    """One definition. `draft` is the document that would be published now."""

    id: StreamId
    status: Status = Status.NEW
    draft: JSONObject = field(default_factory=dict)
    versions: tuple[Version, ...] = ()

    def version(self, number: int) -> Version:
        """A published version by its number. Raises UnknownProcess."""
        if not 1 <= number <= len(self.versions):
            raise UnknownProcess(f"version {number} of process {self.id.key}")
        return self.versions[number - 1]


def draft(known: Definition, document: JSONObject) -> Sequence[Any]:
    """Begin or replace the draft; nothing happens when it is the same."""
    return [] if document == known.draft else [ProcessDrafted(document)]


def publish(known: Definition) -> Sequence[Any]:
    """Make the draft a version; one that is published as it is stays as it is."""
    is_published = known.status is Status.PUBLISHED and known.versions[-1].definition == known.draft
    return [] if is_published else [ProcessPublished(len(known.versions) + 1)]


def archive(known: Definition) -> Sequence[Any]:
    """Let it start no more. Raises WrongStatus."""
    if known.status is Status.ARCHIVED:
        raise WrongStatus(f"process {known.id.key}", known.status, "it was archived before")
    return [ProcessArchived()]


def _evolve(known: Definition, event: Any, stored: Event) -> Definition:
    match event:
        case ProcessDrafted(definition):
            status = Status.DRAFT if known.status is Status.NEW else known.status
            return replace(known, status=status, draft=definition)
        case ProcessPublished(number):
            version = Version(number, stored.time, known.draft)
            return replace(known, status=Status.PUBLISHED, versions=(*known.versions, version))
        case _:
            return replace(known, status=Status.ARCHIVED)


AGGREGATE = Aggregate(EVENTS, Definition, _evolve)
