"""What happens next in an execution: a pure decision, but for the nodes that it runs."""

from collections.abc import Sequence
from concurrent.futures import Executor
from concurrent.futures import TimeoutError as RunTimeout
from datetime import datetime
from itertools import islice
from typing import Any

from penstock.clock import to_millis
from penstock.workflows.execution import events as happened
from penstock.workflows.execution.running import Circumstances, failed, run_node
from penstock.workflows.execution.state import Execution, Run
from penstock.workflows.node import NodeFailure

WIDEST_BATCH = 16


def step(execution: Execution, given: Circumstances, pool: Executor) -> Sequence[Any]:
    """The next events. None when the execution has ended or must wait.

    In the order of their right: the time limit, what has come due, the runs that are ready, the end.
    """
    now = given.clock()
    if execution.ended or execution.started is None:
        return ()
    if execution.deadline is not None and to_millis(now) >= execution.deadline:
        return [happened.ExecutionFailed({"type": "TimeLimit", "message": "the workflow's time limit has passed"})]
    if not execution.failure and (due := _due(execution, now)):
        return due
    if execution.ready:
        return _run(execution, _batch(execution), given, pool)
    return _end(execution)


def effects_ahead(execution: Execution) -> bool:
    """Whether the next step runs a node whose effects are seen outside."""
    if execution.ended or not execution.ready:
        return False
    nodes = execution.workflow.nodes
    return any(nodes[run.node].has_effects for run in _batch(execution))


def _batch(execution: Execution) -> list[Run]:
    return list(islice(execution.ready, WIDEST_BATCH))


def _due(execution: Execution, now: datetime) -> list[happened.NodeResumed]:
    millis = to_millis(now)
    return [
        happened.NodeResumed(waiting.run.node, waiting.run.number, "retry" if waiting.reason == "retry" else "timer")
        for waiting in execution.waiting.values()
        if waiting.until is not None and waiting.until <= millis
    ]


def _run(execution: Execution, batch: Sequence[Run], given: Circumstances, pool: Executor) -> Sequence[Any]:
    """Run the batch, side by side where that gains something. Its events come in the order of the queue."""
    nodes = execution.workflow.nodes
    if all(nodes[run.node].runs_here and nodes[run.node].definition.timeout_seconds is None for run in batch):
        return [run_node(execution, run, given) for run in batch]
    futures = [pool.submit(run_node, execution, run, given) for run in batch]
    events = []
    for run, future in zip(batch, futures, strict=True):
        limit = nodes[run.node].definition.timeout_seconds
        try:
            events.append(future.result(limit))
        except RunTimeout:
            late = NodeFailure("Timeout", f"the node did not finish within {limit:g} s")
            events.append(failed(nodes[run.node], run, execution.inputs(run), late, given.clock()))
    return events


def _end(execution: Execution) -> Sequence[Any]:
    if execution.failure:
        return [happened.ExecutionFailed(execution.failure.error, execution.failure.node)]
    return () if execution.waiting else [happened.ExecutionCompleted()]
