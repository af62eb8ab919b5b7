"""What the workflows' tests share."""

from collections.abc import Iterator

import pytest

from tests.unit.platform.nodes.http_server import Server, serving


@pytest.fixture
def payer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A payer's server; what it answers is the test's."""
    with serving() as server:
        monkeypatch.setenv("PENSTOCK_HTTP_ALLOW", f"127.0.0.1:{server.port}")
        yield server
