"""A workflow's life: draft → published → archived, as events. Commands are pure: `decide(state, command) → events`.

A *revision* is the version of the workflow's stream: every change makes a new one, and any of them can be read and
run again. A *version* is what publishing makes, counted from 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from penstock.clock import iso
from penstock.events import Event, StreamId
from penstock.events.aggregate import Aggregate
from penstock.events.types import EventTypes
from penstock.json import JSON, JSONObject
from penstock.workflows.errors import UnknownWorkflow, WrongState

EVENTS = EventTypes("workflow")


class Status(StrEnum):
    """Where a workflow stands."""

    NEW = "new"
    DRAFT = "draft"
    PUBLISHED = "published"
    ARCHIVED = "archived"
    DELETED = "deleted"


@EVENTS.type
@dataclass(frozen=True, slots=True)
class WorkflowCreated:
    """A draft began."""

    definition: JSONObject


@EVENTS.type
@dataclass(frozen=True, slots=True)
class WorkflowUpdated:
    """The draft was replaced."""

    definition: JSONObject


@EVENTS.type
@dataclass(frozen=True, slots=True)
class WorkflowPublished:
    """The draft became a version; executions start from it."""

    version: int


@EVENTS.type
@dataclass(frozen=True, slots=True)
class VersionRestored:
    """A published version's definition became the draft again."""

    version: int


@EVENTS.type
@dataclass(frozen=True, slots=True)
class WorkflowArchived:
    """It starts no more; it can be published again."""


@EVENTS.type
@dataclass(frozen=True, slots=True)
class WorkflowDeleted:
    """It is gone from every list. Its events stay."""


@dataclass(frozen=True, slots=True)
class Version:
    """A published version: its number, the revision that holds its definition, and when it was published."""

    number: int
    revision: int
    published_at: str
    definition: JSONObject


@dataclass(frozen=True, slots=True)
class Workflow:
    """The state of one workflow. `definition` is the draft."""

    id: StreamId
    status: Status = Status.NEW
    revision: int = 0
    definition: JSONObject = field(default_factory=dict)
    versions: tuple[Version, ...] = ()

    @property
    def published(self) -> Version:
        """The version that executions start from. Raises UnknownWorkflow when there is none."""
        if self.status is not Status.PUBLISHED:
            raise UnknownWorkflow(f"published workflow {self.id.key}")
        return self.versions[-1]

    def version(self, number: int) -> Version:
        """A published version by its number. Raises UnknownWorkflow."""
        if not 1 <= number <= len(self.versions):
            raise UnknownWorkflow(f"version {number} of workflow {self.id.key}")
        return self.versions[number - 1]


def create(workflow: Workflow, definition: JSONObject) -> Sequence[Any]:
    """Begin a draft."""
    _require(workflow, "create", Status.NEW)
    return [WorkflowCreated(definition)]


def update(workflow: Workflow, definition: JSONObject) -> Sequence[Any]:
    """Replace the draft; nothing happens when it is the same."""
    _require(workflow, "change", Status.DRAFT, Status.PUBLISHED, Status.ARCHIVED)
    return [] if definition == workflow.definition else [WorkflowUpdated(definition)]


def publish(workflow: Workflow) -> Sequence[Any]:
    """Make the draft a version."""
    _require(workflow, "publish", Status.DRAFT, Status.PUBLISHED, Status.ARCHIVED)
    return [WorkflowPublished(len(workflow.versions) + 1)]


def archive(workflow: Workflow) -> Sequence[Any]:
    """Stop it from starting."""
    _require(workflow, "archive", Status.DRAFT, Status.PUBLISHED)
    return [WorkflowArchived()]


def delete(workflow: Workflow) -> Sequence[Any]:
    """Take it away."""
    _require(workflow, "delete", Status.DRAFT, Status.PUBLISHED, Status.ARCHIVED)
    return [WorkflowDeleted()]


def restore(workflow: Workflow, version: int) -> Sequence[Any]:
    """Make a version's definition the draft again. Raises UnknownWorkflow when there is no such version."""
    _require(workflow, "change", Status.DRAFT, Status.PUBLISHED, Status.ARCHIVED)
    workflow.version(version)
    return [VersionRestored(version)]


def _require(workflow: Workflow, action: str, *allowed: Status) -> None:
    if workflow.status not in allowed:
        raise WrongState(action, f"workflow {workflow.id.key}", workflow.status)


def _evolve(workflow: Workflow, event: Any, stored: Event) -> Workflow:
    changed = replace(workflow, revision=stored.version)
    match event:
        case WorkflowCreated(definition):
            return replace(changed, status=Status.DRAFT, definition=definition)
        case WorkflowUpdated(definition):
            return replace(changed, definition=definition)
        case WorkflowPublished(version):
            published = Version(version, stored.version, iso(stored.time), workflow.definition)
            return replace(changed, status=Status.PUBLISHED, versions=(*workflow.versions, published))
        case VersionRestored(version):
            return replace(changed, definition=workflow.version(version).definition)
        case WorkflowArchived():
            return replace(changed, status=Status.ARCHIVED)
        case _:
            return replace(changed, status=Status.DELETED)


def _dump(workflow: Workflow) -> JSON:
    versions = [
        [version.number, version.revision, version.published_at, version.definition] for version in workflow.versions
    ]
    return [str(workflow.id), workflow.status, workflow.revision, workflow.definition, versions]


def _restore(state: JSON) -> Workflow:
    stream, status, revision, definition, versions = state
    return Workflow(
        StreamId.parse(stream), Status(status), revision, definition, tuple(Version(*entry) for entry in versions)
    )


AGGREGATE = Aggregate(EVENTS, Workflow, _evolve, dump=_dump, restore=_restore)
