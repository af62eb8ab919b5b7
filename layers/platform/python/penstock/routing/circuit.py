"""The breaker of one endpoint, a pure state machine: an endpoint that fails is left alone for a while, then probed.

closed ──5 failures in a row──▶ open ──cool-down over──▶ half-open ──the probe fails──▶ open, for longer
   ▲                                                        │
   └──────────────────────── a success ◀────────────────────┘
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

FAILURES_TO_OPEN = 5
PROBE = timedelta(seconds=60)
"""How long a probe may take; after that its function has died, and another is sent."""
COOL_DOWNS = tuple(timedelta(seconds=seconds) for seconds in (30, 60, 120, 300, 900, 1_800, 3_600))
"""How long the circuit stays open, by how often it opened without a success in between; the last one is the longest."""
LONGEST_FAILING = timedelta(days=5)
"""After so long without a success the endpoint is given up."""


class State(StrEnum):
    """Whether deliveries are attempted."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class Circuit:
    """What is known of an endpoint since its webhook's `epoch`. Times are UTC.

    `failures` are those since the last success, `openings` likewise. `until` is when the next probe may go, or, half
    open, until when the one under way may take. `revision` counts the times that the circuit was saved.
    """

    epoch: int
    state: State = State.CLOSED
    failures: int = 0
    openings: int = 0
    until: datetime | None = None
    failing_since: datetime | None = None
    revision: int = 0


def since(circuit: Circuit | None, epoch: int) -> Circuit:
    """The circuit, if it is of the epoch or a later one; else one that knows nothing yet, to be saved in its place."""
    if circuit and circuit.epoch >= epoch:
        return circuit
    return Circuit(epoch, revision=circuit.revision if circuit else 0)


def admitted(circuit: Circuit, now: datetime) -> Circuit | None:
    """The circuit with an attempt under way; None when there may be none before `until`."""
    if circuit.state is State.CLOSED:
        return circuit
    if circuit.until and now < circuit.until:
        return None
    return replace(circuit, state=State.HALF_OPEN, until=now + PROBE)


def succeeded(circuit: Circuit) -> Circuit:
    """The circuit after a success, also one that comes late: the endpoint is there."""
    return Circuit(circuit.epoch, revision=circuit.revision)


def failed(circuit: Circuit, now: datetime) -> Circuit:
    """The circuit after a failure."""
    counted = replace(circuit, failures=circuit.failures + 1, failing_since=circuit.failing_since or now)
    return _FAILED[circuit.state](counted, now)


def is_given_up(circuit: Circuit, now: datetime) -> bool:
    """Whether the endpoint has failed for too long."""
    return circuit.failing_since is not None and now - circuit.failing_since >= LONGEST_FAILING


def _counted(circuit: Circuit, now: datetime) -> Circuit:
    return _opened(circuit, now) if circuit.failures >= FAILURES_TO_OPEN else circuit


def _opened(circuit: Circuit, now: datetime) -> Circuit:
    cool_down = COOL_DOWNS[min(circuit.openings, len(COOL_DOWNS) - 1)]
    return replace(circuit, state=State.OPEN, openings=circuit.openings + 1, until=now + cool_down)


def _unmoved(circuit: Circuit, _: datetime) -> Circuit:
    """An attempt that began before the circuit opened has failed too."""
    return circuit


_FAILED: Mapping[State, Callable[[Circuit, datetime], Circuit]] = {
    State.CLOSED: _counted,
    State.HALF_OPEN: _opened,
    State.OPEN: _unmoved,
}
