"""What an execution has come to.

Runs that are ready stand in a queue, first come, first served; a finished run's items are *delivered* to the nodes
that it is connected to. Everything follows from the events before it, so that an execution cut off anywhere goes on
exactly as if it had not been.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain

from penstock.events import StreamId
from penstock.json import JSON, JSONObject
from penstock.workflows.execution import events as happened
from penstock.workflows.graph import Graph


class Status(StrEnum):
    """Where an execution stands."""

    NEW = "new"
    RUNNING = "running"
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = frozenset({Status.DONE, Status.FAILED, Status.CANCELLED})


@dataclass(frozen=True, slots=True)
class Delivery:
    """Items on their way: those that a run of a node sent out of a port."""

    node: str
    run: int
    port: str


Inputs = Mapping[str, Sequence[Delivery]]


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a node, ready. `number` counts the node's runs from 0; a retry has the number and the next attempt.

    `inputs` holds, by input port, what was delivered; a trigger's run has none, and takes the execution's items.
    """

    node: str
    number: int
    inputs: Inputs
    attempt: int = 1
    signal: str | None = None
    payload: JSON = None

    @property
    def key(self) -> str:
        """Names the run within its execution."""
        return f"{self.node}#{self.number}"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A run that waits, for what, and until when (milliseconds UTC)."""

    run: Run
    reason: str
    until: int | None = None
    token: str | None = None
    details: JSONObject = field(default_factory=dict)


Items = Sequence[JSONObject]
Graphs = Callable[[str, int], Graph]
"""The graph of a workflow, by its id and revision."""


@dataclass(slots=True)
class Execution:
    """The state.

    `joins` holds, by node and port, deliveries that wait for others; `loops` the loops that are not finished, the
    one that ran last at the end, with all that they were given so far; `held` what a failure stopped.
    """

    id: StreamId
    graphs: Graphs
    started: happened.ExecutionStarted | None = None
    graph: Graph | None = None
    correlation: str = ""
    deadline: int | None = None
    ended: Status | None = None
    failure: happened.NodeFailed | None = None
    error: JSONObject | None = None
    response: JSONObject | None = None
    last: tuple[str, int] | None = None
    ready: deque[Run] = field(default_factory=deque)
    held: deque[Run] = field(default_factory=deque)
    waiting: dict[str, Waiting] = field(default_factory=dict)
    joins: dict[str, dict[str, deque[Delivery]]] = field(default_factory=dict)
    loops: dict[str, Inputs] = field(default_factory=dict)
    runs: dict[str, int] = field(default_factory=dict)
    outputs: dict[str, dict[int, dict[str, Items]]] = field(default_factory=dict)
    memory: dict[str, JSON] = field(default_factory=dict)

    @property
    def status(self) -> Status:
        """Derived from what is ready and what waits."""
        if self.ended:
            return self.ended
        if self.started is None:
            return Status.NEW
        return Status.RUNNING if self.ready or self.failure or not self.waiting else Status.WAITING

    @property
    def depth(self) -> int:
        """How many executions stand above this one."""
        return self.started.parent["depth"] if self.started and self.started.parent else 0

    @property
    def workflow(self) -> Graph:
        """The graph. Only a started execution has one."""
        if self.graph is None:
            raise ValueError(f"execution {self.id} has not started")
        return self.graph

    def items(self, deliveries: Sequence[Delivery]) -> Items:
        """What was delivered, in the order in which it was."""
        lists = [self.outputs[delivery.node][delivery.run].get(delivery.port, ()) for delivery in deliveries]
        return lists[0] if len(lists) == 1 else list(chain.from_iterable(lists))

    def inputs(self, run: Run) -> dict[str, Items]:
        """The run's items by input port."""
        return {port: self.input(run, port) for port in run.inputs or ("main",)}

    def input(self, run: Run, port: str) -> Items:
        """The run's items of one input port; a trigger's are those that the execution started with."""
        if not run.inputs:
            return self.started.items if self.started else ()
        return self.items(run.inputs[port])

    def node_items(self, node: str) -> Items | None:
        """What the newest run of a node sent out, for expressions: its first port with items. None before any run."""
        runs = self.outputs.get(node)
        if not runs:
            return None
        newest = runs[max(runs)]
        return next((items for items in newest.values() if items), ())

    def result(self) -> Items:
        """The items of the run that finished last."""
        if self.last is None:
            return ()
        node, run = self.last
        return next((items for items in self.outputs[node][run].values() if items), ())

    def next_wake(self) -> int | None:
        """When something is due: the earliest end of a wait, or the time limit."""
        due = [waiting.until for waiting in self.waiting.values() if waiting.until is not None]
        return min([*due, *([self.deadline] if self.deadline is not None else [])], default=None)


def unfinished(execution: Execution) -> Iterator[Run]:
    """Every run that may still send something: those that are ready and those that wait."""
    yield from execution.ready
    yield from (waiting.run for waiting in execution.waiting.values())
