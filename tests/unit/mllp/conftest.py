"""Gateways and the platform that they talk to."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from penstock_mllp.settings import Settings
from tests.unit.mllp.cloud import API_KEY, FakeCloud


@pytest.fixture
def cloud() -> FakeCloud:
    return FakeCloud()


@pytest.fixture
def settings_for(tmp_path: Path) -> Callable[..., Settings]:
    """Settings for a gateway in a folder of its own, quick to retry."""
    key = tmp_path / "api-key"
    key.write_text(API_KEY + "\n")

    def make(url: str, **more: Any) -> Settings:
        given: dict[str, Any] = {
            "listen": "127.0.0.1:0",
            "outbox": tmp_path / "outbox",
            "api_key_file": key,
            "retry_base": 0.02,
            "retry_cap": 0.1,
            "ack_timeout": 5.0,
            "stop_timeout": 2.0,
        }
        return Settings(url=url, **(given | more))

    return make
