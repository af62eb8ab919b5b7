"""An event, and a tenant's webhooks with everything around them in memory."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from penstock.events import Event, Origin, StreamId
from tests.unit.platform.routing.world import World

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def make_event() -> Callable[..., Event]:
    def make(data: dict[str, Any] | None = None, kind: str = "event") -> Event:
        stream = StreamId("acme", kind, "e-1")
        return Event(stream, 1, "lab.filed", 1, NOON, data or {"ward": "3B"}, Origin("lab", "order-7"))

    return make


@pytest.fixture
def world() -> World:
    return World()
