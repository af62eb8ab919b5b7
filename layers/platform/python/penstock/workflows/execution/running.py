"""How one run of a node becomes an event: parameters resolved, the node run, its outcome or its failure judged."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from penstock.clock import to_millis
from penstock.json import JSON, JSONObject
from penstock.workflows.definition import Retry
from penstock.workflows.execution import events as happened
from penstock.workflows.execution.fold import shrink
from penstock.workflows.execution.state import Execution, Items, Run
from penstock.workflows.expressions import ExpressionError, Scope, Where
from penstock.workflows.graph import ERROR_PORT, GraphNode
from penstock.workflows.node import AwaitCallback, Emit, NodeFailure, Outcome, Signal, StartWorkflow, WaitUntil

LONGEST_MESSAGE = 1_000


@dataclass(frozen=True, slots=True)
class NodeRequest:
    """All that a node needs to run, here or in its wing's function. `parameters` holds one entry, or one an item."""

    type: str
    inputs: Mapping[str, Items]
    parameters: Sequence[JSONObject]
    key: str
    attempt: int
    now: datetime
    tenant: str
    workflow: str
    execution: str
    memory: JSON = None
    signal: Signal | None = None
    timeout_seconds: float | None = None


class NodeRunner(Protocol):
    """Runs nodes: in this process, or by invoking the function of the wing that they belong to."""

    def run(self, request: NodeRequest) -> Outcome:
        """What came of it. Raises NodeFailure, or whatever the node's code lets through."""
        ...


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a run takes from outside the execution: who runs nodes, the time, and new callback tokens."""

    runner: NodeRunner
    clock: Callable[[], datetime]
    new_token: Callable[[], str]


def run_node(execution: Execution, run: Run, given: Circumstances) -> Any:
    """The event that the run ends in: NodeCompleted, NodeFailed or NodeWaiting."""
    node = execution.workflow.nodes[run.node]
    inputs = execution.inputs(run)
    if node.definition.disabled:
        return _completed(run, {node.outputs[0]: next(iter(inputs.values()), ())}, inputs, 0)
    begun = time.perf_counter_ns()
    try:
        outcome = given.runner.run(_request(execution, node, run, inputs, given.clock()))
    except Exception as failure:  # noqa: BLE001 - whatever a node raises becomes its failure, never the engine's
        return failed(node, run, inputs, failure, given.clock())
    took = (time.perf_counter_ns() - begun) // 1_000_000
    return _event(run, outcome, inputs, took, given)


def _request(
    execution: Execution, node: GraphNode, run: Run, inputs: Mapping[str, Items], now: datetime
) -> NodeRequest:
    return NodeRequest(
        type=node.type.name,
        inputs=inputs,
        parameters=_parameters(execution, node, inputs, now),
        key=f"{execution.id.key}/{run.node}/{run.number}/{run.attempt}",
        attempt=run.attempt,
        now=now,
        tenant=execution.id.tenant,
        workflow=_workflow_id(execution),
        execution=execution.id.key,
        memory=execution.memory.get(run.node),
        signal=Signal(run.signal, run.payload) if run.signal else None,  # type: ignore[arg-type]
        timeout_seconds=node.definition.timeout_seconds,
    )


def _parameters(
    execution: Execution, node: GraphNode, inputs: Mapping[str, Items], now: datetime
) -> Sequence[JSONObject]:
    compiled = node.parameters
    if compiled.is_static:
        return [node.definition.parameters]
    items = next(iter(inputs.values()), ())
    where = Where(node.name)
    count = len(items) if node.type.per_item else min(len(items), 1)
    scope = Scope(
        json={},
        item_index=0,
        items=items,
        inputs=inputs,
        nodes=_NodeItems(execution),
        workflow={"id": _workflow_id(execution), "name": execution.workflow.definition.name},
        execution={"id": execution.id.key, "mode": execution.started.mode if execution.started else ""},
        now=now,
        vars=execution.workflow.variables,
    )
    if not count:
        return [compiled.resolve(scope, where)]
    return [compiled.resolve(replace(scope, json=items[i], item_index=i), where) for i in range(count)]


def _workflow_id(execution: Execution) -> str:
    return execution.started.workflow if execution.started else ""


@dataclass(frozen=True, slots=True)
class _NodeItems(Mapping[str, Items]):
    """The items that earlier nodes sent out, read when an expression asks for them."""

    execution: Execution

    def __getitem__(self, node: str) -> Items:
        items = self.execution.node_items(node)
        if items is None:
            raise KeyError(node)
        return items

    def __iter__(self) -> Iterator[str]:
        return iter(self.execution.outputs)

    def __len__(self) -> int:
        return len(self.execution.outputs)


def _completed(
    run: Run, outputs: Mapping[str, Items], inputs: Mapping[str, Items], took: int, **more: Any
) -> happened.NodeCompleted:
    stored = {port: shrink(items, inputs) for port, items in outputs.items()}
    return happened.NodeCompleted(run.node, run.number, stored, took, **more)


def _event(run: Run, outcome: Outcome, inputs: Mapping[str, Items], took: int, given: Circumstances) -> Any:
    match outcome:
        case Emit():
            response = asdict(outcome.response) if outcome.response else None
            return _completed(run, outcome.outputs, inputs, took, memory=outcome.memory, response=response)
        case WaitUntil():
            return happened.NodeWaiting(run.node, run.number, "timer", to_millis(outcome.until))
        case AwaitCallback():
            until = to_millis(outcome.until) if outcome.until else None
            return happened.NodeWaiting(run.node, run.number, "callback", until, given.new_token(), outcome.details)
        case StartWorkflow():
            details = {"workflow": outcome.workflow, "items": shrink(outcome.items, inputs)}
            return happened.NodeWaiting(run.node, run.number, "child", details=details)


def failed(
    node: GraphNode, run: Run, inputs: Mapping[str, Items], failure: Exception, now: datetime
) -> happened.NodeFailed:
    """The event that a failure makes: tried again, passed on, or the end, as the node's settings say."""
    error, retry, on_error = describe(failure), node.definition.retry, node.definition.on_error
    if retry and run.attempt < retry.attempts and not _is_permanent(failure):
        due = now + timedelta(seconds=delay(retry, run.attempt))
        return happened.NodeFailed(node.name, run.number, run.attempt, error, "retry", to_millis(due))
    if on_error == "stop":
        return happened.NodeFailed(node.name, run.number, run.attempt, error, "stop")
    port = ERROR_PORT if on_error == "error_output" else node.outputs[0]
    items = [{**item, "error": error} for item in next(iter(inputs.values()), ())] or [{"error": error}]
    return happened.NodeFailed(node.name, run.number, run.attempt, error, "pass", outputs={port: items})


def delay(retry: Retry, attempt: int) -> float:
    """Seconds to wait after the given attempt (from 1) failed."""
    return min(retry.delay_seconds * retry.backoff ** (attempt - 1), retry.max_delay_seconds)


def describe(failure: Exception) -> JSONObject:
    """A failure as it is kept: a stable kind, and a sentence for people."""
    kind = failure.kind if isinstance(failure, NodeFailure) else type(failure).__name__
    return {"type": kind, "message": str(failure)[:LONGEST_MESSAGE]}


def _is_permanent(failure: Exception) -> bool:
    return isinstance(failure, ExpressionError) or (isinstance(failure, NodeFailure) and failure.permanent)
