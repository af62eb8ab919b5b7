"""What people do with sagas: start one, see where it stands, send it on, say what was done by hand."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from uuid import NAMESPACE_URL, uuid5

from penstock.clock import Clock, NewId, new_id, utc_now
from penstock.events import EventStore, EventStoreError, Origin, StreamId
from penstock.events.aggregate import Loaded, MemorySnapshotStore, Repository
from penstock.json import JSONObject
from penstock.sagas import deciding, lifecycle
from penstock.sagas.deciding import Events
from penstock.sagas.errors import InvalidInput, MachineMissing, UnknownSaga
from penstock.sagas.events import SagaCompensated, SagaCompleted, SagaNeedsAttention, SagaResumed, SagaStarted
from penstock.sagas.machines import Machine, Machines
from penstock.sagas.ownership import OwnSagas
from penstock.sagas.state import AGGREGATE, SagaRun, Status
from penstock.workflows.errors import Problem
from penstock.workflows.parameters import place

MOST_PROBLEMS = 50
_AWAIT_A_MACHINE = frozenset({SagaStarted.__name__, SagaResumed.__name__})
_END = frozenset({SagaCompleted.__name__, SagaCompensated.__name__})


@dataclass(frozen=True)
class Sagas:
    """The runs of every tenant's sagas."""

    store: EventStore
    machines: Machines
    definitions: OwnSagas
    clock: Clock = utc_now
    new_id: NewId = new_id

    def start(
        self,
        tenant: str,
        saga: str,
        given: JSONObject,
        origin: Origin,
        key: str | None = None,
        version: int | None = None,
    ) -> SagaRun:
        """Start a run of a saga, an own one's newest version or this one; with a `key`, once.

        Raises UnknownSaga, InvalidInput.
        """
        release = self.definitions.release(tenant, saga, version)
        if problems := input_problems(release.definition, given):
            raise InvalidInput(problems)
        loaded = self._repository.load(AGGREGATE.stream(tenant, run_id(tenant, saga, key) if key else self.new_id()))
        if not loaded.exists:
            begun = SagaStarted(saga, release.definition, given, release.version)
            loaded = self._save(loaded, [begun], origin)
        if loaded.state.status is not Status.RUNNING:
            return loaded.state
        return self._machine_soon(loaded, origin)

    def carry_on(self, stream: StreamId) -> None:
        """Start the machine of a run that no machine has called for since it was started or sent on.

        Whoever did that may have crashed before it could start one. Starting it twice is harmless. The end of an own
        saga's run may leave machines that nobody needs any more. Raises MachineMissing.
        """
        events = [event for commit in self.store.commits(stream) for event in commit.events]
        last = events[-1].type if events else ""
        if last in _AWAIT_A_MACHINE:
            self._machine(self.read(stream.tenant, stream.key), events[-1].origin)
        elif last in _END:
            self._retire(self.read(stream.tenant, stream.key).state)

    def read(self, tenant: str, run: str) -> Loaded[SagaRun]:
        """A run as it stands. Raises UnknownSaga."""
        loaded = self._repository.load(AGGREGATE.stream(tenant, run))
        if not loaded.exists:
            raise UnknownSaga(f"saga run {run}")
        return loaded

    def resume(self, tenant: str, run: str, reason: str, origin: Origin) -> SagaRun:
        """Try again what is stuck, and go on. Raises UnknownSaga, NotResumable, Conflict."""
        return self._go_on(self.read(tenant, run), lambda found: deciding.resume(found, reason), origin)

    def resolve(
        self,
        tenant: str,
        run: str,
        step: str,
        *,
        has_happened: bool,
        reason: str,
        result: JSONObject,
        origin: Origin,
    ) -> SagaRun:
        """A stuck step was taken care of by hand; go on from there. Raises UnknownSaga, NotResumable, Conflict."""

        def decide(found: SagaRun) -> Events:
            resolved = deciding.resolve(found, step, has_happened=has_happened, reason=reason, result=result)
            return [*resolved, *deciding.resume(found, reason)]

        return self._go_on(self.read(tenant, run), decide, origin)

    def _retire(self, run: SagaRun) -> None:
        if run.version is not None:
            self.definitions.retire(lifecycle.AGGREGATE.stream(run.id.tenant, run.saga))

    def _go_on(self, loaded: Loaded[SagaRun], decide: Callable[[SagaRun], Events], origin: Origin) -> SagaRun:
        return self._machine_soon(self._save(loaded, decide(loaded.state), origin), origin)

    def _machine_soon(self, loaded: Loaded[SagaRun], origin: Origin) -> SagaRun:
        """Start the machine now, or leave it to `carry_on`."""
        with suppress(MachineMissing):
            return self._machine(loaded, origin)
        return loaded.state

    def _machine(self, loaded: Loaded[SagaRun], origin: Origin) -> SagaRun:
        """Start the machine; a run whose machine cannot be started waits for a person. Raises MachineMissing."""
        try:
            self._begin(loaded.state)
        except EventStoreError as error:
            failed = SagaNeedsAttention([], f"its machine could not be started: {type(error).__name__}")
            return self._save(loaded, [failed], origin).state
        return loaded.state

    def _begin(self, run: SagaRun) -> None:
        """Start the machine. An own saga's that is not there is made from the run's own definition."""
        machine = Machine(run.id.tenant, run.saga, run.version)
        order = {
            "tenant": run.id.tenant,
            "run": run.id.key,
            "is_reversed": run.is_reversed,
            "resumption": run.resumptions,
        }
        try:
            self.machines.start(machine, execution_name(run), order)
        except MachineMissing:
            self.machines.deploy(machine, run.definition)
            self.machines.start(machine, execution_name(run), order)

    def _save(self, loaded: Loaded[SagaRun], events: Events, origin: Origin) -> Loaded[SagaRun]:
        return self._repository.save(loaded, events, self.clock(), origin)

    @property
    def _repository(self) -> Repository[SagaRun]:
        return Repository(AGGREGATE, self.store, MemorySnapshotStore(), self.new_id)


def execution_name(run: SagaRun) -> str:
    """The name of the machine's execution: each time that a run is sent on has one of its own."""
    return f"{run.id.key}-{run.resumptions}" if run.resumptions else run.id.key


def run_id(tenant: str, saga: str, key: str) -> str:
    """The id of the run that a tenant's key stands for."""
    return uuid5(NAMESPACE_URL, f"saga/{tenant}/{saga}/{key}").hex


def input_problems(definition: JSONObject, given: JSONObject) -> list[Problem]:
    """All of the input that does not fit the definition's schema, without quoting it."""
    import jsonschema_rs

    if "input" not in definition:
        return []
    errors = jsonschema_rs.validator_for(definition["input"], mask="the value").iter_errors(given)
    return [
        Problem(place(given, list(error.instance_path))[0] or "input", error.kind.name, error.message)
        for error in islice(errors, MOST_PROBLEMS)
    ]
