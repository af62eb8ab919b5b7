"""How an execution is carried on: stepped as far as it goes, stored, and what must follow seen to.

Two that drive one execution at once meet in the store: one append wins, the other stops.

What must follow from a commit (a wake-up, a child's start, a parent's news) is done after it, and again by whoever
resumes the execution next, so a crash in between loses nothing: all of it is idempotent.
"""

import logging
import secrets
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from penstock.clock import Clock, NewId, from_millis, new_id, to_millis, utc_now
from penstock.events import Conflict, EventStore, Origin, Position, StreamId
from penstock.events.aggregate import Loaded, Repository, SnapshotStore
from penstock.events.commands import TRIES, until_first
from penstock.json import JSONObject
from penstock.workflows.errors import UnknownExecution, UnknownWorkflow, WrongState
from penstock.workflows.execution import events as happened
from penstock.workflows.execution.events import EVENTS
from penstock.workflows.execution.fold import evolve, expand
from penstock.workflows.execution.ports import Library, Slots, Spent, Start, Wake
from penstock.workflows.execution.running import Circumstances, NodeRunner
from penstock.workflows.execution.snapshot import aggregate
from penstock.workflows.execution.state import Execution, Graphs, Status, Waiting
from penstock.workflows.execution.step import effects_ahead, step
from penstock.workflows.graph import Graph

COMMIT_EVENTS = 25
SLOT_RETRY = timedelta(seconds=5)
DEEPEST_CHILD = 10
_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class Flow:
    """One execution in the hands of a driver: its state, where it was read to, and what is not stored yet."""

    execution: Execution
    position: Position
    origin: Origin
    pending: list[Any] = field(default_factory=list)

    def apply(self, events: Sequence[Any], now: datetime) -> None:
        """Fold events in, to be stored with the next commit."""
        for event in events:
            evolve(self.execution, event)
            self.pending.append(EVENTS.draft(event, now))


@dataclass(frozen=True)
class Driver:
    """Carries executions on. Rather than leave a short wait to the next driver, it sleeps up to `patience` seconds."""

    store: EventStore
    snapshots: SnapshotStore
    library: Library
    runner: NodeRunner
    wake: Wake
    slots: Slots
    clock: Clock = utc_now
    new_id: NewId = new_id
    new_token: Callable[[], str] = lambda: secrets.token_urlsafe(24)
    sleep: Callable[[float], None] = time.sleep
    patience: float = 0
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(16, "node"))

    def _begin(self, start: Start, origin: Origin, execution_id: str | None) -> Flow:
        stream = StreamId(start.tenant, EVENTS.kind, execution_id or self.new_id())
        if execution_id:
            loaded = self._repository(start.tenant).load(stream)
            if loaded.exists:
                return Flow(loaded.state, loaded.position, origin)
        graph = self.library.graph(start.tenant, start.workflow, start.revision)
        started = happened.ExecutionStarted(
            workflow=start.workflow,
            revision=start.revision,
            trigger=_trigger(graph, start),
            items=list(start.items),
            mode=start.mode,
            deadline=self._deadline(graph),
            parent=start.parent,
        )
        execution = Execution(stream, self._graphs(start.tenant), correlation=origin.correlation)
        flow = Flow(execution, Position(), origin)
        flow.apply([started], self.clock())
        return flow

    def _carry(self, flow: Flow, spent: Spent) -> Execution:
        """Drive the execution, then see to what follows from where it stands."""
        flow = self._drive_alone(flow, spent)
        execution = flow.execution
        if execution.ended:
            self._after_the_end(execution, flow.origin)
        elif (due := self._due(execution, spent)) is not None:
            self.wake.at(execution.id, due)
        return execution

    def _drive_alone(self, flow: Flow, spent: Spent) -> Flow:
        """Drive, unless another driver is at it: then the state is theirs, and so is what follows."""
        try:
            self._drive(flow, spent)
        except Conflict:
            return self._load(flow.execution.id)
        return flow

    def _drive(self, flow: Flow, spent: Spent) -> None:
        given = Circumstances(self.runner, self.clock, self.new_token)
        execution = flow.execution
        while not spent() and self._may_begin(execution):
            effects = effects_ahead(execution)
            if effects:
                self._commit(flow)
            events = step(execution, given, self.pool)
            if not events and not (self._run_children(flow, spent) or self._sleep(execution)):
                break
            flow.apply(events, self.clock())
            if effects or len(flow.pending) >= COMMIT_EVENTS:
                self._commit(flow)
        self._commit(flow)

    def _may_begin(self, execution: Execution) -> bool:
        """Whether the workflow's concurrency limit lets the execution begin; one that has begun goes on."""
        limit = execution.workflow.definition.settings.concurrency
        if limit is None or execution.outputs or execution.ended:
            return True
        return self.slots.acquire(_workflow_stream(execution), execution.id, limit)

    def _due(self, execution: Execution, spent: Spent) -> datetime | None:
        """When the execution must be resumed: at once if work is left, or when a wait ends."""
        children_left = spent() and _children(execution)
        if execution.status is Status.RUNNING or children_left:
            held_back = not execution.outputs and not spent()
            return self.clock() + (SLOT_RETRY if held_back else timedelta())
        due = execution.next_wake()
        return None if due is None else from_millis(due)

    def _sleep(self, execution: Execution) -> bool:
        """Sleep until something is due, if that is soon."""
        due = execution.next_wake()
        if execution.ended or due is None:
            return False
        seconds = (from_millis(due) - self.clock()).total_seconds()
        if seconds > self.patience:
            return False
        self.sleep(max(seconds, 0))
        return True

    def _commit(self, flow: Flow) -> None:
        if not flow.pending:
            return
        commit = self.store.append(
            flow.execution.id, flow.pending, expected=flow.position, commit_id=self.new_id(), origin=flow.origin
        )
        flow.position = commit.position
        flow.pending.clear()

    def _after_the_end(self, execution: Execution, origin: Origin) -> None:
        settings = execution.workflow.definition.settings
        if settings.concurrency is not None:
            self.slots.release(_workflow_stream(execution), execution.id)
        if execution.started and execution.started.parent:
            self._tell_parent(execution, execution.started.parent)
        if settings.error_workflow and execution.ended is Status.FAILED:
            self._start_error_workflow(execution, settings.error_workflow, origin)

    def _start_error_workflow(self, execution: Execution, workflow: str, origin: Origin) -> None:
        """Start it with what failed; an error workflow's own failure starts no other."""
        if execution.started and execution.started.mode == "error":
            return
        item = {"execution": execution.id.key, "workflow": _workflow_stream(execution).key, "error": execution.error}
        tenant = execution.id.tenant
        try:
            revision = self.library.published(tenant, workflow)
        except UnknownWorkflow:
            _LOG.warning("error workflow %s of execution %s is not published", workflow, execution.id.key)
            return
        start = Start(tenant, workflow, revision, [item], "error")
        self._carry(self._begin(start, origin, f"{execution.id.key}-error"), lambda: True)

    def _tell_parent(self, execution: Execution, parent: JSONObject) -> None:
        """Resume the run that waits for this child, unless it was told before."""
        parent_id = StreamId(execution.id.tenant, EVENTS.kind, parent["execution"])

        def child_ended(state: Execution) -> Sequence[Any]:
            waiting = state.waiting.get(f"{parent['node']}#{parent['run']}")
            if state.ended or waiting is None or (waiting.reason, waiting.run.attempt) != ("child", parent["attempt"]):
                return []
            return [_resumed(waiting, _news(execution))]

        flow = self._decide(parent_id, child_ended, None)
        if not flow.execution.ended:
            self.wake.at(parent_id, self.clock())

    def _run_children(self, flow: Flow, spent: Spent) -> bool:
        """Run the children that are waited for; whether one ended, so that the parent goes on."""
        children = _children(flow.execution)
        if children:
            self._commit(flow)
        news = [(waiting, self._carry_child(flow, waiting, spent)) for waiting in children]
        ended = [_resumed(waiting, payload) for waiting, payload in news if payload is not None]
        flow.apply(ended, self.clock())
        return bool(ended)

    def _carry_child(self, flow: Flow, waiting: Waiting, spent: Spent) -> JSONObject | None:
        """Start a child, or go on with it. What it came to; None while it has not ended.

        It does not tell its parent, whose driver is here and listens.
        """
        execution, run = flow.execution, waiting.run
        depth = execution.depth + 1
        if depth > DEEPEST_CHILD:
            return _refused("TooDeep", f"workflows are nested more than {DEEPEST_CHILD} deep")
        tenant, workflow = execution.id.tenant, waiting.details["workflow"]
        child_id = f"{execution.id.key}-{execution.workflow.order[run.node]}-{run.number}-{run.attempt}"
        parent = {
            "execution": execution.id.key,
            "node": run.node,
            "run": run.number,
            "attempt": run.attempt,
            "depth": depth,
        }
        items = expand(waiting.details["items"], execution, run)
        try:
            revision = self.library.published(tenant, workflow)
            child = self._begin(Start(tenant, workflow, revision, items, "child", parent=parent), flow.origin, child_id)
        except (UnknownWorkflow, WrongState) as refusal:
            return _refused(type(refusal).__name__, str(refusal))
        child = self._drive_alone(child, spent)
        if child.execution.ended:
            return _news(child.execution)
        if (due := self._due(child.execution, spent)) is not None:
            self.wake.at(child.execution.id, due)
        return None

    def _decide(self, execution: StreamId, decide: Callable[[Execution], Sequence[Any]], origin: Origin | None) -> Flow:
        """Append what a command decides on the newest state, again when another writer was first."""
        return until_first(partial(self._append, execution, decide, origin), TRIES)

    def _append(self, execution: StreamId, decide: Callable[[Execution], Sequence[Any]], origin: Origin | None) -> Flow:
        flow = self._load(execution)
        flow.origin = origin or flow.origin
        flow.apply(decide(flow.execution), self.clock())
        self._commit(flow)
        return flow

    def _load(self, execution: StreamId) -> Flow:
        loaded = existing(self._repository(execution.tenant).load(execution))
        origin = Origin("engine", loaded.state.correlation or execution.key)
        return Flow(loaded.state, loaded.position, origin)

    def _repository(self, tenant: str) -> Repository[Execution]:
        return Repository(aggregate(self._graphs(tenant)), self.store, self.snapshots)

    def _graphs(self, tenant: str) -> Graphs:
        return lambda workflow, revision: self.library.graph(tenant, workflow, revision)

    def _deadline(self, graph: Graph) -> int | None:
        seconds = graph.definition.settings.timeout_seconds
        return None if seconds is None else to_millis(self.clock() + timedelta(seconds=seconds))


def existing(loaded: Loaded[Execution]) -> Loaded[Execution]:
    """What was loaded. Raises UnknownExecution when nothing was."""
    if loaded.state.started is None:
        raise UnknownExecution(loaded.stream.key)
    return loaded


def _trigger(graph: Graph, start: Start) -> str:
    """The trigger to start from: the one named, or the only ones' first."""
    names = [node.name for node in graph.triggers()]
    name = start.trigger or next(iter(names), None)
    if name not in names:
        raise WrongState(
            "start", f"workflow {start.workflow}", f"without a trigger named {name}" if name else "without a trigger"
        )
    return name


def _children(execution: Execution) -> list[Waiting]:
    return [waiting for waiting in execution.waiting.values() if waiting.reason == "child"]


def _resumed(waiting: Waiting, payload: JSONObject) -> happened.NodeResumed:
    return happened.NodeResumed(waiting.run.node, waiting.run.number, "child", payload)


def _news(child: Execution) -> JSONObject:
    """What a parent hears of a child that has ended."""
    return {"status": child.status, "items": list(child.result()), "error": child.error, "execution": child.id.key}


def _refused(kind: str, message: str) -> JSONObject:
    return {"status": Status.FAILED, "items": [], "error": {"type": kind, "message": message}, "execution": None}


def _workflow_stream(execution: Execution) -> StreamId:
    workflow = execution.started.workflow if execution.started else ""
    return StreamId(execution.id.tenant, "workflow", workflow)
