"""A definition's life: draft → published versions → archived, in streams of kind `process_definition`. Pure.

An instance keeps the version that it began with, so that every version stays known. Events of before a version was
published start no instance of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from penstock.documents import lifecycle
from penstock.documents.lifecycle import Archive, Change, Document, Kind, Publish, Status
from penstock.events.aggregate import Aggregate
from penstock.events.commands import Decisions
from penstock.events.types import EventTypes
from penstock.processes.errors import UnknownProcess, WrongStatus

EVENTS = EventTypes("process_definition")


@EVENTS.type
@dataclass(frozen=True, slots=True)
class ProcessDrafted(lifecycle.Drafted):
    """The draft began, or was replaced."""


@EVENTS.type
@dataclass(frozen=True, slots=True)
class ProcessPublished(lifecycle.Published):
    """The draft became a version: from now on events start instances of it."""


@EVENTS.type
@dataclass(frozen=True, slots=True)
class ProcessArchived(lifecycle.Archived):
    """It starts no more; instances that run go on. It can be published again."""


def _refused(_: str, name: str, status: str) -> WrongStatus:
    return WrongStatus(name, status, f"it was {status} before")


@dataclass(frozen=True, slots=True)
class Definition(Document):
    """The state of one definition. `definition` is the draft."""

    kind: ClassVar = Kind("process", UnknownProcess, _refused)


_OF_EVERY_KIND = lifecycle.decisions({Publish: ProcessPublished, Archive: ProcessArchived})


def _draft(known: Definition, command: Change) -> Sequence[Any]:
    """Begin or replace the draft: an adopted process has the same id each time."""
    return [] if command.definition == known.definition else [ProcessDrafted(command.definition)]


def _publish(known: Definition, command: Publish) -> Sequence[Any]:
    """Make the draft a version; one that is published as it is stays as it is."""
    is_published = known.status is Status.PUBLISHED and known.versions[-1].definition == known.definition
    return [] if is_published else _OF_EVERY_KIND[Publish](known, command)


DECISIONS: Decisions[Definition] = {**_OF_EVERY_KIND, Change: _draft, Publish: _publish}
AGGREGATE = Aggregate(EVENTS, Definition, lifecycle.evolve)
