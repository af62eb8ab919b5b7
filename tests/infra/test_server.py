"""The emulator's process as the launcher sees it: only ours is ever taken for ours."""

import os
import socket
from pathlib import Path

import pytest

from local import home, server
from local.emulator.launch import ENVIRONMENT
from local.errors import StartError
from local.home import State


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for module in (home, server):
        monkeypatch.setattr(module, "HOME", tmp_path)
        monkeypatch.setattr(module, "STATE", tmp_path / "state.json")
    return tmp_path


def test_a_state_survives_its_process(own_home: Path) -> None:
    state = State(1, 4566, {"Data": "hash"}, {"ApiId": "x"}, "key")
    state.save()
    assert home.load_state() == state
    assert (own_home / "state.json").stat().st_mode & 0o777 == 0o600


def test_another_process_with_the_noted_id_is_left_alone() -> None:
    State(os.getpid(), 4566).save()
    assert server.running() is None
    assert server.stop() is False
    assert home.load_state() is None


def test_nothing_is_stopped_when_nothing_was_started() -> None:
    assert server.stop() is False


def test_a_taken_port_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setattr(server, "DEFAULT_PORT", taken.getsockname()[1])
        assert server.free_port() != server.DEFAULT_PORT


def test_a_missing_emulator_says_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "PYTHON", home.ROOT / "nowhere/python")
    with pytest.raises(StartError, match="run `make setup`"):
        server.start()


def test_an_emulator_that_ends_at_once_shows_its_log(monkeypatch: pytest.MonkeyPatch, own_home: Path) -> None:
    monkeypatch.setattr(server, "LOG", own_home / "emulator.log")
    broken = own_home / "python"
    broken.write_text("#!/bin/sh\necho no such module\nexit 3\n", encoding="utf-8")
    broken.chmod(0o755)
    monkeypatch.setattr(server, "PYTHON", broken)
    with pytest.raises(StartError, match=r"(?s)exit code 3.*no such module"):
        server.start()


def test_the_emulator_is_given_no_credentials_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "real")
    monkeypatch.setenv("AWS_PROFILE", "production")
    assert not [name for name in server._environment() if name.startswith("AWS_")]


def test_the_emulator_listens_on_loopback_only() -> None:
    assert ENVIRONMENT["BIND_HOST"] == "127.0.0.1"
    assert ENVIRONMENT["IOT_MTLS_ENABLED"] == "0"
