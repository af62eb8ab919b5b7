"""One run of a saga, folded from its events."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from typing import Any

from penstock.events import Event, StreamId
from penstock.events.aggregate import Aggregate
from penstock.json import JSONObject, canonical, loads
from penstock.sagas import events as happened
from penstock.sagas.definition import SagaDefinition
from penstock.sagas.events import EVENTS
from penstock.sagas.plan import Plan


class Status(StrEnum):
    """Where a run stands."""

    NEW = "new"
    RUNNING = "running"
    COMPENSATING = "compensating"
    COMPLETED = "completed"
    COMPENSATED = "compensated"
    NEEDS_ATTENTION = "needs_attention"


class StepStatus(StrEnum):
    """Where a step stands. `started`: it may have happened. `rejected`: it has not, and will not."""

    PENDING = "pending"
    STARTED = "started"
    SUCCEEDED = "succeeded"
    REJECTED = "rejected"
    COMPENSATING = "compensating"
    COMPENSATED = "compensated"


UNDONE = frozenset({StepStatus.PENDING, StepStatus.REJECTED, StepStatus.COMPENSATED})
"""There is nothing to undo, or nothing left."""

_BEING_UNDONE = frozenset({StepStatus.COMPENSATING, StepStatus.COMPENSATED})


@dataclass(frozen=True, slots=True)
class StepState:
    """`round` counts how often the step has come to have happened: each time needs a compensation of its own."""

    status: StepStatus = StepStatus.PENDING
    attempts: int = 0
    undo_attempts: int = 0
    round: int = 1
    result: JSONObject = field(default_factory=dict)
    error: JSONObject | None = None


@dataclass(frozen=True)
class SagaRun:
    """The state of one run. `is_reversed`: it is on its way back. `version`: of an own saga, None of a built-in one."""

    id: StreamId
    status: Status = Status.NEW
    saga: str = ""
    version: int | None = None
    definition: JSONObject = field(default_factory=dict)
    input: JSONObject = field(default_factory=dict)
    correlation: str = ""
    steps: dict[str, StepState] = field(default_factory=dict)
    is_reversed: bool = False
    resumptions: int = 0
    stuck: tuple[str, ...] = ()
    reason: str | None = None

    @property
    def plan(self) -> Plan:
        """The stages of its own definition."""
        return _plan(canonical(self.definition))

    @property
    def ended(self) -> bool:
        """Whether nothing more is to be done."""
        return self.status in (Status.COMPLETED, Status.COMPENSATED)


@lru_cache(maxsize=200)
def _plan(definition: bytes) -> Plan:
    return Plan(SagaDefinition.model_validate(loads(definition)))


def _step(run: SagaRun, name: str, **changes: Any) -> SagaRun:
    """The run with a step changed; in place, as a fold may, since every load folds a run of its own."""
    run.steps[name] = replace(run.steps[name], **changes)
    return run


def _started(run: SagaRun, event: happened.SagaStarted, stored: Event) -> SagaRun:
    begun = replace(
        run,
        status=Status.RUNNING,
        saga=event.saga,
        version=event.version,
        definition=event.definition,
        input=event.input,
        correlation=stored.origin.correlation,
    )
    return replace(begun, steps={name: StepState() for name in begun.plan.steps})


def _step_started(run: SagaRun, event: happened.StepStarted, _: Event) -> SagaRun:
    return _step(run, event.step, status=StepStatus.STARTED, attempts=event.attempt)


def _step_succeeded(run: SagaRun, event: happened.StepSucceeded, _: Event) -> SagaRun:
    known = run.steps[event.step]
    later = known.round + (known.status in _BEING_UNDONE)
    return _step(run, event.step, status=StepStatus.SUCCEEDED, result=event.result, error=None, round=later)


def _step_failed(run: SagaRun, event: happened.StepFailed, _: Event) -> SagaRun:
    """An earlier attempt may have had its effect, whatever a later one was told: only a first refusal is clean."""
    known = run.steps[event.step]
    is_rejected = event.final and event.attempt == 1 and known.status is StepStatus.STARTED
    return _step(run, event.step, status=StepStatus.REJECTED if is_rejected else known.status, error=event.error)


def _reversed(run: SagaRun, _: happened.SagaReversed, __: Event) -> SagaRun:
    return replace(run, status=Status.COMPENSATING, is_reversed=True)


def _compensation_started(run: SagaRun, event: happened.CompensationStarted, _: Event) -> SagaRun:
    return _step(run, event.step, status=StepStatus.COMPENSATING, undo_attempts=event.attempt)


def _compensation_succeeded(run: SagaRun, event: happened.CompensationSucceeded, _: Event) -> SagaRun:
    return _step(run, event.step, status=StepStatus.COMPENSATED)


def _compensation_failed(run: SagaRun, event: happened.CompensationFailed, _: Event) -> SagaRun:
    return _step(run, event.step, error=event.error)


def _completed(run: SagaRun, _: happened.SagaCompleted, __: Event) -> SagaRun:
    return replace(run, status=Status.COMPLETED)


def _compensated(run: SagaRun, _: happened.SagaCompensated, __: Event) -> SagaRun:
    return replace(run, status=Status.COMPENSATED)


def _needs_attention(run: SagaRun, event: happened.SagaNeedsAttention, _: Event) -> SagaRun:
    return replace(run, status=Status.NEEDS_ATTENTION, stuck=tuple(event.steps), reason=event.reason)


def _resolved(run: SagaRun, event: happened.StepResolved, _: Event) -> SagaRun:
    if event.happened:
        return _step(run, event.step, status=StepStatus.SUCCEEDED, result=event.result, error=None)
    settled = StepStatus.COMPENSATED if run.is_reversed else StepStatus.REJECTED
    return _step(replace(run, is_reversed=True), event.step, status=settled, error=None)


def _resumed(run: SagaRun, event: happened.SagaResumed, _: Event) -> SagaRun:
    status = Status.COMPENSATING if run.is_reversed else Status.RUNNING
    steps = run.steps if run.is_reversed else {name: _asked_again(step) for name, step in run.steps.items()}
    return replace(run, status=status, steps=steps, resumptions=event.number, stuck=(), reason=None)


def _asked_again(step: StepState) -> StepState:
    return replace(step, status=StepStatus.PENDING) if step.status is StepStatus.REJECTED else step


_EVOLVE: Mapping[type, Callable[[SagaRun, Any, Event], SagaRun]] = {
    happened.SagaStarted: _started,
    happened.StepStarted: _step_started,
    happened.StepSucceeded: _step_succeeded,
    happened.StepFailed: _step_failed,
    happened.SagaReversed: _reversed,
    happened.CompensationStarted: _compensation_started,
    happened.CompensationSucceeded: _compensation_succeeded,
    happened.CompensationFailed: _compensation_failed,
    happened.SagaCompleted: _completed,
    happened.SagaCompensated: _compensated,
    happened.SagaNeedsAttention: _needs_attention,
    happened.StepResolved: _resolved,
    happened.SagaResumed: _resumed,
}


def evolve(run: SagaRun, event: Any, stored: Event) -> SagaRun:
    """The run after the event."""
    return _EVOLVE[type(event)](run, event, stored)


AGGREGATE = Aggregate(EVENTS, SagaRun, evolve)
