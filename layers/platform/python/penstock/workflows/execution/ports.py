"""What the engine needs of the world, and what it is asked to start."""

import time as timing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from penstock.events import StreamId
from penstock.json import JSONObject
from penstock.workflows.graph import Graph


class Wake(Protocol):
    """Sees to it that `Engine.resume` is called for an execution, at a time. Calling twice is harmless."""

    def at(self, execution: StreamId, time: datetime) -> None:
        """Resume it at the time (UTC), or soon after."""
        ...


class Slots(Protocol):
    """Counts the executions of a workflow that run at once."""

    def acquire(self, workflow: StreamId, execution: StreamId, limit: int) -> bool:
        """Whether the execution holds one of the workflow's `limit` slots now; asking again is harmless."""
        ...

    def release(self, workflow: StreamId, execution: StreamId) -> None:
        """Give the slot back, if it is held."""
        ...


class Library(Protocol):
    """The workflows of a tenant, as the engine needs them."""

    def graph(self, tenant: str, workflow: str, revision: int) -> Graph:
        """The workflow as it stood at the revision. Raises UnknownWorkflow."""
        ...

    def published(self, tenant: str, workflow: str) -> int:
        """The revision of the published version. Raises UnknownWorkflow."""
        ...


Spent = Callable[[], bool]
"""Whether a driver should leave the rest to the next one."""


def within(seconds: float) -> Spent:
    """A budget of time from now."""
    end = timing.monotonic() + seconds
    return lambda: timing.monotonic() >= end


@dataclass(frozen=True, slots=True)
class Start:
    """What to run: a workflow at a revision, from one of its triggers, on items."""

    tenant: str
    workflow: str
    revision: int
    items: Sequence[JSONObject]
    mode: str
    trigger: str | None = None
    parent: JSONObject | None = None
