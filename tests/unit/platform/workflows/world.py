"""A world for engine tests: a clock that only the test moves, node types that fail on purpose, and drivers to the end."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from penstock.events import Draft, Event, Origin, Position, StreamId
from penstock.events.aggregate import MemorySnapshotStore, Repository
from penstock.events.memory import MemoryEventStore
from penstock.workflows.catalogue import catalogue
from penstock.workflows.definition import WorkflowDefinition
from penstock.workflows.execution.engine import Engine
from penstock.workflows.execution.ports import Start
from penstock.workflows.execution.snapshot import aggregate
from penstock.workflows.execution.state import Execution
from penstock.workflows.in_process import FixedLibrary, MemorySlots, MemoryWake
from penstock.workflows.node import (
    AwaitCallback,
    Call,
    Emit,
    Kind,
    NodeFailure,
    NodeParameters,
    Outcome,
    Services,
    Signal,
    StartWorkflow,
    node_type,
)
from penstock.workflows.runner import LocalRunner

ORIGIN = Origin("tester", "correlation-1")
FOREVER: Callable[[], bool] = lambda: False  # noqa: E731


class FlakyParameters(NodeParameters):
    fail_attempts: int = 0


@node_type("test.flaky", kind=Kind.ACTION, parameters=FlakyParameters)
def flaky(call: Call[FlakyParameters]) -> Outcome:
    """Fail the first attempts, then pass the items on."""
    if call.attempt <= call.parameters.fail_attempts:
        raise NodeFailure("Flaky", f"attempt {call.attempt} fails")
    return Emit.main(call.items)


@node_type("test.ask", kind=Kind.CONTROL, resume=lambda call, signal: Emit.main([{"answer": signal.payload}]))
def ask(call: Call[NodeParameters]) -> Outcome:
    """Wait for an answer."""
    return AwaitCallback()


class ChildParameters(NodeParameters):
    workflow: str


def _child_ended(call: Call[ChildParameters], signal: Signal) -> Outcome:
    if signal.payload["status"] != "done":
        raise NodeFailure("ChildFailed", str(signal.payload["error"]), permanent=True)
    return Emit.main(signal.payload["items"])


@node_type("test.child", kind=Kind.CONTROL, parameters=ChildParameters, resume=_child_ended)
def child(call: Call[ChildParameters]) -> Outcome:
    """Run another workflow."""
    return StartWorkflow(call.parameters.workflow, call.items)


@node_type("test.pass", kind=Kind.QUERY)
def passing(call: Call[NodeParameters]) -> Outcome:
    """Pass the items on."""
    return Emit.main(call.items)


TYPES = {**catalogue(), **{found.name: found for found in (flaky, ask, child, passing)}}


def workflow(nodes: Mapping[str, tuple[Any, ...]], connections: str = "", **settings: Any) -> WorkflowDefinition:
    """`nodes` maps a name to (type, parameters, more); `connections` reads `a>b, a.port>b.port`."""
    return WorkflowDefinition.model_validate(
        {
            "name": "tested",
            "nodes": [
                {"name": name, "type": kind, "parameters": (rest or [{}])[0], **(rest[1] if len(rest) > 1 else {})}
                for name, (kind, *rest) in nodes.items()
            ],
            "connections": [_connection(text) for text in connections.split(",") if text.strip()],
            "settings": settings,
        }
    )


def _connection(text: str) -> dict[str, str]:
    (source, output), (target, port) = ([*end.strip().split("."), ""][:2] for end in text.split(">"))
    ports = {"output": output, "input": port}
    return {"from": source, "to": target, **{name: value for name, value in ports.items() if value}}


@dataclass
class Clock:
    """Time that stands until it is moved."""

    now: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Crash(BaseException):
    """The process dies: nothing catches this."""


@dataclass
class Runner:
    """Runs nodes here, counts their keys, and dies at the n-th if told to."""

    local: LocalRunner
    keys: Counter[str] = field(default_factory=Counter)
    die_at: int | None = None

    def run(self, request: Any) -> Outcome:
        self.keys[request.key] += 1
        outcome = self.local.run(request)
        if self.die_at is not None and self.keys.total() == self.die_at:
            raise Crash
        return outcome


@dataclass
class World:
    """An engine over definitions, with everything in memory."""

    definitions: Mapping[str, WorkflowDefinition]
    store: MemoryEventStore = field(default_factory=MemoryEventStore)
    clock: Clock = field(default_factory=Clock)
    patience: float = 0

    def __post_init__(self) -> None:
        self.wake, self.slots = MemoryWake(), MemorySlots()
        self.snapshots = MemorySnapshotStore()
        self.runner = Runner(LocalRunner(TYPES, Services(self.store)))
        self.engine = Engine(
            store=self.store,
            snapshots=self.snapshots,
            library=FixedLibrary.of(self.definitions, TYPES),
            runner=self.runner,
            wake=self.wake,
            slots=self.slots,
            clock=self.clock,
            sleep=self.clock.sleep,
            patience=self.patience,
        )

    def start(self, items: list[Any] | None = None, name: str = "main", spent: Any = FOREVER, **more: Any) -> Execution:
        given = [{"n": 1}] if items is None else items
        return self.engine.start(Start("acme", name, 1, given, "manual"), ORIGIN, spent, **more)

    def drain(self, budget: Callable[[], Callable[[], bool]] = lambda: FOREVER) -> None:
        """Take every wake-up in turn, moving the clock to it."""
        for time, execution in self.wake.take():
            self.clock.now = max(self.clock.now, time)
            self.engine.resume(execution, budget())

    def repository(self) -> Repository[Execution]:
        return Repository(
            aggregate(lambda workflow, revision: self.engine.library.graph("acme", workflow, revision)),
            self.store,
            self.snapshots,
        )

    def events(self, execution: StreamId) -> list[Event]:
        return [event for commit in self.store.commits(execution) for event in commit.events]


def one_step() -> Callable[[], bool]:
    """A budget that one step uses up."""
    calls = iter((False,))
    return lambda: next(calls, True)


def told(events: list[Event]) -> list[Any]:
    """What events say, without what differs from run to run.

    Outputs do: an item that is the very object of an input is stored as a reference to it, and after a replay it is not.
    """
    differing = ("took", "token", "outputs")
    return [(event.type, {name: v for name, v in event.data.items() if name not in differing}) for event in events]


def world_at(reference: World, execution: StreamId, count: int) -> World:
    """A new world in which only the first `count` events of the execution were stored before a crash."""
    world = World(reference.definitions)
    events = reference.events(execution)[:count]
    drafts = [Draft(event.type, event.data, event.time, event.schema) for event in events]
    world.store.append(execution, drafts, expected=Position(), commit_id="cut", origin=events[0].origin)
    world.clock.now = events[-1].time
    return world
