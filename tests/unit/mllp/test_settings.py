"""Settings from a file, the environment and flags."""

import json
from pathlib import Path
from typing import Any

import pytest

from penstock_mllp.__main__ import main
from penstock_mllp.errors import BadSetting
from penstock_mllp.settings import load


@pytest.fixture
def required(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "key").write_text("k")
    return {"url": "https://api.example", "api_key_file": str(tmp_path / "key"), "outbox": str(tmp_path / "outbox")}


def test_flags_win_over_the_environment_and_that_over_the_file(required: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text(json.dumps(required | {"name": "file", "ack_timeout": 1, "idle_timeout": 60, "listen": "a:1"}))
    environment = {"PENSTOCK_MLLP_NAME": "env", "PENSTOCK_MLLP_ACK_TIMEOUT": "2.5", "PATH": "/bin"}
    settings = load(file, environment, {"name": "flag", "listen": None})
    assert (settings.name, settings.ack_timeout, settings.idle_timeout) == ("flag", 2.5, 60)
    assert settings.address == ("a", 1)
    assert isinstance(settings.outbox, Path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("url", ""),
        ("url", "ftp://x"),
        ("url", "https://"),
        ("api_key_file", "/no/such/file"),
        ("outbox", ""),
        ("listen", "2575"),
        ("listen", "host:99999"),
        ("ack_on", "hope"),
        ("ack_timeout", "soon"),
        ("ack_timeout", 0),
        ("ack_timeout", True),
        ("max_frame_bytes", "1.5"),
        ("max_connections", 0),
        ("no_such_setting", "x"),
    ],
)
def test_a_wrong_setting_is_named(required: dict[str, Any], name: str, value: Any) -> None:
    with pytest.raises(BadSetting) as caught:
        load(None, {}, required | {name: value})
    assert caught.value.name == name


def test_a_certificate_needs_its_key_and_client_certificates_need_both(required: dict[str, Any]) -> None:
    existing = required["api_key_file"]
    with pytest.raises(BadSetting, match="tls_key"):
        load(None, {}, required | {"tls_certificate": existing})
    with pytest.raises(BadSetting, match="tls_certificate"):
        load(None, {}, required | {"tls_client_ca": existing})


@pytest.mark.parametrize("content", ["{", "[]"])
def test_an_unreadable_file_is_a_wrong_setting(tmp_path: Path, content: str) -> None:
    file = tmp_path / "settings.json"
    file.write_text(content)
    with pytest.raises(BadSetting, match="config"):
        load(file, {}, {})


def test_the_command_says_which_setting_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--url", "https://api.example"]) == 2
    assert "api_key_file: is required" in capsys.readouterr().err
