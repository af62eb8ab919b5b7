"""One instance of a process, folded from its events."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from penstock.events import StreamId
from penstock.events.aggregate import Aggregate
from penstock.json import JSONObject
from penstock.processes import events as happened
from penstock.processes.definition import ProcessDefinition, State, Task
from penstock.processes.events import EVENTS
from penstock.processes.patterns import moves, parsed
from penstock.sagas.state import StepStatus


class Status(StrEnum):
    """Where an instance stands. `new`: events of it were met before the one that starts it."""

    NEW = "new"
    RUNNING = "running"
    COMPENSATING = "compensating"
    NEEDS_ATTENTION = "needs_attention"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"
    FAILED = "failed"


ENDED = frozenset({Status.COMPLETED, Status.CANCELLED, Status.TIMED_OUT, Status.FAILED})
START = "Start"
"""What expressions call the event that started the instance."""


@dataclass(frozen=True, slots=True)
class Observed:
    """An event that waits to be taken."""

    event: str
    time: int


@dataclass(frozen=True, slots=True)
class Run:
    """One action, as often as it is tried. `at`: nobody makes an attempt before (ms UTC).

    `failures` are those in a row; `round` counts how often it has come to have happened, each to be undone by itself.
    """

    key: str
    action: str
    event: str
    status: StepStatus = StepStatus.PENDING
    attempts: int = 0
    undo_attempts: int = 0
    failures: int = 0
    round: int = 1
    at: int = 0
    result: JSONObject = field(default_factory=dict)
    error: JSONObject | None = None

    @property
    def is_open(self) -> bool:
        """Whether it is still to succeed."""
        return self.status in (StepStatus.PENDING, StepStatus.STARTED)


@dataclass(frozen=True, slots=True)
class Leads:
    """Where the reaction that is under way leads."""

    to: str | None = None
    end: str | None = None


@dataclass(frozen=True)
class Process:
    """The state of one instance. `pending` are events that no state has taken yet; `end` is how it is to end."""

    id: StreamId
    status: Status = Status.NEW
    process: str = ""
    version: int = 0
    document: JSONObject = field(default_factory=dict)
    correlation: str = ""
    trace: str = ""
    depth: int = 0
    start: str = ""
    state: str = ""
    deadline: int | None = None
    leads: Leads | None = None
    pending: tuple[Observed, ...] = ()
    places: Mapping[str, int] = field(default_factory=dict)
    runs: Mapping[str, Run] = field(default_factory=dict)
    end: str = ""
    is_reversed: bool = False
    stuck: tuple[str, ...] = ()
    reason: str | None = None

    @property
    def definition(self) -> ProcessDefinition:
        """Its own definition."""
        return parsed(self.document)

    @property
    def has_started(self) -> bool:
        """Whether the event that starts it has been met."""
        return bool(self.start)

    @property
    def ended(self) -> bool:
        """Whether nothing more is to be done."""
        return self.status in ENDED

    @property
    def where(self) -> State | None:
        """The state that it is in; None before it has entered one."""
        return next((state for state in self.definition.states if state.name == self.state), None)

    @property
    def open(self) -> Run | None:
        """The action that is to be done now."""
        return next((run for run in self.runs.values() if run.is_open), None)

    @property
    def tasks(self) -> Mapping[str, Task]:
        """Every action of its definition by its name."""
        return {task.name: task for move in moves(self.definition) for task in move.do}

    def task(self, run: str) -> Task:
        """The action of a run, as its definition has it."""
        return self.tasks[self.runs[run].action]


def _run(process: Process, key: str, **changes: Any) -> Process:
    return replace(process, runs={**process.runs, key: replace(process.runs[key], **changes)})


def _started(process: Process, event: happened.ProcessStarted) -> Process:
    return replace(
        process,
        status=Status.RUNNING,
        process=event.process,
        version=event.version,
        document=event.definition,
        correlation=event.correlation,
        trace=event.trace,
        depth=event.depth,
        start=event.event,
        pending=tuple(each for each in process.pending if each.event != event.event),
        places={**process.places, event.event: event.commit},
    )


def _observed(process: Process, event: happened.EventObserved) -> Process:
    """Events wait in the order in which they happened, whichever came first."""
    waiting = sorted([*process.pending, Observed(event.event, event.time)], key=lambda each: (each.time, each.event))
    return replace(process, pending=tuple(waiting), places={**process.places, event.event: event.commit})


def _chosen(process: Process, event: happened.ReactionChosen) -> Process:
    left = tuple(each for each in process.pending if each.event != event.event)
    return replace(process, pending=left, leads=Leads(event.to, event.end))


def _requested(process: Process, event: happened.ActionRequested) -> Process:
    return replace(process, runs={**process.runs, event.run: Run(event.run, event.action, event.event)})


def _action_started(process: Process, event: happened.ActionStarted) -> Process:
    return _run(process, event.run, status=StepStatus.STARTED, attempts=event.attempt, at=event.until)


def _action_succeeded(process: Process, event: happened.ActionSucceeded) -> Process:
    """One that comes while or after it is undone has to be undone again."""
    known = process.runs[event.run]
    later = known.round + (not known.is_open)
    fresh = {"status": StepStatus.SUCCEEDED, "result": event.result, "error": None, "round": later}
    return _run(process, event.run, **fresh, failures=0, at=0)


def _action_failed(process: Process, event: happened.ActionFailed) -> Process:
    """An earlier attempt may have had its effect, whatever a later one was told: only a first refusal is clean."""
    known = process.runs[event.run]
    if not known.is_open:
        return process
    is_clean = event.final and event.attempt == 1
    status = StepStatus.REJECTED if is_clean else StepStatus.STARTED
    return _run(process, event.run, status=status, error=event.error, failures=known.failures + 1, at=event.again)


def _entered(process: Process, event: happened.StateEntered) -> Process:
    return replace(process, state=event.state, deadline=None, leads=None)


def _deadline_set(process: Process, event: happened.DeadlineSet) -> Process:
    return replace(process, deadline=event.due)


def _deadline_passed(process: Process, event: happened.DeadlinePassed) -> Process:
    return replace(process, deadline=None, leads=Leads(event.to, event.end))


def _reversed(process: Process, event: happened.ProcessReversed) -> Process:
    turned = replace(process, status=Status.COMPENSATING, is_reversed=True, end=event.end, reason=event.reason)
    return replace(turned, leads=None, deadline=None, stuck=())


def _compensation_started(process: Process, event: happened.CompensationStarted) -> Process:
    known = process.runs[event.run]
    failures = known.failures if known.status is StepStatus.COMPENSATING else 0
    changes = {"status": StepStatus.COMPENSATING, "undo_attempts": event.attempt, "at": event.until}
    return _run(process, event.run, failures=failures, **changes)


def _compensation_succeeded(process: Process, event: happened.CompensationSucceeded) -> Process:
    return _run(process, event.run, status=StepStatus.COMPENSATED, failures=0, at=0)


def _compensation_failed(process: Process, event: happened.CompensationFailed) -> Process:
    failures = process.runs[event.run].failures + 1
    return _run(process, event.run, error=event.error, failures=failures, at=event.again)


def _ended(process: Process, event: happened.ProcessEnded) -> Process:
    return replace(process, status=Status(event.end), end=event.end, deadline=None, leads=None)


def _needs_attention(process: Process, event: happened.ProcessNeedsAttention) -> Process:
    """Where a reaction under way leads is kept, unless that is here."""
    leads = None if process.leads and process.leads.end == Status.NEEDS_ATTENTION else process.leads
    asked = replace(process, status=Status.NEEDS_ATTENTION, stuck=tuple(event.stuck), reason=event.reason)
    return replace(asked, leads=leads, deadline=None)


def _resolved(process: Process, event: happened.ActionResolved) -> Process:
    return _run(process, event.run, status=StepStatus.COMPENSATED, error=None, failures=0, at=0)


def _resumed(process: Process, _: happened.ProcessResumed) -> Process:
    status = Status.COMPENSATING if process.is_reversed else Status.RUNNING
    runs = {key: replace(run, failures=0, at=0) for key, run in process.runs.items()}
    return replace(process, status=status, runs=runs, stuck=(), reason=None)


_EVOLVE: Mapping[type, Callable[[Process, Any], Process]] = {
    happened.ProcessStarted: _started,
    happened.EventObserved: _observed,
    happened.ReactionChosen: _chosen,
    happened.ActionRequested: _requested,
    happened.ActionStarted: _action_started,
    happened.ActionSucceeded: _action_succeeded,
    happened.ActionFailed: _action_failed,
    happened.StateEntered: _entered,
    happened.DeadlineSet: _deadline_set,
    happened.DeadlinePassed: _deadline_passed,
    happened.ProcessReversed: _reversed,
    happened.CompensationStarted: _compensation_started,
    happened.CompensationSucceeded: _compensation_succeeded,
    happened.CompensationFailed: _compensation_failed,
    happened.ProcessEnded: _ended,
    happened.ProcessNeedsAttention: _needs_attention,
    happened.ActionResolved: _resolved,
    happened.ProcessResumed: _resumed,
}


def evolve(process: Process, event: Any) -> Process:
    """The instance after the event; the one that is given stays as it is."""
    return _EVOLVE[type(event)](process, event)


AGGREGATE = Aggregate(EVENTS, Process, lambda process, event, _: evolve(process, event))
