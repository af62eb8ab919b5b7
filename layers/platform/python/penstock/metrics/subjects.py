"""What is counted: runs of workflows (their executions) and of sagas, and in them nodes and steps.

A subject says which of its events move which counters. Every event counts for the time at which it happened: an
execution may be started in one hour and completed in another.

of a run     started, completed, failed, cancelled, retried
             durations: from its start until it completed or failed, in ms
of a node    runs (those that ended), failures (of these), retries (attempts that failed and are made again)
             durations: a node's `took`, in ms; of a saga's steps they are not known from the event alone
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from penstock.clock import to_millis
from penstock.events import Commit, Event
from penstock.events.types import EventTypes
from penstock.json import JSONObject
from penstock.metrics.sketch import Sketch
from penstock.metrics.tally import Metrics, Tally
from penstock.sagas import events as saga
from penstock.workflows.execution import events as execution

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Beginning:
    """Which workflow or saga a run is of, and when it began."""

    name: str
    time: datetime


Count = Callable[[JSONObject, int], Metrics]
"""An event's data and the milliseconds since the run began, to what it changes."""


@dataclass(frozen=True)
class Subject:
    """`name` is what metrics are kept by; `named_in` the field of the first event that says whose run it is."""

    name: str
    types: EventTypes
    named_in: str
    begins: str
    counts: Mapping[str, Count]

    @property
    def kind(self) -> str:
        """The kind of the streams that are its runs."""
        return self.types.kind

    def beginning(self, commits: Iterable[Commit]) -> Beginning | None:
        """What a stream's first event says; None when it is none that a run begins with."""
        for commit in commits:
            first = commit.events[0]
            if first.type != self.begins:
                return None
            return Beginning(str(self.types.upcast(first)[self.named_in]), first.time)
        return None

    def change(self, event: Event, beginning: Beginning) -> Metrics | None:
        """What the event changes; None for nothing."""
        count = self.counts.get(event.type)
        if count is None:
            return None
        return count(self.types.upcast(event), to_millis(event.time) - to_millis(beginning.time))

    def changes(self, commits: Iterable[Commit], beginning: Beginning) -> Iterator[tuple[datetime, Metrics]]:
        """What each event that counts changes, with its time."""
        for commit in commits:
            for event in commit.events:
                changed = self.change(event, beginning)
                if changed:
                    yield event.time, changed


def _error_type(error: object) -> str:
    return str(error.get("type") or UNKNOWN) if isinstance(error, Mapping) else UNKNOWN


def _run(counter: str, *, ends: bool = False, failure: Callable[[JSONObject], str] | None = None) -> Count:
    def count(data: JSONObject, millis: int) -> Metrics:
        durations = Sketch.of([millis] if ends else [])
        return Metrics(Tally({counter: 1}, durations, {failure(data): 1} if failure else {}))

    return count


def _node(name: str, counts: Mapping[str, int], durations: Iterable[float] = (), error: str | None = None) -> Metrics:
    return Metrics(nodes={name: Tally(counts, Sketch.of(durations), {error: 1} if error else {})})


def _node_completed(data: JSONObject, _: int) -> Metrics:
    return _node(data["node"], {"runs": 1}, [data.get("took", 0)])


def _node_failed(data: JSONObject, _: int) -> Metrics:
    counts = {"retries": 1} if data["then"] == "retry" else {"runs": 1, "failures": 1}
    return _node(data["node"], counts, error=_error_type(data["error"]))


def _step_succeeded(data: JSONObject, _: int) -> Metrics:
    return _node(data["step"], {"runs": 1})


def _step_failed(data: JSONObject, _: int) -> Metrics:
    counts = {"runs": 1, "failures": 1} if data["final"] else {"retries": 1}
    return _node(data["step"], counts, error=_error_type(data["error"]))


WORKFLOWS = Subject(
    "workflow",
    execution.EVENTS,
    "workflow",
    "ExecutionStarted",
    {
        "ExecutionStarted": _run("started"),
        "ExecutionCompleted": _run("completed", ends=True),
        "ExecutionFailed": _run("failed", ends=True, failure=lambda data: _error_type(data["error"])),
        "ExecutionCancelled": _run("cancelled"),
        "ExecutionRetried": _run("retried"),
        "NodeCompleted": _node_completed,
        "NodeFailed": _node_failed,
    },
)
SAGAS = Subject(
    "saga",
    saga.EVENTS,
    "saga",
    "SagaStarted",
    {
        "SagaStarted": _run("started"),
        "SagaCompleted": _run("completed", ends=True),
        "SagaCompensated": _run("failed", ends=True, failure=lambda _: "Compensated"),
        "SagaNeedsAttention": _run("failed", failure=lambda _: "NeedsAttention"),
        "SagaResumed": _run("retried"),
        "StepSucceeded": _step_succeeded,
        "StepFailed": _step_failed,
    },
)
SUBJECTS: Mapping[str, Subject] = {subject.kind: subject for subject in (WORKFLOWS, SAGAS)}
"""By the kind of stream."""
