"""The command line, called in this process."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from penstock_cli.main import app

Invoke = Callable[..., Result]


@pytest.fixture
def penstock(monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """`penstock("workflow", "list")`, with no platform named in the environment."""
    for name in ("PENSTOCK_API_URL", "PENSTOCK_API_KEY"):
        monkeypatch.delenv(name, raising=False)

    def invoke(*arguments: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(app, list(arguments), input=stdin)

    return invoke


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., str]:
    """`write("a.json", value)` makes a file and returns its path; text and bytes go as they are."""

    def make(name: str, value: Any) -> str:
        file = tmp_path / name
        content = value if isinstance(value, str | bytes) else json.dumps(value)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(file)

    return make
