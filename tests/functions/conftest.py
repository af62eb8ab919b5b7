"""The cloud that function tests run in."""

from collections.abc import Callable, Iterator

import pytest

from penstock.aws import letters, wiring
from tests.functions.cloud import Cloud
from tests.functions.cloud import cloud as make
from tests.functions.webhooks import QUEUE
from tests.unit.platform.nodes.http_server import Server, serving


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch, create_tables: Callable[..., None]) -> Iterator[Cloud]:
    """A cloud on moto with one tenant, `acme`, and an admin key of it."""
    yield from make(monkeypatch, create_tables)


@pytest.fixture
def endpoint() -> Iterator[Server]:
    """Somebody's endpoint on this machine."""
    with serving() as server:
        yield server


@pytest.fixture
def other() -> Iterator[Server]:
    """Somebody else's."""
    with serving() as server:
        yield server


@pytest.fixture
def loopback(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator allows webhooks to this machine, and moto's dead-letter queues are looked through without waiting."""
    monkeypatch.setattr(letters, "_WAIT", 0)
    monkeypatch.setenv("PENSTOCK_HTTP_ALLOW", "127.0.0.1")
    monkeypatch.setenv("PENSTOCK_OWN_DEAD_LETTERS", wiring.settings().dead_letters[QUEUE]["dead_letters"])
    for part in (wiring.settings, wiring.webhooks, wiring.webhook_sender, wiring.dispatch):
        part.cache_clear()
