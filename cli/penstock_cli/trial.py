"""A workflow run in this process, in memory: waits in real time or jumped over, callbacks answered on the spot."""

import heapq
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from penstock.clock import to_millis, utc_now
from penstock.events import Commit, Draft, Origin, Position, StreamId
from penstock.events.memory import MemoryEventStore
from penstock.json import JSON, JSONObject
from penstock.workflows.definition import WorkflowDefinition
from penstock.workflows.execution.engine import Engine
from penstock.workflows.execution.events import EVENTS
from penstock.workflows.execution.ports import Spent, Start, within
from penstock.workflows.execution.snapshot import aggregate
from penstock.workflows.execution.state import Execution, Status, Waiting
from penstock.workflows.execution.timeline import Entry, timeline
from penstock.workflows.graph import Graph
from penstock.workflows.in_process import MemoryWake, in_process_engine

TENANT = "local"
ORIGIN = Origin("cli", "trial")
LONGEST_SLEEP = timedelta(seconds=60)

Answer = Callable[[Waiting], JSON | None]
"""What a waiting callback is answered; None leaves it waiting."""


@dataclass
class JumpingClock:
    """Real time; where it `jumps`, sleeping moves it on instead."""

    jumps: bool
    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.ahead

    def sleep(self, wait: timedelta) -> None:
        """Be later by `wait`."""
        if self.jumps:
            self.ahead += max(wait, timedelta())
        else:
            time.sleep(max(wait.total_seconds(), 0))


class HeardStore(MemoryEventStore):
    """An event store that tells a listener of each commit, once it is stored."""

    def __init__(self, heard: Callable[[Commit], None]) -> None:
        super().__init__()
        self._heard = heard

    def append(
        self, stream: StreamId, drafts: Sequence[Draft], *, expected: Position, commit_id: str, origin: Origin
    ) -> Commit:
        """See EventStore.append."""
        commit = super().append(stream, drafts, expected=expected, commit_id=commit_id, origin=origin)
        self._heard(commit)
        return commit


@dataclass
class Trial:
    """Runs `workflow`, one of the definitions, to its end or to where only a person or a long wait can bring it on.

    `entries` is the timeline of its execution; `told` gets each entry when its event is stored.
    """

    definitions: Mapping[str, WorkflowDefinition]
    workflow: str
    clock: JumpingClock
    answer: Answer
    told: Callable[[Entry], None]
    entries: list[Entry] = field(default_factory=list)
    engine: Engine = field(init=False)
    store: HeardStore = field(init=False)
    wake: MemoryWake = field(init=False)
    _main: StreamId | None = field(init=False, default=None)
    _unread: deque[Commit] = field(init=False, default_factory=deque)
    _timeline: Iterator[Entry] = field(init=False, default_factory=lambda: iter(()))

    def __post_init__(self) -> None:
        self.store = HeardStore(self._hear)
        self.engine = in_process_engine(self.definitions, store=self.store, clock=self.clock)
        self.wake = self.engine.wake  # type: ignore[assignment]  # the in-process engine has this one

    @property
    def triggers(self) -> Sequence[str]:
        """The names of the workflow's triggers."""
        return [node.name for node in self._graph(self.workflow, 1).triggers()]

    def run(self, items: Sequence[JSONObject], trigger: str | None, timeout: float) -> Execution:
        """The execution, as far as it came in `timeout` seconds. Raises WrongState when there is no such trigger."""
        end, spent = time.monotonic() + timeout, within(timeout)
        begin = Start(TENANT, self.workflow, 1, items, "manual", trigger)
        execution = self.engine.start(begin, ORIGIN, spent)
        while not spent() and (self._answered(spent) or self._resumed(execution.id, end, spent)):
            pass
        return self.engine.load(execution.id)

    def callbacks(self) -> Iterator[tuple[StreamId, Waiting]]:
        """Every run that waits to be called, in this execution or one that it started."""
        for stream in self._executions():
            for waiting in self.engine.load(stream).waiting.values():
                if waiting.token is not None:
                    yield stream, waiting

    def _graph(self, workflow: str, revision: int) -> Graph:
        return self.engine.library.graph(TENANT, workflow, revision)

    def _hear(self, commit: Commit) -> None:
        """Write the timeline on: as many entries are taken of it as the commit has events."""
        if self._main is None:
            self._main = commit.stream
            self._timeline = timeline(aggregate(self._graph), self._main, iter(self._unread.popleft, None))
        if commit.stream == self._main:
            self._unread.append(commit)
            for entry in islice(self._timeline, len(commit.events)):
                self.entries.append(entry)
                self.told(entry)

    def _executions(self) -> list[StreamId]:
        return [stream for stream in self.store.streams() if stream.kind == EVENTS.kind]

    def _answered(self, spent: Spent) -> bool:
        for stream, waiting in self.callbacks():
            payload = self.answer(waiting)
            if payload is not None and waiting.token is not None:
                self.engine.signal(stream, waiting.token, payload, ORIGIN, spent)
                return True
        return False

    def _resumed(self, main: StreamId, end: float, spent: Spent) -> bool:
        """Whether an execution was resumed when it was due, after sleeping till then; False when none will be soon."""
        call = self._next_call()
        if call is None:
            return False
        due, stream = call
        wait = due - self.clock()
        has_ended = self.engine.load(main).ended
        longest = min(LONGEST_SLEEP, timedelta(seconds=max(end - time.monotonic(), 0)))
        if wait > timedelta() and (has_ended or (wait > longest and not self.clock.jumps)):
            return False
        self.clock.sleep(wait)
        self.engine.resume(stream, spent)
        return True

    def _next_call(self) -> tuple[datetime, StreamId] | None:
        """The earliest call that something still waits for."""
        while self.wake.calls:
            due, stream = heapq.heappop(self.wake.calls)
            if _is_due(self.engine.load(stream), due):
                return due, stream
        return None


def _is_due(execution: Execution, at: datetime) -> bool:
    """Whether the execution has something to do then; calls for waits that ended otherwise have nothing left."""
    if execution.ended:
        return False
    next_wake = execution.next_wake()
    return execution.status is Status.RUNNING or (next_wake is not None and next_wake <= to_millis(at))
