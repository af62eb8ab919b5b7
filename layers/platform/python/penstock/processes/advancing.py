"""An instance carried on as far as it goes: what follows is stored, actions are run and undone, the next look is set.

A commit of an instance is followed by a nudge, which comes until it has been dealt with: what a crash leaves undone
is found in the stream. An attempt is recorded before it is made, with the time until which it is taken to be under
way, so that of two that carry an instance on only one makes it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from penstock.clock import from_millis, to_millis
from penstock.events import Origin, StreamId
from penstock.events.aggregate import Loaded
from penstock.json import JSONObject
from penstock.processes import deciding
from penstock.processes.deciding import Due, Events, Pause
from penstock.processes.items import Items, scope
from penstock.processes.state import Process
from penstock.processes.storing import Instances
from penstock.sagas.interpreter import pause
from penstock.sagas.plan import Role
from penstock.sagas.steps import describe, is_permanent
from penstock.workflows.execution.ports import Spent
from penstock.workflows.execution.running import NodeRequest, NodeRunner
from penstock.workflows.expressions import Where, resolve
from penstock.workflows.node import Emit, NodeFailure, Outcome

ACTOR = "process"


class Wakes(Protocol):
    """Sees to it that an instance is looked at, at a time."""

    def at(self, instance: StreamId, time: datetime) -> None:
        """Call `Advancing.advance`, with `woken` this time, then or soon after. Calling twice is harmless."""
        ...


@dataclass(frozen=True)
class Advancing:
    """Carries instances on."""

    instances: Instances
    runner: NodeRunner
    wakes: Wakes
    pause: Pause = pause

    def advance(self, stream: StreamId, spent: Spent = lambda: False, woken: datetime | None = None) -> Process:
        """Carry the instance on until nothing is due or the time is `spent`; the rest follows by its own commits.

        `woken` is the time for which it was woken: a later one has been seen to by whoever brought it about.
        """
        loaded = self.instances.load(stream)
        if not loaded.state.has_started:
            return loaded.state
        while True:
            loaded = self._follow(loaded)
            wanted = deciding.due(loaded.state, self._now)
            if wanted is None or spent():
                break
            loaded = self._attempt(loaded, wanted)
        self._wake(loaded.state, woken)
        return loaded.state

    def _follow(self, loaded: Loaded[Process]) -> Loaded[Process]:
        def decide(process: Process) -> Events:
            return deciding.follow(process, Items.of(process, self.instances.store), self._now)

        return self._settle(loaded, decide)[0]

    def _attempt(self, loaded: Loaded[Process], wanted: Due) -> Loaded[Process]:
        """Make an attempt, unless another has begun it, and record what came of it."""
        begun, events = self._settle(loaded, lambda process: deciding.begin(process, wanted, self._now))
        if not events:
            return begun
        try:
            result = self._run(begun.state, wanted)
        except Exception as failure:  # noqa: BLE001 - its message may quote data, and must not reach a log
            return self._settle(begun, self._failed(wanted, failure))[0]
        return self._settle(begun, _succeeded(wanted, result))[0]

    def _failed(self, wanted: Due, failure: Exception) -> Callable[[Process], Events]:
        fail = {Role.ACT: deciding.fail, Role.COMPENSATE: deciding.fail_undoing}[wanted.role]
        error, is_final = describe(failure), is_permanent(failure)
        return lambda process: fail(process, wanted.run, error, is_final=is_final, now=self._now, pause=self.pause)

    def _run(self, process: Process, wanted: Due) -> JSONObject:
        action, run = deciding.action(process, wanted), process.runs[wanted.run]
        is_act, effect, now = wanted.role is Role.ACT, effect_key(process, wanted.run), self.instances.clock()
        seen = scope(process, Items.of(process, self.instances.store), run.event, now, effect)
        outcome = self.runner.run(
            NodeRequest(
                type=action.type,
                inputs={"main": [seen.json]},
                parameters=[resolve(action.parameters, seen, where=Where(action.name))],
                key=effect if is_act else f"{effect}/undo/{run.round}",
                attempt=run.attempts if is_act else run.undo_attempts,
                now=now,
                tenant=process.id.tenant,
                workflow=f"{ACTOR}/{process.id.key}",
                execution=process.trace,
                timeout_seconds=action.timeout_seconds,
            )
        )
        return _result(outcome)

    def _settle(self, loaded: Loaded[Process], decide: Callable[[Process], Events]) -> tuple[Loaded[Process], Events]:
        return self.instances.settle(loaded.stream, decide, _origin, loaded)

    def _wake(self, process: Process, woken: datetime | None) -> None:
        time = deciding.wake_at(process)
        if time is not None and woken in (None, from_millis(time)):
            self.wakes.at(process.id, from_millis(time))

    @property
    def _now(self) -> int:
        return to_millis(self.instances.clock())


def effect_key(process: Process, run: str) -> str:
    """The key under which an action has its effect: the same at every attempt."""
    return f"{ACTOR}/{process.id.key}/{run}"


def _succeeded(wanted: Due, result: JSONObject) -> Callable[[Process], Events]:
    if wanted.role is Role.COMPENSATE:
        return lambda process: deciding.undo(process, wanted.run)
    return lambda process: deciding.succeed(process, wanted.run, result)


def _origin(process: Process) -> Origin:
    return Origin(f"{ACTOR}:{process.process}", process.trace, process.start)


def _result(outcome: Outcome) -> JSONObject:
    """The first item that the node sent out."""
    if not isinstance(outcome, Emit):
        raise NodeFailure("CannotWait", "a process's action ends within its time; it cannot wait", permanent=True)
    items = next(iter(outcome.outputs.values()), ())
    return dict(items[0]) if items else {}
