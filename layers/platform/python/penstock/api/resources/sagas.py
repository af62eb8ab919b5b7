"""Sagas as the API shows them."""

from typing import Annotated, Any, Literal

from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import BaseModel, ConfigDict, Field

from penstock.events.aggregate import Loaded
from penstock.sagas.library import BuiltIn
from penstock.sagas.state import SagaRun, Status, StepState, StepStatus

SagaId = Annotated[str, Path(min_length=1, max_length=120, description="The saga's id")]
RunId = Annotated[str, Path(min_length=1, max_length=200, description="The run's id")]
Reason = Annotated[str, Field(min_length=1, max_length=1_000, description="Why; it stays on record")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class StartSaga(_Body):
    """Which saga, on what."""

    saga: str = Field(min_length=1, max_length=120, description="The saga's id")
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


class DefinitionView(BaseModel):
    """A saga that can be started."""

    id: str
    wing: str
    name: str
    description: str
    definition: dict[str, Any]

    @classmethod
    def of(cls, saga: BuiltIn) -> "DefinitionView":
        """The saga as it is shown."""
        known = saga.definition
        return cls(
            id=saga.id,
            wing=saga.wing,
            name=known["name"],
            description=known.get("description", ""),
            definition=known,
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


def listing(saga: str | None, status: Status | None) -> tuple[str, str]:
    """The index of the listing by these filters, and the prefix within it."""
    if saga:
        return ("saga_status", f"{saga} {status} ") if status else ("saga", f"{saga} ")
    return ("status", f"{status} ") if status else ("", "")
