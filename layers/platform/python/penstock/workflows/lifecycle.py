"""A workflow's life: draft → published → archived, as events. `DECISIONS` says what follows from each command.

A *revision* is the version of the workflow's stream: every change makes a new one, and any of them can be read and
run again. A *version* is what publishing makes, counted from 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from penstock.clock import iso
from penstock.events import Event, StreamId
from penstock.events.aggregate import Aggregate, Every
from penstock.events.commands import Decisions
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
    def is_there(self) -> bool:
        """Whether it was created, and is not deleted."""
        return self.status not in (Status.NEW, Status.DELETED)

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


@dataclass(frozen=True, slots=True)
class CreateWorkflow:
    """Begin a draft. The definition is valid."""

    definition: JSONObject


@dataclass(frozen=True, slots=True)
class UpdateWorkflow:
    """Replace the draft; nothing happens when it is the same. The definition is valid."""

    definition: JSONObject


@dataclass(frozen=True, slots=True)
class PublishWorkflow:
    """Make the draft a version."""


@dataclass(frozen=True, slots=True)
class RestoreVersion:
    """Make a version's definition the draft again."""

    version: int


@dataclass(frozen=True, slots=True)
class ArchiveWorkflow:
    """Stop it from starting."""


@dataclass(frozen=True, slots=True)
class DeleteWorkflow:
    """Take it away."""


Command = CreateWorkflow | UpdateWorkflow | PublishWorkflow | RestoreVersion | ArchiveWorkflow | DeleteWorkflow


def _create(workflow: Workflow, command: CreateWorkflow) -> Sequence[Any]:
    if workflow.status is not Status.NEW:
        raise WrongState("create", f"workflow {workflow.id.key}", workflow.status)
    return [WorkflowCreated(command.definition)]


def _update(workflow: Workflow, command: UpdateWorkflow) -> Sequence[Any]:
    _require(workflow, "change", Status.DRAFT, Status.PUBLISHED, Status.ARCHIVED)
    return [] if command.definition == workflow.definition else [WorkflowUpdated(command.definition)]


def _publish(workflow: Workflow, _: PublishWorkflow) -> Sequence[Any]:
    _require(workflow, "publish", Status.DRAFT, Status.PUBLISHED, Status.ARCHIVED)
    return [WorkflowPublished(len(workflow.versions) + 1)]


def _restore_version(workflow: Workflow, command: RestoreVersion) -> Sequence[Any]:
    _require(workflow, "change", Status.DRAFT, Status.PUBLISHED, Status.ARCHIVED)
    return [VersionRestored(workflow.version(command.version).number)]


def _archive(workflow: Workflow, _: ArchiveWorkflow) -> Sequence[Any]:
    _require(workflow, "archive", Status.DRAFT, Status.PUBLISHED)
    return [WorkflowArchived()]


def _delete(workflow: Workflow, _: DeleteWorkflow) -> Sequence[Any]:
    _require(workflow, "delete", Status.DRAFT, Status.PUBLISHED, Status.ARCHIVED)
    return [WorkflowDeleted()]


def _require(workflow: Workflow, action: str, *allowed: Status) -> None:
    if not workflow.is_there:
        raise UnknownWorkflow(f"workflow {workflow.id.key}")
    if workflow.status not in allowed:
        raise WrongState(action, f"workflow {workflow.id.key}", workflow.status)


DECISIONS: Decisions[Workflow] = {
    CreateWorkflow: _create,
    UpdateWorkflow: _update,
    PublishWorkflow: _publish,
    RestoreVersion: _restore_version,
    ArchiveWorkflow: _archive,
    DeleteWorkflow: _delete,
}


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


AGGREGATE = Aggregate(EVENTS, Workflow, _evolve, dump=_dump, restore=_restore, snapshots=Every())
