from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from penstock.workflows.expressions import Scope, Where, resolve

NOW = datetime(2026, 11, 24, 10, 2, 15, 123000, tzinfo=UTC)


def scope_of(json: Any = None, **more: Any) -> Scope:
    return Scope(json={} if json is None else json, now=more.pop("now", NOW), **more)


@pytest.fixture
def scope() -> Callable[..., Scope]:
    """A scope with this `$json` and these other fields."""
    return scope_of


@pytest.fixture
def value() -> Callable[..., Any]:
    """What a parameter resolves to at node "Set", parameter "field"."""

    def resolved(parameter: Any, json: Any = None, **more: Any) -> Any:
        return resolve(parameter, scope_of(json, **more), where=Where("Set", "field"))

    return resolved
