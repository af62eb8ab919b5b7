"""One call of the machine: what is missing is recorded, run, and recorded again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from penstock.clock import Clock, NewId, new_id, utc_now
from penstock.events import EventStore, Origin, StreamId
from penstock.events.aggregate import Loaded, MemorySnapshotStore, Repository
from penstock.events.commands import settle
from penstock.json import JSONObject
from penstock.sagas import deciding
from penstock.sagas.deciding import Events, Outcome
from penstock.sagas.errors import StepFailure, UnknownSaga
from penstock.sagas.plan import Role, action_of
from penstock.sagas.state import AGGREGATE, SagaRun, Status, StepStatus
from penstock.workflows.execution.running import LONGEST_MESSAGE, NodeRequest, NodeRunner
from penstock.workflows.expressions import ExpressionError, Scope, Where, resolve
from penstock.workflows.node import Emit, NodeFailure

_ENDS: Mapping[str, Callable[[SagaRun], Events]] = {
    "complete": deciding.complete,
    "compensated": deciding.compensate,
    "attention": deciding.ask_for_attention,
}


@dataclass(frozen=True, slots=True)
class Order:
    """What the machine asks for. `task` names a Role, or how the run ends; `step` is empty for an end.

    `resumption` is the run's when the machine was started: an end that an earlier machine asks for is not the run's.
    """

    tenant: str
    run: str
    task: str
    step: str = ""
    resumption: int = 0


class Perform(Protocol):
    """Does what the machine asks for."""

    def __call__(self, order: Order) -> Outcome:
        """What came of it. Raises whatever makes the machine try again."""
        ...


@dataclass(frozen=True)
class Steps:
    """Performs orders on the event store."""

    store: EventStore
    runner: NodeRunner
    clock: Clock = utc_now
    new_id: NewId = new_id

    def perform(self, order: Order) -> Outcome:
        """See Perform. Raises UnknownSaga, StepFailure, Conflict after losing to rivals again and again.

        Raises ValueError for a task that there is not.
        """
        stream = AGGREGATE.stream(order.tenant, order.run)
        if order.task in _ENDS:
            return self._end(stream, _ENDS[order.task], order.resumption)
        perform = {Role.ACT: self._act, Role.COMPENSATE: self._compensate}[Role(order.task)]
        return perform(stream, order.step)

    def _act(self, stream: StreamId, step: str) -> Outcome:
        begun = self._settle(stream, lambda run: deciding.begin(run, step))
        if known := deciding.verdict(begun.state, step):
            return known
        try:
            result = self._run(begun.state, step, Role.ACT)
        except Exception as failure:  # noqa: BLE001 - its message may quote data, and must not reach a log
            error, is_final = describe(failure), is_permanent(failure)
            failed = self._settle(stream, lambda run: deciding.fail(run, step, error, is_final=is_final), loaded=begun)
            known = deciding.verdict(failed.state, step) or (Outcome.REJECTED if is_final else None)
            if known:
                return known
            raise StepFailure(step, error) from None
        done = self._settle(stream, lambda run: deciding.succeed(run, step, result), loaded=begun)
        return deciding.verdict(done.state, step) or Outcome.REJECTED

    def _compensate(self, stream: StreamId, step: str) -> Outcome:
        begun = self._settle(stream, lambda run: deciding.begin_undoing(run, step))
        if deciding.is_undone(begun.state, step):
            return Outcome.DONE
        if begun.state.status is not Status.COMPENSATING:
            return Outcome.REJECTED
        try:
            self._run(begun.state, step, Role.COMPENSATE)
        except Exception as failure:  # noqa: BLE001 - likewise
            error, is_final = describe(failure), is_permanent(failure)
            self._settle(stream, lambda run: deciding.fail_undoing(run, step, error, is_final=is_final), loaded=begun)
            if is_final:
                return Outcome.REJECTED
            raise StepFailure(step, error) from None
        done = self._settle(stream, lambda run: deciding.undo(run, step), loaded=begun)
        if deciding.is_undone(done.state, step):
            return Outcome.DONE
        raise StepFailure(step, {"type": "HappenedMeanwhile", "message": "it happened while it was undone"})

    def _end(self, stream: StreamId, decide: Callable[[SagaRun], Events], resumption: int) -> Outcome:
        self._settle(stream, lambda run: decide(run) if run.resumptions == resumption else [])
        return Outcome.DONE

    def _settle(
        self, stream: StreamId, decide: Callable[[SagaRun], Events], loaded: Loaded[SagaRun] | None = None
    ) -> Loaded[SagaRun]:
        def decide_known(run: SagaRun) -> Events:
            if run.status is Status.NEW:
                raise UnknownSaga(f"saga run {stream.key}")
            return decide(run)

        repository = Repository(AGGREGATE, self.store, MemorySnapshotStore(), self.new_id)
        return settle(repository, stream, decide_known, _origin, self.clock, loaded=loaded)[0]

    def _run(self, run: SagaRun, step: str, role: Role) -> JSONObject:
        action, key = action_of(run.plan.steps[step], role), key_of(run, step)
        state = run.steps[step]
        scope = Scope(
            json=run.input,
            items=[run.input],
            nodes={name: [each.result] for name, each in run.steps.items() if each.status is StepStatus.SUCCEEDED},
            workflow={"id": run.saga, "name": run.plan.definition.name},
            execution={"id": run.id.key, "key": key},
            now=self.clock(),
        )
        outcome = self.runner.run(
            NodeRequest(
                type=action.type,
                inputs={"main": [run.input]},
                parameters=[resolve(action.parameters, scope, where=Where(action.name))],
                key=key if role is Role.ACT else f"{key}/undo/{state.round}",
                attempt=state.attempts if role is Role.ACT else state.undo_attempts,
                now=self.clock(),
                tenant=run.id.tenant,
                workflow=run.saga,
                execution=run.id.key,
                timeout_seconds=action.timeout_seconds,
            )
        )
        return _result(outcome)


def key_of(run: SagaRun, step: str) -> str:
    """The key under which a step has its effect: the same at every attempt."""
    return f"saga/{run.id.key}/{step}"


def describe(failure: Exception) -> JSONObject:
    """A failure as the stream keeps it."""
    kind = failure.kind if isinstance(failure, NodeFailure) else type(failure).__name__
    return {"type": kind, "message": str(failure)[:LONGEST_MESSAGE]}


def is_permanent(failure: Exception) -> bool:
    """Whether the participant refused: it has done nothing, and asking again is of no use."""
    return isinstance(failure, ExpressionError) or (isinstance(failure, NodeFailure) and failure.permanent)


def _origin(run: SagaRun) -> Origin:
    return Origin(f"saga:{run.saga}", run.correlation)


def _result(outcome: Any) -> JSONObject:
    """The first item that the node sent out."""
    if not isinstance(outcome, Emit):
        raise NodeFailure("CannotWait", "a saga's step ends within its time; it cannot wait", permanent=True)
    items = next(iter(outcome.outputs.values()), ())
    return dict(items[0]) if items else {}
