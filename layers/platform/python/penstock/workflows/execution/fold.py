"""The fold of an execution: what each event makes of the state.

Runs that are ready stand in a queue, first come, first served; a finished run's items are *delivered* to the nodes
that it is connected to. After a failure that stops the execution the runs that were ready still finish, and what
they send is held back until somebody retries.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from penstock.json import JSON
from penstock.workflows.execution import events as happened
from penstock.workflows.execution.joins import released
from penstock.workflows.execution.state import Delivery, Execution, Inputs, Items, Run, Status, Waiting


def evolve(execution: Execution, event: Any) -> Execution:
    """Fold one event in. The execution is changed, and returned."""
    _EVOLVE[type(event)](execution, event)
    return execution


def _started(execution: Execution, event: happened.ExecutionStarted) -> None:
    execution.started = event
    execution.graph = execution.graphs(event.workflow, event.revision)
    execution.deadline = event.deadline
    _enqueue(execution, event.trigger, {})


def _completed(execution: Execution, event: happened.NodeCompleted) -> None:
    run = _finish(execution, event.node, event.run)
    if event.response is not None:
        execution.response = event.response
    _remember(execution, run, event.memory)
    _send(execution, run, event.outputs)


def _failed(execution: Execution, event: happened.NodeFailed) -> None:
    run = _finish(execution, event.node, event.run)
    if event.then == "retry":
        execution.waiting[run.key] = Waiting(run, "retry", event.retry_at)
    elif event.then == "pass":
        _send(execution, run, event.outputs)
    else:
        execution.failure = event
        execution.held.append(_again(run))


def _waits(execution: Execution, event: happened.NodeWaiting) -> None:
    run = _finish(execution, event.node, event.run)
    execution.waiting[run.key] = Waiting(run, event.reason, event.until, event.token, event.details)


def _resumed(execution: Execution, event: happened.NodeResumed) -> None:
    run = execution.waiting.pop(f"{event.node}#{event.run}").run
    is_retry = event.signal == "retry"
    execution.ready.append(_again(run) if is_retry else replace(run, signal=event.signal, payload=event.payload))


def _again(run: Run) -> Run:
    """The run's next attempt, from its start: what an earlier attempt waited for is no answer to this one."""
    return replace(run, attempt=run.attempt + 1, signal=None, payload=None)


def _ended(status: Status) -> Callable[[Execution, Any], None]:
    def end(execution: Execution, event: Any) -> None:
        execution.ended = status
        execution.error = getattr(event, "error", None)

    return end


def _retried(execution: Execution, event: happened.ExecutionRetried) -> None:
    execution.ended = execution.error = execution.failure = None
    execution.deadline = event.deadline
    execution.ready.extend(execution.held)
    execution.held.clear()
    _release(execution)


_EVOLVE: Mapping[type, Callable[[Execution, Any], None]] = {
    happened.ExecutionStarted: _started,
    happened.NodeCompleted: _completed,
    happened.NodeFailed: _failed,
    happened.NodeWaiting: _waits,
    happened.NodeResumed: _resumed,
    happened.ExecutionCompleted: _ended(Status.DONE),
    happened.ExecutionFailed: _ended(Status.FAILED),
    happened.ExecutionCancelled: _ended(Status.CANCELLED),
    happened.ExecutionRetried: _retried,
}


def _finish(execution: Execution, node: str, number: int) -> Run:
    """Take the run that the event is about out of the queue. It is the first: events come in the queue's order."""
    run = execution.ready.popleft()
    if (run.node, run.number) != (node, number):
        raise ValueError(f"execution {execution.id}: run {node}#{number} ended, but {run.key} was next")
    return run


def _enqueue(execution: Execution, node: str, inputs: Inputs) -> None:
    number = execution.runs.get(node, 0)
    execution.runs[node] = number + 1
    queue = execution.held if execution.failure else execution.ready
    queue.append(Run(node, number, inputs))


def _remember(execution: Execution, run: Run, memory: JSON) -> None:
    """Keep the node's memory. A loop that remembers something is not finished yet."""
    execution.loops.pop(run.node, None)
    if memory is None:
        execution.memory.pop(run.node, None)
        return
    execution.memory[run.node] = memory
    if execution.workflow.nodes[run.node].type.join == "loop":
        execution.loops[run.node] = run.inputs


def _send(execution: Execution, run: Run, stored: happened.StoredOutputs) -> None:
    """Keep a run's outputs and deliver those that hold items."""
    outputs = {port: expand(items, execution, run) for port, items in stored.items()}
    execution.outputs.setdefault(run.node, {})[run.number] = outputs
    execution.last = (run.node, run.number)
    targets = execution.workflow.nodes[run.node].targets
    for port, items in outputs.items():
        if items:
            for target, target_port in targets.get(port, ()):
                _deliver(execution, target, target_port, Delivery(run.node, run.number, port))
    _release(execution)


def _deliver(execution: Execution, node: str, port: str, delivery: Delivery) -> None:
    if execution.workflow.nodes[node].type.join == "any":
        _enqueue(execution, node, {port: (delivery,)})
    else:
        execution.joins.setdefault(node, {}).setdefault(port, deque()).append(delivery)


def _release(execution: Execution) -> None:
    if not (execution.joins or execution.loops) or execution.failure:
        return
    while found := released(execution):
        node, inputs = found
        _enqueue(execution, node, inputs)


def expand(stored: Any, execution: Execution, run: Run) -> Items:
    """Stored outputs as items (see `execution.events`)."""
    if isinstance(stored, list):
        return stored
    items = execution.input(run, stored["from"])
    return [items[index] for index in stored["pick"]] if "pick" in stored else items


def shrink(items: Items, inputs: Mapping[str, Items]) -> Any:
    """The inverse of `expand`: items that came in are stored as which of them they are."""
    for port, candidates in inputs.items():
        if len(items) == len(candidates) and all(a is b for a, b in zip(items, candidates, strict=True)):
            return {"from": port}
        index = {id(item): position for position, item in enumerate(candidates)}
        if items and all(id(item) in index for item in items):
            return {"from": port, "pick": [index[id(item)] for item in items]}
    return list(items)
