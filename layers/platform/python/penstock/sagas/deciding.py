"""What may follow from where a run stands: pure, and safe to ask twice.

Every function gives the events that are missing; none when what is asked was done before, or may no longer be done.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from penstock.json import JSONObject
from penstock.sagas import events as happened
from penstock.sagas.errors import NotResumable
from penstock.sagas.plan import Zone
from penstock.sagas.state import UNDONE, SagaRun, Status, StepStatus

Events = Sequence[Any]


class Outcome(StrEnum):
    """What the machine is told. All else that can come of a call is an exception, and tried again."""

    DONE = "done"
    REJECTED = "rejected"


def verdict(run: SagaRun, step: str) -> Outcome | None:
    """What is known of a step without running it; None when it is to be run."""
    if run.steps[step].status is StepStatus.SUCCEEDED:
        return Outcome.DONE
    is_open = run.status is Status.RUNNING and run.steps[step].status is not StepStatus.REJECTED
    return None if is_open else Outcome.REJECTED


def begin(run: SagaRun, step: str) -> Events:
    """An attempt at a step. Once the run has turned round none begins: a call that comes late does no harm."""
    return [] if verdict(run, step) else [happened.StepStarted(step, run.steps[step].attempts + 1)]


def succeed(run: SagaRun, step: str, result: JSONObject) -> Events:
    """The step happened: also when that is known only after it was given up, which may call for a person."""
    known = run.steps[step].status
    if known is StepStatus.SUCCEEDED:
        return []
    succeeded = happened.StepSucceeded(step, result)
    if known is not StepStatus.COMPENSATED:
        return [succeeded]
    return [succeeded, happened.SagaNeedsAttention([step], f"{step} happened after it had been undone")]


def fail(run: SagaRun, step: str, error: JSONObject, *, is_final: bool) -> Events:
    """An attempt failed; nothing to tell when another one has succeeded."""
    state = run.steps[step]
    if state.status is StepStatus.SUCCEEDED:
        return []
    return [happened.StepFailed(step, state.attempts, error, is_final)]


def is_undone(run: SagaRun, step: str) -> bool:
    """Whether a step has left nothing to undo."""
    return run.steps[step].status in UNDONE


def begin_undoing(run: SagaRun, step: str) -> Events:
    """An attempt to undo a step; whatever there is to undo, from now on the run is on its way back."""
    if run.ended or run.status is Status.NEEDS_ATTENTION:
        return []
    turned = [] if run.is_reversed and run.status is Status.COMPENSATING else [happened.SagaReversed()]
    if is_undone(run, step):
        return turned
    return [*turned, happened.CompensationStarted(step, run.steps[step].undo_attempts + 1)]


def undo(run: SagaRun, step: str) -> Events:
    """The step is undone, unless it has come to have happened meanwhile: then it has to be undone again."""
    is_under_way = run.steps[step].status is StepStatus.COMPENSATING
    return [happened.CompensationSucceeded(step)] if is_under_way else []


def fail_undoing(run: SagaRun, step: str, error: JSONObject, *, is_final: bool) -> Events:
    """An attempt to undo failed."""
    state = run.steps[step]
    if state.status is not StepStatus.COMPENSATING:
        return []
    return [happened.CompensationFailed(step, state.undo_attempts, error, is_final)]


def complete(run: SagaRun) -> Events:
    """The end, all steps done."""
    is_due = run.status is Status.RUNNING and not open_steps(run)
    return [happened.SagaCompleted()] if is_due else _unless_settled(run, "it was to be complete, and is not")


def compensate(run: SagaRun) -> Events:
    """The end, all that happened undone."""
    left = leftovers(run)
    if run.ended or run.status is Status.NEEDS_ATTENTION:
        return []
    if left:
        return _unless_settled(run, "it was to be undone, and is not")
    turned = [] if run.is_reversed else [happened.SagaReversed()]
    return [*turned, happened.SagaCompensated()]


def ask_for_attention(run: SagaRun) -> Events:
    """A person is needed: the machine's own patience has run out."""
    way = "undone" if run.is_reversed else "done"
    return _unless_settled(run, f"it could not be {way}")


def resume(run: SagaRun, reason: str) -> Events:
    """A person sends it on, the way it was going. Raises NotResumable."""
    _require_attention(run)
    return [happened.SagaResumed(run.resumptions + 1, reason)]


def resolve(run: SagaRun, step: str, *, has_happened: bool, reason: str, result: JSONObject) -> Events:
    """A person took care of a stuck step by hand. Raises NotResumable."""
    _require_attention(run)
    if step not in run.stuck:
        raise NotResumable(run.id.key, run.status, f"{step} is not stuck; {', '.join(run.stuck) or 'nothing'} is")
    if run.is_reversed and has_happened:
        raise NotResumable(run.id.key, run.status, f"{step} has to be undone: say so once it is")
    if not run.is_reversed and not has_happened and not _may_turn(run, step):
        raise NotResumable(run.id.key, run.status, f"{step} has to be done: there is no way back from here")
    return [happened.StepResolved(step, has_happened, reason, result)]


def open_steps(run: SagaRun) -> list[str]:
    """The steps that have not happened."""
    return [name for name, state in run.steps.items() if state.status is not StepStatus.SUCCEEDED]


def leftovers(run: SagaRun) -> list[str]:
    """The steps whose compensations are still due, the last step first."""
    return [name for name in reversed(list(run.plan.steps)) if _is_due(run, name)]


def stuck(run: SagaRun) -> list[str]:
    """What keeps the run from going on: of the next stage on its way, the steps that are not done."""
    waiting = set(leftovers(run) if run.is_reversed else open_steps(run))
    stages = reversed(run.plan.stages) if run.is_reversed else iter(run.plan.stages)
    for stage in stages:
        if found := [step.name for step in stage.steps if step.name in waiting]:
            return found
    return []


def _is_due(run: SagaRun, name: str) -> bool:
    return run.plan.steps[name].compensation is not None and not is_undone(run, name)


def _unless_settled(run: SagaRun, reason: str) -> Events:
    if run.ended or run.status is Status.NEEDS_ATTENTION:
        return []
    return [happened.SagaNeedsAttention(stuck(run), reason)]


def _require_attention(run: SagaRun) -> None:
    if run.status is not Status.NEEDS_ATTENTION:
        raise NotResumable(run.id.key, run.status, "it does not wait for a person")


def _may_turn(run: SagaRun, step: str) -> bool:
    """Whether saying that it has not happened lets the run turn round."""
    return any(stage.zone is Zone.PIVOT and stage.name == step for stage in run.plan.stages)
