"""Sagas as the API shows them."""

from typing import Annotated, Any, Literal

from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import BaseModel, ConfigDict, Field

from penstock.documents.lifecycle import Status as DefinitionStatus
from penstock.events.aggregate import Loaded
from penstock.library import BuiltIn
from penstock.sagas.lifecycle import OwnSaga
from penstock.sagas.state import SagaRun, Status, StepState, StepStatus

SagaId = Annotated[str, Path(min_length=1, max_length=120, description="The saga's id")]
RunId = Annotated[str, Path(min_length=1, max_length=200, description="The run's id")]
SagaDocument = dict[str, Any]
Reason = Annotated[str, Field(min_length=1, max_length=1_000, description="Why; it stays on record")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class StartSaga(_Body):
    """Which saga, on what."""

    saga: str = Field(min_length=1, max_length=120, description="The saga's id")
    version: int | None = Field(default=None, ge=1, description="Of your own saga; the newest when left out")
    input: dict[str, Any] = Field(default_factory=dict, description="As the saga's `input` schema has it")


class Resumption(_Body):
    """Why it may go on."""

    reason: Reason


class Resolution(_Body):
    """How a stuck step stands, now that somebody has taken care of it."""

    step: str = Field(min_length=1, max_length=120, description="One of those that are stuck")
    outcome: Literal["done", "not_done"] = Field(
        description="`done`: the step has happened, whoever did it. `not_done`: it has not, or it is undone"
    )
    reason: Reason
    result: dict[str, Any] = Field(default_factory=dict, description="What later steps read of it, when it is done")


class NewSaga(_Body):
    """A saga of one's own."""

    id: str = Field(min_length=1, max_length=60, description="What runs name: a word of a-z, 0-9 and _")
    definition: SagaDocument = Field(description="Its steps, and what undoes them")


class DefinitionSummary(BaseModel):
    """A saga as it is listed."""

    model_config = ConfigDict(extra="ignore")

    id: str
    wing: str | None = Field(default=None, description="Which part of the platform it comes with; null for your own")
    name: str
    description: str
    status: str = Field(description="`draft`, `published` or `archived`; built-in ones are published")
    version: int | None = Field(default=None, description="The newest published version; built-in ones have none")

    @classmethod
    def of(cls, saga: BuiltIn) -> "DefinitionSummary":
        """A built-in saga as it is listed."""
        name, description = saga.definition["name"], saga.definition.get("description", "")
        return cls(id=saga.id, wing=saga.wing, name=name, description=description, status=DefinitionStatus.PUBLISHED)


class DefinitionView(DefinitionSummary):
    """A saga with its steps."""

    revision: int | None = Field(
        default=None, description="Rises with every change; give it as `If-Match` to change what you saw"
    )
    definition: dict[str, Any] = Field(description="Of your own, the draft")

    @classmethod
    def of(cls, saga: OwnSaga | BuiltIn) -> "DefinitionView":
        """The saga as it is shown."""
        if isinstance(saga, BuiltIn):
            return cls(**DefinitionSummary.of(saga).model_dump(), definition=saga.definition)
        return cls(
            id=saga.id.key,
            name=saga.definition["name"],
            description=saga.definition.get("description", ""),
            status=saga.status,
            version=len(saga.versions) or None,
            revision=saga.revision,
            definition=saga.definition,
        )


class StepView(BaseModel):
    """Where a step stands."""

    name: str
    status: StepStatus
    attempts: int
    compensation: str | None = Field(description="What undoes it")
    compensation_attempts: int
    result: dict[str, Any]
    error: dict[str, Any] | None = Field(description="What went wrong last")

    @classmethod
    def of(cls, name: str, state: StepState, compensation: str | None) -> "StepView":
        """The step as it is shown."""
        return cls(
            name=name,
            status=state.status,
            attempts=state.attempts,
            compensation=compensation,
            compensation_attempts=state.undo_attempts,
            result=state.result,
            error=state.error,
        )


class RunView(BaseModel):
    """Where a run stands, step by step."""

    id: str
    saga: str
    saga_version: int | None = Field(description="The version of your own saga; null for a built-in one")
    name: str
    status: Status
    version: int = Field(description="Of its stream: how many events there are")
    is_reversed: bool = Field(description="On its way back: it only undoes")
    stuck: list[str] = Field(description="The steps that need a person")
    reason: str | None = Field(description="Why it needs one")
    input: dict[str, Any]
    steps: list[StepView]
    correlation: str

    @classmethod
    def of(cls, loaded: Loaded[SagaRun]) -> "RunView":
        """The run as it is shown."""
        run = loaded.state
        undone_by = {
            name: step.compensation.name if step.compensation else None for name, step in run.plan.steps.items()
        }
        return cls(
            id=run.id.key,
            saga=run.saga,
            saga_version=run.version,
            name=run.plan.definition.name,
            status=run.status,
            version=loaded.position.version,
            is_reversed=run.is_reversed,
            stuck=list(run.stuck),
            reason=run.reason,
            input=run.input,
            steps=[StepView.of(name, state, undone_by[name]) for name, state in run.steps.items()],
            correlation=run.correlation,
        )


class RunSummary(BaseModel):
    """A run as it is listed."""

    model_config = ConfigDict(extra="ignore")

    id: str
    saga: str
    name: str
    status: Status
    step: str | None = Field(description="What it is at")
    stuck: list[str]
    reason: str | None
    failures: int
    started_at: str
    ended_at: str | None
    duration_ms: int | None
    correlation: str
