"""Runs one node as the engine does: its parameters checked, its function called, in this process."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from penstock.events.memory import MemoryEventStore
from penstock.json import JSON, JSONObject
from penstock.workflows.catalogue import catalogue
from penstock.workflows.execution.running import NodeRequest
from penstock.workflows.node import Outcome, Services, Signal
from penstock.workflows.runner import LocalRunner
from tests.unit.platform.nodes.http_server import Server, serving

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
Run = Callable[..., Outcome]


@pytest.fixture
def store() -> MemoryEventStore:
    return MemoryEventStore()


@pytest.fixture
def run(store: MemoryEventStore) -> Run:
    """`run(type, items, parameters, …)`; `parameters` is one object, or a list with one for every item."""
    runner = LocalRunner(catalogue(), Services(store))

    def run_node(
        node_type: str,
        items: Sequence[JSONObject] = (),
        parameters: JSONObject | Sequence[JSONObject] | None = None,
        *,
        signal: Signal | None = None,
        memory: JSON = None,
        key: str = "x1/Node/0/1",
        attempt: int = 1,
        **inputs: Sequence[JSONObject],
    ) -> Outcome:
        resolved: Any = parameters if isinstance(parameters, list) else [parameters or {}]
        return runner.run(
            NodeRequest(
                type=node_type,
                inputs=inputs or {"main": items},
                parameters=resolved,
                key=key,
                attempt=attempt,
                now=NOW,
                tenant="acme",
                workflow="w1",
                execution="x1",
                memory=memory,
                signal=signal,
            )
        )

    return run_node


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A real HTTP server that the guard lets through."""
    with serving() as state:
        monkeypatch.setenv("PENSTOCK_HTTP_ALLOW", f"127.0.0.1:{state.port}")
        yield state
