"""An execution as its readers see it: its state with its times, and what happened in it step by step."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from penstock.clock import iso
from penstock.events import Commit, Event, StreamId
from penstock.events.aggregate import Aggregate
from penstock.events.projection import fold
from penstock.json import JSONObject
from penstock.projections.executions import EXECUTIONS
from penstock.workflows.errors import UnknownExecution
from penstock.workflows.execution.state import Execution


@dataclass(frozen=True, slots=True)
class Entry:
    """One event. `took` is in milliseconds; `outputs` counts the items that went out, by port."""

    version: int
    time: str
    type: str
    actor: str
    node: str | None = None
    run: int | None = None
    attempt: int | None = None
    took: int | None = None
    outputs: Mapping[str, int] = field(default_factory=dict)
    error: JSONObject | None = None
    reason: str | None = None


def read(aggregate: Aggregate[Execution], stream: StreamId, commits: Iterable[Commit]) -> tuple[Execution, JSONObject]:
    """The state, and the document that listings show of it, after the commits. Raises UnknownExecution."""
    read_commits = tuple(commits)
    row = fold(EXECUTIONS, stream, None, read_commits)
    if row is None or row.document is None:
        raise UnknownExecution(stream.key)
    state = aggregate.initial(stream)
    for commit in read_commits:
        state = aggregate.fold(state, commit.events)
    return state, {**row.document, "version": row.position.version}


def timeline(aggregate: Aggregate[Execution], stream: StreamId, commits: Iterable[Commit]) -> Iterator[Entry]:
    """Every event of the commits, which must begin with the stream's first. Raises UnknownExecution."""
    state = aggregate.initial(stream)
    for commit in commits:
        for event in commit.events:
            attempt = _attempt(state, event.data)
            state = aggregate.fold(state, (event,))
            yield _entry(event, attempt, _counts(state, event))
    if state.started is None:
        raise UnknownExecution(stream.key)


def _entry(event: Event, attempt: int | None, outputs: Mapping[str, int]) -> Entry:
    data = event.data
    return Entry(
        version=event.version,
        time=iso(event.time),
        type=event.type,
        actor=event.origin.actor,
        node=data.get("node"),
        run=data.get("run"),
        attempt=attempt,
        took=data.get("took"),
        outputs=outputs,
        error=data.get("error"),
        reason=data.get("reason") or data.get("signal") or data.get("then"),
    )


def _attempt(state: Execution, data: Mapping[str, Any]) -> int | None:
    """Which attempt of its run the event is about: the run stands among the ready ones before it."""
    runs = [*state.ready, *(waiting.run for waiting in state.waiting.values())]
    wanted = (data.get("node"), data.get("run"))
    return next((run.attempt for run in runs if (run.node, run.number) == wanted), None)


def _counts(state: Execution, event: Event) -> Mapping[str, int]:
    if event.type not in ("NodeCompleted", "NodeFailed"):
        return {}
    outputs = state.outputs.get(event.data["node"], {}).get(event.data["run"], {})
    return {port: len(items) for port, items in outputs.items()}
