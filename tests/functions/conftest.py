"""The cloud that function tests run in."""

from collections.abc import Callable, Iterator

import pytest

from tests.functions.cloud import Cloud
from tests.functions.cloud import cloud as make


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch, create_tables: Callable[..., None]) -> Iterator[Cloud]:
    """A cloud on moto with one tenant, `acme`, and an admin key of it."""
    yield from make(monkeypatch, create_tables)
