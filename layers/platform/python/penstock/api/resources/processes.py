"""Processes as the API shows them."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import BaseModel, ConfigDict, Field

from penstock.clock import from_millis, iso
from penstock.documents.lifecycle import Standing, Version
from penstock.events.aggregate import Loaded
from penstock.library import BuiltIn
from penstock.processes.lifecycle import Definition
from penstock.processes.state import Process, Run, Status
from penstock.sagas.state import StepStatus

ProcessId = Annotated[str, Path(min_length=1, max_length=200, description="The process's id")]
InstanceId = Annotated[str, Path(min_length=1, max_length=200, description="The instance's id")]
BuiltInId = Annotated[str, Path(min_length=1, max_length=120, description="The id of a process of the library")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Decision(_Body):
    """Why."""

    reason: str = Field(min_length=1, max_length=1_000, description="It stays on record")


class Undone(Decision):
    """Which stuck action was undone by hand, and why."""

    action: str = Field(min_length=1, max_length=120, description="One of those that are stuck")


class BuiltInView(BaseModel):
    """A process that can be adopted."""

    id: str
    wing: str
    name: str
    description: str
    definition: dict[str, Any]

    @classmethod
    def of(cls, process: BuiltIn) -> "BuiltInView":
        """The process as it is shown."""
        known = process.definition
        about = {"name": known["name"], "description": known.get("description", "")}
        return cls(id=process.id, wing=process.wing, definition=known, **about)


class DefinitionView(BaseModel):
    """A definition with its draft."""

    id: str
    status: Standing
    version: int | None = Field(description="The number of the newest published version")
    definition: dict[str, Any] = Field(description="The draft: what is published next")

    @classmethod
    def of(cls, known: Definition) -> "DefinitionView":
        """The definition as it is shown."""
        newest = known.versions[-1].number if known.versions else None
        return cls(id=known.id.key, status=known.status, version=newest, definition=known.definition)


class VersionView(BaseModel):
    """A published version."""

    number: int
    published_at: str
    definition: dict[str, Any]

    @classmethod
    def of(cls, version: Version) -> "VersionView":
        """The version as it is shown."""
        return cls(number=version.number, published_at=iso(version.published_at), definition=version.definition)


class DefinitionSummary(BaseModel):
    """A definition as it is listed."""

    model_config = ConfigDict(extra="ignore")

    id: str
    name: str
    description: str
    status: Standing
    version: int | None
    listens: list[str] = Field(description="The kinds of stream whose events it gets")
    created_at: str
    updated_at: str
    updated_by: str


class RunView(BaseModel):
    """Where an action stands. `run` is its name, with a number when it is done again."""

    run: str
    status: StepStatus
    attempts: int
    compensation: str | None = Field(description="What undoes it")
    compensation_attempts: int
    event: str = Field(description="The event on whose account it is done")
    result: dict[str, Any]
    error: dict[str, Any] | None = Field(description="What went wrong last")

    @classmethod
    def of(cls, run: Run, undone_by: str | None) -> "RunView":
        """The action as it is shown."""
        return cls(
            run=run.key,
            status=run.status,
            attempts=run.attempts,
            compensation=undone_by,
            compensation_attempts=run.undo_attempts,
            event=run.event,
            result=run.result,
            error=run.error,
        )


class InstanceView(BaseModel):
    """Where an instance stands, and what it has done."""

    id: str
    process: str
    process_version: int
    name: str
    status: Status
    version: int = Field(description="Of its stream: how many events there are")
    state: str | None = Field(description="What it waits in")
    deadline: str | None = Field(description="When that is over")
    waiting: list[str] = Field(description="Events that no state has taken yet")
    is_reversed: bool = Field(description="On its way back: it only undoes")
    stuck: list[str] = Field(description="The actions that need a person")
    reason: str | None
    actions: list[RunView]
    started_by: str = Field(description="The event that started it")
    correlation: str

    @classmethod
    def of(cls, loaded: Loaded[Process]) -> "InstanceView":
        """The instance as it is shown."""
        process, tasks = loaded.state, loaded.state.tasks
        undone_by = {name: task.compensation.name if task.compensation else None for name, task in tasks.items()}
        return cls(
            id=process.id.key,
            process=process.process,
            process_version=process.version,
            name=process.definition.name,
            status=process.status,
            version=loaded.position.version,
            state=process.state or None,
            deadline=iso(from_millis(process.deadline)) if process.deadline is not None else None,
            waiting=[each.event for each in process.pending],
            is_reversed=process.is_reversed,
            stuck=list(process.stuck),
            reason=process.reason,
            actions=[RunView.of(run, undone_by[run.action]) for run in process.runs.values()],
            started_by=process.start,
            correlation=process.correlation,
        )


class InstanceSummary(BaseModel):
    """An instance as it is listed."""

    model_config = ConfigDict(extra="ignore")

    id: str
    process: str
    version: int = Field(description="The version of the process that it began with")
    name: str
    status: Status
    state: str | None
    deadline: str | None
    stuck: list[str]
    reason: str | None
    failures: int
    correlation: str
    started_at: str
    ended_at: str | None
    duration_ms: int | None
