"""A plan as a Step Functions state machine, in the Amazon States Language (query language JSONata).

Every step and every compensation is a Task with its own name, time limit and retries; a group is a Parallel. What the
machine must tell apart is data (`outcome`), never an exception's name; what it cannot tell apart, a call that failed
or took too long, may have happened. No input or result passes through the machine: those are in the saga's stream, and
so neither its size limits nor its logs meet them.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from penstock.json import JSONObject
from penstock.sagas.definition import Retry, Step
from penstock.sagas.interpreter import ENDING, Ending
from penstock.sagas.plan import THROTTLES, Plan, PlannedStage, Role, Zone, action_of

FUNCTION = "${StepFunction}"
"""Where the ARN of the function that performs steps is put in."""

START = "Which way?"
RECORD_COMPLETED, RECORD_COMPENSATED, ASK = "Record completion", "Record compensation", "Ask for attention"
TERMINAL: Mapping[str, tuple[str, Ending]] = {
    RECORD_COMPLETED: ("complete", Ending.COMPLETED),
    RECORD_COMPENSATED: ("compensated", Ending.COMPENSATED),
    ASK: ("attention", Ending.NEEDS_ATTENTION),
}
RESERVED = frozenset({START, *TERMINAL, *(str(ending) for ending in Ending)})
ENDING_SECONDS = 30

_THROTTLED = [
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
    "TooManyRequestsException",
]
_ALL = "States.ALL"
_RUN = "{% $states.context.Execution.Input.run %}"
_TENANT = "{% $states.context.Execution.Input.tenant %}"
_RESUMPTION = "{% $states.context.Execution.Input.resumption %}"
_IS_REVERSED = "{% $states.context.Execution.Input.is_reversed = true %}"
_IS_DONE = "{% $states.input.outcome = 'done' %}"
_ALL_DONE = "{% $count($states.input[outcome != 'done']) = 0 %}"
_PAYLOAD = "{% $states.result.Payload %}"
_IN_DOUBT: JSONObject = {"outcome": "in_doubt"}


def compile(plan: Plan, function: str = FUNCTION) -> JSONObject:  # noqa: A001 - as in `re.compile`
    """The machine. It is started with `{"tenant", "run", "is_reversed", "resumption"}`."""
    states: dict[str, JSONObject] = {START: _start(plan)}
    for place, stage in enumerate(plan.stages):
        following = plan.stages[place + 1].name if place + 1 < len(plan.stages) else RECORD_COMPLETED
        states |= _stage(stage, Role.ACT, following, _astray(plan, place), function)
    for place in plan.way_back:
        states |= _stage(plan.stages[place], Role.COMPENSATE, _undoing(plan, place - 1), (ASK, ASK), function)
    for name, (task, ending) in TERMINAL.items():
        states |= _terminal(name, task, ending, function)
    return {
        "Comment": plan.definition.name,
        "QueryLanguage": "JSONata",
        "StartAt": START,
        "States": _reachable(states),
    }


def _reachable(states: Mapping[str, JSONObject]) -> dict[str, JSONObject]:
    """Step Functions refuses a machine with a state that nothing leads to."""
    found, ahead = {START}, [START]
    while ahead:
        following = set(_targets(states[ahead.pop()])) - found
        found |= following
        ahead += following
    return {name: state for name, state in states.items() if name in found}


def _targets(state: JSONObject) -> Iterator[str]:
    for transition in (state, *state.get("Choices", ()), *state.get("Catch", ())):
        yield from (transition[key] for key in ("Next", "Default") if key in transition)


def _start(plan: Plan) -> JSONObject:
    back = {"Condition": _IS_REVERSED, "Next": _undoing(plan, len(plan.stages))}
    return {"Type": "Choice", "Choices": [back], "Default": plan.stages[0].name}


def _undoing(plan: Plan, place: int) -> str:
    """The state that undoes the stages up to a place."""
    found = plan.undone_after(place)
    return RECORD_COMPENSATED if found is None else name_of(plan.stages[found], Role.COMPENSATE)


def _astray(plan: Plan, place: int) -> tuple[str, str]:
    """Where it goes on when a stage was refused, and when nobody knows."""
    stage, back = plan.stages[place], _undoing(plan, place)
    if stage.zone is Zone.AFTER:
        return ASK, ASK
    return back, ASK if stage.zone is Zone.PIVOT and not stage.compensated else back


def name_of(stage: PlannedStage, role: Role) -> str:
    """The name of the state that a stage begins with."""
    if role is Role.ACT:
        return stage.name
    undone = stage.compensated
    return action_of(undone[0], role).name if len(undone) == 1 else f"Undo {stage.name}"


def _stage(
    stage: PlannedStage, role: Role, following: str, astray: tuple[str, str], function: str
) -> dict[str, JSONObject]:
    """The states of a stage: what it does, and the choice that follows."""
    refused, unknown = astray
    name, steps = name_of(stage, role), stage.steps if role is Role.ACT else stage.compensated
    catch = [{"ErrorEquals": [_ALL], "Next": unknown}]
    is_parallel = len(steps) > 1
    work = (
        {"Type": "Parallel", "Branches": [_branch(stage, step, role, function) for step in steps]}
        if is_parallel
        else _action(stage, steps[0], role, function)
    )
    choice = {"Condition": _ALL_DONE if is_parallel else _IS_DONE, "Next": following}
    return {
        name: {**work, "Catch": catch, "Next": f"{name} done?"},
        f"{name} done?": {"Type": "Choice", "Choices": [choice], "Default": refused},
    }


def _branch(stage: PlannedStage, step: Step, role: Role, function: str) -> JSONObject:
    """A branch never fails: Parallel would then leave the others to themselves."""
    name = action_of(step, role).name
    unknown = f"{name} in doubt"
    catch = [{"ErrorEquals": [_ALL], "Next": unknown}]
    return {
        "StartAt": name,
        "States": {
            name: {**_action(stage, step, role, function), "Catch": catch, "End": True},
            unknown: {"Type": "Pass", "Output": _IN_DOUBT, "End": True},
        },
    }


def _action(stage: PlannedStage, step: Step, role: Role, function: str) -> JSONObject:
    timeout = action_of(step, role).timeout_seconds
    return _task({"task": str(role), "step": step.name}, timeout, stage.retry(step, role), function)


def _terminal(name: str, task: str, ending: Ending, function: str) -> dict[str, JSONObject]:
    catch = [{"ErrorEquals": [_ALL], "Next": str(Ending.NEEDS_ATTENTION)}]
    work = _task({"task": task, "resumption": _RESUMPTION}, ENDING_SECONDS, ENDING, function)
    recorded = {**work, "Catch": catch, "Next": str(ending)}
    if ending is not Ending.NEEDS_ATTENTION:
        return {name: recorded, str(ending): {"Type": "Succeed"}}
    cause = "A step or a compensation is stuck; the saga's stream says which"
    return {name: recorded, str(ending): {"Type": "Fail", "Error": str(ending), "Cause": cause}}


def _task(order: Mapping[str, str], timeout: int, retry: Retry, function: str) -> JSONObject:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": function, "Payload": {"tenant": _TENANT, "run": _RUN, **order}},
        "Output": _PAYLOAD,
        "TimeoutSeconds": timeout,
        "Retry": _retriers(retry),
    }


def _retriers(retry: Retry) -> Sequence[dict[str, Any]]:
    throttled = _retrier(_THROTTLED, THROTTLES, Retry(delay_seconds=1, backoff=1.5, max_delay_seconds=60))
    return [throttled, _retrier([_ALL], retry.attempts - 1, retry)]


def _retrier(errors: Sequence[str], most: int, retry: Retry) -> dict[str, Any]:
    return {
        "ErrorEquals": list(errors),
        "IntervalSeconds": retry.delay_seconds,
        "MaxAttempts": most,
        "BackoffRate": retry.backoff,
        "MaxDelaySeconds": retry.max_delay_seconds,
        "JitterStrategy": "FULL",
    }
