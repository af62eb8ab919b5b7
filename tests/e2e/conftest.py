"""The deployed stack, and a tenant of its own for each test."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.stack import NEEDED, Stack
from tests.e2e.tenant import Tenant

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.local)


@pytest.fixture(scope="session")
def stack() -> Stack:
    missing = [name for name in NEEDED if not os.environ.get(name)]
    if missing:
        pytest.skip(f"no deployed local stack: {', '.join(missing)} not set (`python -m local during …` sets them)")
    return Stack.from_environment(os.environ)


@pytest.fixture
def tenant(stack: Stack) -> Iterator[Tenant]:
    """A tenant that nobody else writes to."""
    with stack.tenant() as found:
        yield found


@pytest.fixture
def other_tenant(stack: Stack) -> Iterator[Tenant]:
    """One more."""
    with stack.tenant() as found:
        yield found
