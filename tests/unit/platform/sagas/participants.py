"""A participant that keeps books of what it did, and a script of what goes wrong with it."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from penstock.sagas.errors import StepFailure
from penstock.workflows.execution.running import NodeRequest
from penstock.workflows.node import Emit, NodeFailure, Outcome

DO, UNDO = "test.do", "test.undo"


class Killed(BaseException):
    """The function's process is gone: nothing in it can catch this."""


@dataclass
class Ledger:
    """Effects by key. `remembers`: what was undone before it came is refused when it comes."""

    remembers: bool = True
    standing: dict[str, bool] = field(default_factory=dict)
    applied: Counter[str] = field(default_factory=Counter)

    def do(self, key: str) -> None:
        if self.standing.get(key):
            return
        if self.remembers and key in self.standing:
            raise NodeFailure("Undone", "it was undone before it came", permanent=True)
        self.standing[key] = True
        self.applied[key] += 1

    def undo(self, key: str) -> None:
        if self.remembers or self.standing.get(key):
            self.standing[key] = False


class Zombie:
    """A call that was given up and still runs: its effect waits until it is let go."""

    def __init__(self, call: Callable[[], object]) -> None:
        self._parked, self._go = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, args=(call,), daemon=True)

    def start(self) -> None:
        self._thread.start()
        assert self._parked.wait(10)

    def park(self) -> None:
        self._parked.set()
        assert self._go.wait(10)

    def let_go(self) -> None:
        self._go.set()
        self._thread.join(10)
        assert not self._thread.is_alive()

    def _run(self, call: Callable[[], object]) -> None:
        try:
            call()
        except (StepFailure, Killed):  # nobody listens any more
            pass
        finally:
            self._parked.set()


@dataclass
class Participant:
    """A NodeRunner. `faults` are what happens at the next call with a key, in order; then all is well."""

    ledger: Ledger
    faults: dict[str, list[str]] = field(default_factory=dict)
    broken: frozenset[str] = frozenset()
    zombie: Zombie | None = None

    def run(self, request: NodeRequest) -> Outcome:
        key = request.parameters[0]["entry"]
        role = f"{key} {request.type}"
        fault = self.faults[role].pop(0) if self.faults.get(role) else ""
        if role in self.broken:
            fault = "fail"
        if fault == "hang" and self.zombie:
            self.zombie.park()
        if fault == "fail":
            raise NodeFailure("Unavailable", "not now")
        if fault == "refuse":
            raise NodeFailure("Refused", "never", permanent=True)
        if fault == "killed":
            raise Killed
        (self.ledger.do if request.type == DO else self.ledger.undo)(key)
        if fault == "crash":
            raise Killed
        return Emit.main([{"entry": key}])
