"""Runs a saga in this process, with the semantics of the machine that `states_language` makes.

run(plan, perform)      forward; turns round on its own where it must
run(plan, perform, is_reversed=True)    sent on by a person, on the way back
"""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from penstock.sagas.deciding import Outcome
from penstock.sagas.definition import Retry, Step
from penstock.sagas.plan import THROTTLES, Plan, PlannedStage, Role, Zone
from penstock.sagas.steps import Order, Perform

Sleep = Callable[[float], None]


class Ending(StrEnum):
    """How it ended; the machine's terminal states have these names."""

    COMPLETED = "Completed"
    COMPENSATED = "Compensated"
    NEEDS_ATTENTION = "NeedsAttention"


class Throttled(Exception):
    """The call was not let in: it is made again, and counts as no attempt."""


@dataclass(frozen=True)
class _Interpreter:
    plan: Plan
    perform: Perform
    tenant: str
    run: str
    resumption: int
    sleep: Sleep

    def forward(self) -> Ending:
        for place, stage in enumerate(self.plan.stages):
            known = self._stage(stage, Role.ACT, stage.steps)
            if all(outcome is Outcome.DONE for outcome in known):
                continue
            if stage.zone is Zone.AFTER or (stage.zone is Zone.PIVOT and None in known and not stage.compensated):
                return self._end("attention", Ending.NEEDS_ATTENTION)
            return self.back(self.plan.undone_after(place))
        return self._end("complete", Ending.COMPLETED)

    def back(self, first: int | None) -> Ending:
        for place in self.plan.way_back if first is not None else ():
            stage = self.plan.stages[place]
            if first is not None and place <= first:
                known = self._stage(stage, Role.COMPENSATE, stage.compensated)
                if any(outcome is not Outcome.DONE for outcome in known):
                    return self._end("attention", Ending.NEEDS_ATTENTION)
        return self._end("compensated", Ending.COMPENSATED)

    def _stage(self, stage: PlannedStage, role: Role, steps: Iterable[Step]) -> list[Outcome | None]:
        return [self._tried(Order(self.tenant, self.run, role, step.name), stage.retry(step, role)) for step in steps]

    def _tried(self, order: Order, retry: Retry) -> Outcome | None:
        """What is known after all attempts; None: it may have happened."""
        failures = throttles = 0
        while True:
            try:
                return self.perform(order)
            except Throttled:
                throttles += 1
                if throttles > THROTTLES:
                    return None
            except Exception:  # noqa: BLE001 - the machine cannot tell them apart either
                failures += 1
                if failures >= retry.attempts:
                    return None
                self.sleep(pause(retry, failures))

    def _end(self, task: str, ending: Ending) -> Ending:
        """The last call; where it cannot be made at all, the machine fails."""
        known = self._tried(Order(self.tenant, self.run, task, "", self.resumption), ENDING)
        return ending if known is Outcome.DONE else Ending.NEEDS_ATTENTION


ENDING = Retry(attempts=10, delay_seconds=1, backoff=2, max_delay_seconds=300)
"""How the call that records an end is tried again."""


def run(
    plan: Plan,
    perform: Perform,
    *,
    tenant: str,
    run_id: str,
    is_reversed: bool = False,
    resumption: int = 0,
    sleep: Sleep = lambda _: None,
) -> Ending:
    """How the run ended. `sleep` waits for seconds; left out, retries follow at once."""
    interpreter = _Interpreter(plan, perform, tenant, run_id, resumption, sleep)
    return interpreter.back(len(plan.stages)) if is_reversed else interpreter.forward()


def pause(retry: Retry, failures: int, chance: Callable[[], float] = random.random) -> float:
    """Seconds to wait after so many failures: full jitter, as the machine has it."""
    longest = min(retry.delay_seconds * retry.backoff ** (failures - 1), retry.max_delay_seconds)
    return chance() * longest
