"""A saga in a world where things go wrong as a seed has it: run by the interpreter, or as the compiled machine."""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from penstock.events import Origin
from penstock.events.aggregate import MemorySnapshotStore, Repository
from penstock.events.memory import MemoryEventStore
from penstock.sagas import interpreter
from penstock.sagas.deciding import Outcome
from penstock.sagas.definition import SagaDefinition
from penstock.sagas.events import SagaStarted
from penstock.sagas.interpreter import Ending, Throttled
from penstock.sagas.plan import Plan, Role
from penstock.sagas.state import AGGREGATE, SagaRun
from penstock.sagas.states_language import compile as compile_machine
from penstock.sagas.steps import Order, Steps
from tests.unit.platform.sagas.machine import TaskError, execute
from tests.unit.platform.sagas.participants import DO, UNDO, Killed, Ledger, Participant, Zombie

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
TENANT, RUN = "acme", "r1"
ENTRY = {"entry": "{{ $execution.key }}"}
CALL_FAULTS = ("fail", "killed", "crash", "hang", "lost", "late", "twice", "throttle")
"""`crash`: after the effect; `hang`: begun, the effect comes later; `late`: all of it comes later; `lost`: the answer."""


class Lost(Exception):
    """The caller heard nothing: the function was killed, the time was up, the answer was lost."""


def step(name: str, *, attempts: int = 2, undo_attempts: int | None = 2, pivot: bool = False) -> dict[str, Any]:
    """`undo_attempts` None: there is nothing to undo."""
    retry = {"attempts": attempts}
    made: dict[str, Any] = {"name": name, "type": DO, "parameters": ENTRY, "retry": retry, "pivot": pivot}
    if undo_attempts is None:
        return made
    undone = {"name": f"un{name}", "type": UNDO, "parameters": ENTRY, "retry": {"attempts": undo_attempts}}
    return {**made, "compensation": undone}


def saga(*steps: Any) -> dict[str, Any]:
    """A definition; a list of steps is a group."""
    entries = [
        {"name": f"g{place}", "parallel": each} if isinstance(each, list) else each for place, each in enumerate(steps)
    ]
    return {"name": "Generated", "steps": entries}


@dataclass
class Script:
    """What goes wrong: by step and role, one fault a call, in order; what is `broken` never works."""

    faults: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    broken: frozenset[tuple[str, str]] = frozenset()
    seed: int = 0
    remembers: bool = True


@dataclass(frozen=True)
class Case:
    definition: dict[str, Any]
    script: Script


def generated(rng: random.Random, *, remembers: bool = True) -> Case:
    """A saga of up to five stages, and what goes wrong with it. A compensation is patient enough unless it is broken."""
    stages: list[Any] = []
    faults: dict[tuple[str, str], list[str]] = {}
    broken: set[tuple[str, str]] = set()
    count = rng.randint(1, 5)
    pivot = rng.randrange(count) if rng.random() < 0.6 else None
    for place in range(count):
        is_after = pivot is not None and place > pivot
        names = (
            [f"s{place}"]
            if place == pivot or rng.random() < 0.7
            else [f"s{place}{letter}" for letter in "abc"[: rng.randint(2, 3)]]
        )
        made = []
        for name in names:
            faults[name, DO] = _faults(rng, refusals=0.15)
            faults[name, UNDO] = _faults(rng)
            if rng.random() < 0.04:
                broken.add((name, UNDO))
            has_compensation = not is_after and rng.random() < 0.85
            undo = len(faults[name, UNDO]) + 1 if has_compensation else None
            made.append(step(name, attempts=rng.randint(1, 4), undo_attempts=undo, pivot=place == pivot))
        stages.append(made[0] if len(made) == 1 else made)
    for task in ("complete", "compensated", "attention"):
        faults["", task] = [rng.choice(("lost", "late", "twice", "throttle"))] if rng.random() < 0.1 else []
    return Case(saga(*stages), Script(faults, frozenset(broken), rng.randrange(2**32), remembers))


def _faults(rng: random.Random, refusals: float = 0.0) -> list[str]:
    found = [rng.choice(CALL_FAULTS) for _ in range(rng.choice((0, 0, 0, 1, 1, 2, 4)))]
    return [*found, "refuse"] if rng.random() < refusals else found


class World:
    """One run of a case."""

    def __init__(self, case: Case) -> None:
        self.plan = Plan(SagaDefinition.model_validate(case.definition))
        self.script = case.script
        self.rng = random.Random(case.script.seed)
        self.store = MemoryEventStore()
        self.ledger = Ledger(case.script.remembers)
        self.participant = Participant(self.ledger)
        self.steps = Steps(self.store, self.participant, lambda: NOW)
        self.faults = {key: list(found) for key, found in case.script.faults.items()}
        self.is_mended = False
        self.zombies: list[Zombie] = []
        self.stream = AGGREGATE.stream(TENANT, RUN)
        self.save(lambda _: [SagaStarted("generated", case.definition, {})])

    @property
    def repository(self) -> Repository[SagaRun]:
        return Repository(AGGREGATE, self.store, MemorySnapshotStore())

    @property
    def run(self) -> SagaRun:
        return self.repository.load(self.stream).state

    def save(self, decide: Any) -> None:
        loaded = self.repository.load(self.stream)
        if events := decide(loaded.state):
            self.repository.save(loaded, events, NOW, Origin("test", "test"))

    def types(self) -> list[str]:
        return [event.type for commit in self.store.commits(self.stream) for event in commit.events]

    def interpreted(self, *, is_reversed: bool = False) -> Ending:
        return interpreter.run(
            self.plan, self.perform, tenant=TENANT, run_id=RUN, is_reversed=is_reversed, resumption=self.run.resumptions
        )

    def as_machine(self, *, is_reversed: bool = False) -> Ending:
        given = {"tenant": TENANT, "run": RUN, "is_reversed": is_reversed, "resumption": self.run.resumptions}
        last, _ = execute(compile_machine(self.plan), given, self._invoke)
        return Ending(last)

    def _invoke(self, payload: Any) -> Any:
        try:
            outcome = self.perform(Order(**payload))
        except Throttled:
            raise TaskError("Lambda.TooManyRequestsException") from None
        except Lost:
            raise TaskError("States.Timeout") from None
        except Exception as error:
            raise TaskError("Runtime.HandlerError") from error
        return {"outcome": str(outcome)}

    def mend(self) -> None:
        """From now on nothing goes wrong."""
        self.is_mended = True
        self.settle()

    def settle(self) -> None:
        """All that was given up and still runs comes to its end."""
        while self.zombies:
            self.zombies.pop(0).let_go()

    def perform(self, order: Order) -> Outcome:
        """What the machine gets to hear of the function."""
        while self.zombies and self.rng.random() < 0.3:
            self.zombies.pop(self.rng.randrange(len(self.zombies))).let_go()
        key = (order.step, {Role.ACT: DO, Role.COMPENSATE: UNDO}.get(order.task, order.task))  # type: ignore[call-overload]
        left = self.faults.get(key, [])
        fault = "" if self.is_mended or not left else left.pop(0)
        if not self.is_mended and key in self.script.broken:
            fault = "fail"
        return self._call(order, fault)

    def _call(self, order: Order, fault: str) -> Outcome:
        if fault == "throttle":
            raise Throttled
        if fault == "late":
            self._later(order, "", starts_late=True)
            raise Lost
        if fault == "hang":
            self._later(order, "hang", starts_late=False)
            raise Lost
        try:
            outcome = self._perform(order, fault)
            if fault == "twice":
                outcome = self._perform(order, "")
        except Killed:
            raise Lost from None
        if fault == "lost":
            raise Lost
        return outcome

    def _perform(self, order: Order, fault: str) -> Outcome:
        role = f"saga/{RUN}/{order.step} {UNDO if order.task == Role.COMPENSATE else DO}"
        self.participant.faults = {role: [fault]} if fault else {}
        return self.steps.perform(order)

    def _later(self, order: Order, fault: str, *, starts_late: bool) -> None:
        def call() -> None:
            if starts_late:
                zombie.park()
            self._perform(order, fault)

        zombie = Zombie(call)
        self.participant.zombie = zombie
        zombie.start()
        self.zombies.append(zombie)

    def compensatable(self) -> list[str]:
        return [name for name, each in self.plan.steps.items() if each.compensation]

    def standing(self, name: str) -> bool:
        return bool(self.ledger.standing.get(f"saga/{RUN}/{name}"))

    def zone(self, name: str) -> str:
        return next(str(stage.zone) for stage in self.plan.stages for each in stage.steps if each.name == name)
