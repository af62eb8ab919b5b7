"""The engine: what can be asked of executions.

*Inline*, a request calls `start` and gets the execution back as far as it went. *Queued*, a message calls `resume`.
Both drive it in the same way (`driver`), and so does everything else here.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from penstock.events import Origin, StreamId
from penstock.json import JSON
from penstock.workflows.errors import UnknownCallback, WrongState
from penstock.workflows.execution import events as happened
from penstock.workflows.execution.driver import Driver, existing
from penstock.workflows.execution.ports import Spent, Start
from penstock.workflows.execution.state import Execution, Status, Waiting


@dataclass(frozen=True)
class Engine(Driver):
    """Starts executions and carries them on, cancels and retries them, and tells what they came to."""

    def start(self, start: Start, origin: Origin, spent: Spent, execution_id: str | None = None) -> Execution:
        """Start an execution and run it as far as it goes within the budget.

        Starting an `execution_id` that there is already goes on with that one. Raises UnknownWorkflow, and
        WrongState when the workflow has no such trigger.
        """
        return self._carry(self._begin(start, origin, execution_id), spent)

    def enqueue(self, start: Start, origin: Origin, execution_id: str | None = None) -> Execution:
        """Start an execution and leave all of it to the queue."""
        return self.start(start, origin, lambda: True, execution_id)

    def resume(self, execution: StreamId, spent: Spent) -> Execution:
        """Go on with an execution as far as it goes within the budget. Raises UnknownExecution."""
        return self._carry(self._load(execution), spent)

    def signal(self, execution: StreamId, token: str, payload: JSON, origin: Origin, spent: Spent) -> Execution:
        """Call a waiting run's callback and go on. Raises UnknownExecution, UnknownCallback."""

        def resumed(state: Execution) -> Sequence[Any]:
            waiting = _waiting_for(state, token)
            return [happened.NodeResumed(waiting.run.node, waiting.run.number, "callback", payload)]

        return self._carry(self._decide(execution, resumed, origin), spent)

    def cancel(self, execution: StreamId, reason: str, origin: Origin) -> Execution:
        """End an execution. Raises UnknownExecution, and WrongState when it has ended."""

        def cancelled(state: Execution) -> Sequence[Any]:
            if state.ended:
                raise WrongState("cancel", f"execution {execution.key}", state.status)
            return [happened.ExecutionCancelled(reason)]

        return self._carry(self._decide(execution, cancelled, origin), lambda: True)

    def retry(self, execution: StreamId, origin: Origin, spent: Spent) -> Execution:
        """Go on with a failed execution from the node that failed. Raises UnknownExecution, WrongState."""

        def retried(state: Execution) -> Sequence[Any]:
            if state.ended is not Status.FAILED:
                raise WrongState("retry", f"execution {execution.key}", state.status)
            return [happened.ExecutionRetried(self._deadline(state.workflow))]

        return self._carry(self._decide(execution, retried, origin), spent)

    def load(self, execution: StreamId) -> Execution:
        """The execution as it is stored now. Raises UnknownExecution."""
        return self._load(execution).execution

    def load_at(self, execution: StreamId, *, version: int | None = None, at: datetime | None = None) -> Execution:
        """The execution as it was after an event, or at a time. Raises UnknownExecution."""
        loaded = self._repository(execution.tenant).load_at(execution, version=version, time=at)
        return existing(loaded).state


def _waiting_for(execution: Execution, token: str) -> Waiting:
    for waiting in () if execution.ended else execution.waiting.values():
        if waiting.token is not None and secrets.compare_digest(waiting.token, token):
            return waiting
    raise UnknownCallback()
