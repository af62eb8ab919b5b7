"""What may follow from where an instance stands: pure, and safe to ask twice.

Every function gives the events that are missing; none when what is asked was done before, or may no longer be done.
Times are milliseconds UTC.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from penstock.clock import from_millis
from penstock.json import JSONObject
from penstock.processes import events as happened
from penstock.processes.definition import Action, Move, Reaction
from penstock.processes.items import holds, scope
from penstock.processes.patterns import matches
from penstock.processes.state import START, Leads, Process, Run, Status, evolve
from penstock.sagas.definition import Retry
from penstock.sagas.plan import FORWARD, UNDOING, Role
from penstock.sagas.state import UNDONE, StepStatus
from penstock.workflows.expressions import ExpressionError

Events = Sequence[Any]
Items = Mapping[str, JSONObject]
"""Events by their ids, as expressions see them."""

Pause = Callable[[Retry, int], float]
"""Seconds to wait before the next attempt, after so many failures in a row."""

MOST_EVENTS = 1_000
"""How many events one instance takes; then a person looks whether it goes round in circles."""

LEASE_MARGIN = 5_000
"""Milliseconds after an action's time is up for which an attempt is still taken to be under way."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """An event that concerns an instance: where it is stored, and what of it is kept."""

    event: str
    commit: int
    kind: str
    type: str
    time: int


@dataclass(frozen=True, slots=True)
class Beginning:
    """What an instance starts as: the definition's id and version, and the move of the start that was met."""

    process: str
    version: int
    document: JSONObject
    correlation: str
    trace: str
    depth: int
    move: Move


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be done now: an attempt at an action, or at undoing it."""

    run: str
    role: Role


def start(process: Process, sighting: Sighting, given: Beginning) -> Events:
    """The instance begins, by the first of the events that start it."""
    if process.has_started:
        return []
    begun = happened.ProcessStarted(
        given.process,
        given.version,
        given.document,
        given.correlation,
        sighting.event,
        sighting.commit,
        given.trace,
        given.depth,
    )
    chosen = happened.ReactionChosen(sighting.event, given.move.to or _first(given), given.move.end)
    return [begun, chosen, *_requests(process, given.move, sighting.event)]


def observe(process: Process, sighting: Sighting) -> Events:
    """An event is noted, once, until it has ended."""
    if process.ended or sighting.event in process.places:
        return []
    if len(process.places) >= MOST_EVENTS:
        reason = f"more than {MOST_EVENTS} events belong to it"
        return ask(process, [], reason) if process.has_started else []
    return [happened.EventObserved(sighting.event, sighting.commit, sighting.kind, sighting.type, sighting.time)]


def follow(process: Process, items: Items, now: int) -> Events:
    """All that follows without an attempt at an action: reactions chosen, states entered, deadlines passed, ends."""
    found: list[Any] = []
    while events := _next(process, items, now):
        found += events
        for event in events:
            process = evolve(process, event)
    return found


def due(process: Process, now: int) -> Due | None:
    """What is to be done now; None when that is nothing, or its time has not come."""
    upcoming = _upcoming(process)
    return Due(upcoming[0].key, upcoming[1]) if upcoming and upcoming[0].at <= now else None


def wake_at(process: Process) -> int | None:
    """When to look again: at the next attempt, or when the deadline passes."""
    if upcoming := _upcoming(process):
        return upcoming[0].at
    return process.deadline if process.status is Status.RUNNING else None


def begin(process: Process, wanted: Due, now: int) -> Events:
    """An attempt, unless it is another's or there is nothing left to attempt."""
    if due(process, now) != wanted:
        return []
    run, until = process.runs[wanted.run], now + action(process, wanted).timeout_seconds * 1_000 + LEASE_MARGIN
    if wanted.role is Role.ACT:
        return [happened.ActionStarted(run.key, run.attempts + 1, until)]
    return [happened.CompensationStarted(run.key, run.undo_attempts + 1, until)]


def succeed(process: Process, run: str, result: JSONObject) -> Events:
    """The action happened: also when that is known only after it was given up."""
    if process.runs[run].status is StepStatus.SUCCEEDED:
        return []
    succeeded = happened.ActionSucceeded(run, result)
    if not process.ended or process.task(run).compensation is None:
        return [succeeded]
    return [succeeded, happened.ProcessNeedsAttention([run], f"{run} happened after it had been undone")]


def fail(process: Process, run: str, error: JSONObject, *, is_final: bool, now: int, pause: Pause) -> Events:
    """An attempt failed. After the last one, or a refusal, the instance turns round."""
    known = process.runs[run]
    if not known.is_open:
        return []
    retry = process.task(run).retry or FORWARD
    is_last = is_final or known.failures + 1 >= retry.attempts or process.status is not Status.RUNNING
    again = 0 if is_last else now + round(pause(retry, known.failures + 1) * 1_000)
    failed = happened.ActionFailed(run, known.attempts, error, is_final, again)
    turns = is_last and process.status is Status.RUNNING
    return [failed, happened.ProcessReversed("failed", f"{run}: {error['type']}")] if turns else [failed]


def undo(process: Process, run: str) -> Events:
    """The action is undone, unless it has come to have happened meanwhile: then it has to be undone again."""
    is_under_way = process.runs[run].status is StepStatus.COMPENSATING
    return [happened.CompensationSucceeded(run)] if is_under_way else []


def fail_undoing(process: Process, run: str, error: JSONObject, *, is_final: bool, now: int, pause: Pause) -> Events:
    """An attempt to undo failed. After the last one, or a refusal, a person is asked."""
    known = process.runs[run]
    if known.status is not StepStatus.COMPENSATING:
        return []
    retry = action(process, Due(run, Role.COMPENSATE)).retry or UNDOING
    is_last = is_final or known.failures + 1 >= retry.attempts
    again = 0 if is_last else now + round(pause(retry, known.failures + 1) * 1_000)
    failed = happened.CompensationFailed(run, known.undo_attempts, error, is_final, again)
    return [failed, *(ask(process, [run], f"{run} could not be undone") if is_last else [])]


def action(process: Process, wanted: Due) -> Action:
    """The action that an attempt is made at. Raises ValueError where there is no compensation."""
    task = process.task(wanted.run)
    if wanted.role is Role.ACT:
        return task
    if task.compensation is None:
        raise ValueError(f"{task.name} has no compensation")
    return task.compensation


def leftovers(process: Process) -> list[Run]:
    """The runs whose compensations are still due, the last one first."""
    return [run for run in reversed(list(process.runs.values())) if _is_to_undo(process, run)]


def ask(process: Process, stuck: list[str], reason: str) -> Events:
    """A person is needed, unless one has been asked, or it is over."""
    if process.ended or process.status is Status.NEEDS_ATTENTION:
        return []
    return [happened.ProcessNeedsAttention(stuck, reason)]


def deadline(process: Process, state: str, now: int) -> Events:
    """How long a state is waited in from now on, where it has an end."""
    found = next((each.deadline for each in process.definition.states if each.name == state), None)
    return [happened.DeadlineSet(state, now + found.within_seconds * 1_000)] if found else []


def _next(process: Process, items: Items, now: int) -> Events:
    if process.status is Status.COMPENSATING and not leftovers(process):
        return [happened.ProcessEnded(process.end)]
    if process.status is not Status.RUNNING or process.open:
        return []
    if process.leads and (process.leads.to or process.leads.end):
        return _lead(process, process.leads, now)
    if not process.state:
        return _enter(process, process.definition.states[0].name, now)
    passes = process.deadline is not None and process.deadline <= now
    timely = [it.event for it in process.pending if not passes or it.time <= (process.deadline or 0)]
    return _react(process, timely, items, now) or (_pass(process) if passes else [])


def _react(process: Process, pending: Sequence[str], items: Items, now: int) -> Events:
    """The first event that waits and is reacted to here. A condition that fails asks for a person."""
    for event in pending:
        try:
            reaction = _reaction(process, items, event, now)
        except ExpressionError as error:
            return [happened.ProcessNeedsAttention([], f"a condition on {event} failed: {type(error).__name__}")]
        if reaction:
            chosen = happened.ReactionChosen(event, reaction.to, reaction.end)
            return [chosen, *_requests(process, reaction, event)]
    return []


def _reaction(process: Process, items: Items, event: str, now: int) -> Reaction | None:
    here = process.where.reactions if process.where else ()
    for reaction in (*here, *process.definition.reactions):
        if not matches(reaction.on, items[event]):
            continue
        if reaction.when is None:
            return reaction
        if holds(reaction.when, scope(process, items, event, from_millis(now))):
            return reaction
    return None


def _pass(process: Process) -> Events:
    missed = process.where.deadline if process.where else None
    if missed is None:
        return []
    passed = happened.DeadlinePassed(process.state, missed.to, missed.end)
    return [passed, *_requests(process, missed, process.start)]


def _lead(process: Process, leads: Leads, now: int) -> Events:
    after = process.state or START
    if leads.to:
        return _enter(process, leads.to, now)
    if leads.end == Status.COMPLETED:
        return [happened.ProcessEnded(leads.end)]
    if leads.end == Status.NEEDS_ATTENTION:
        return [happened.ProcessNeedsAttention([], f"its definition asks for a person after {after}")]
    return [happened.ProcessReversed(leads.end or "", f"its definition ends it after {after}")]


def _enter(process: Process, state: str, now: int) -> Events:
    return [happened.StateEntered(state), *deadline(process, state, now)]


def _requests(process: Process, move: Move, event: str) -> Events:
    return [happened.ActionRequested(_run_key(process, task.name), task.name, event) for task in move.do]


def _run_key(process: Process, name: str) -> str:
    number = 1 + sum(run.action == name for run in process.runs.values())
    return name if number == 1 else f"{name}#{number}"


def _first(given: Beginning) -> str | None:
    return None if given.move.end else given.document["states"][0]["name"]


def _upcoming(process: Process) -> tuple[Run, Role] | None:
    if process.status is Status.RUNNING and process.open:
        return process.open, Role.ACT
    left = leftovers(process) if process.status is Status.COMPENSATING else []
    return (left[0], Role.COMPENSATE) if left else None


def _is_to_undo(process: Process, run: Run) -> bool:
    return process.task(run.key).compensation is not None and run.status not in UNDONE
