"""A workflow's life: draft → published → archived, as events. Each of its revisions can be run again."""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from penstock.documents import lifecycle
from penstock.documents.lifecycle import Archive, Change, Create, Delete, Document, Kind, Publish, Restore
from penstock.events.aggregate import Aggregate, Every
from penstock.events.types import EventTypes
from penstock.workflows.errors import UnknownWorkflow, WrongState

EVENTS = EventTypes("workflow")


@EVENTS.type
@dataclass(frozen=True, slots=True)
class WorkflowCreated(lifecycle.Drafted):
    """A draft began."""


@EVENTS.type
@dataclass(frozen=True, slots=True)
class WorkflowUpdated(lifecycle.Drafted):
    """The draft was replaced."""


@EVENTS.type
@dataclass(frozen=True, slots=True)
class WorkflowPublished(lifecycle.Published):
    """The draft became a version; executions start from it."""


@EVENTS.type
@dataclass(frozen=True, slots=True)
class VersionRestored(lifecycle.Restored):
    """A published version's definition became the draft again."""


@EVENTS.type
@dataclass(frozen=True, slots=True)
class WorkflowArchived(lifecycle.Archived):
    """It starts no more; it can be published again."""


@EVENTS.type
@dataclass(frozen=True, slots=True)
class WorkflowDeleted(lifecycle.Deleted):
    """It is gone from every list. Its events stay."""


@dataclass(frozen=True, slots=True)
class Workflow(Document):
    """The state of one workflow. `definition` is the draft."""

    kind: ClassVar = Kind("workflow", UnknownWorkflow, WrongState)


DECISIONS = lifecycle.decisions(
    {
        Create: WorkflowCreated,
        Change: WorkflowUpdated,
        Publish: WorkflowPublished,
        Restore: VersionRestored,
        Archive: WorkflowArchived,
        Delete: WorkflowDeleted,
    }
)
AGGREGATE = Aggregate(
    EVENTS,
    Workflow,
    lifecycle.evolve,
    dump=lifecycle.dump,
    restore=partial(lifecycle.restore, Workflow),
    snapshots=Every(),
)
