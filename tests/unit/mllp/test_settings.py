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
        ("tls_client_auth", "perhaps"),
        ("health_listen", "2576"),
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


def test_a_toml_file_holds_destinations_as_tables(required: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    pem = required["api_key_file"]
    file.write_text(
        f"""
        url = "https://api.example"
        api_key_file = "{pem}"
        outbox = "{tmp_path}/outbox"
        tls_client_names = []
        [destinations.lab]
        address = "10.0.0.8:2576"
        tls = "on"
        tls_ca = "{pem}"
        ack_timeout = 12
        [destinations.pharmacy]
        address = "[::1]:2577"
        """
    )
    settings = load(file, {}, {})
    lab = settings.destinations["lab"]
    assert (lab.name, lab.host_and_port, lab.tls_ca, lab.ack_timeout) == ("lab", ("10.0.0.8", 2576), Path(pem), 12)
    assert settings.destinations["pharmacy"].host_and_port == ("::1", 2577)


def test_destinations_come_as_json_from_the_environment(required: dict[str, Any]) -> None:
    environment = {"PENSTOCK_MLLP_DESTINATIONS": '{"lab": {"address": "lab:2576"}}', "PENSTOCK_MLLP_LISTEN": ""}
    settings = load(None, environment, required)
    assert settings.destinations["lab"].host_and_port == ("lab", 2576)
    assert settings.listen == ""


@pytest.mark.parametrize(
    ("table", "name"),
    [
        ("[]", "destinations"),
        ("{", "destinations"),
        ({"lab": 1}, "destinations.lab"),
        ({"la b": {"address": "a:1"}}, "destinations.la b"),
        ({"lab": {}}, "destinations.lab.address"),
        ({"lab": {"address": "a"}}, "destinations.lab.address"),
        ({"lab": {"address": "a:1", "port": 1}}, "destinations.lab.port"),
        ({"lab": {"address": "a:1", "tls": "yes"}}, "destinations.lab.tls"),
        ({"lab": {"address": "a:1", "tls_server_name": "lab"}}, "destinations.lab.tls"),
        ({"lab": {"address": "a:1", "tls": "on", "tls_ca": "/no/such/file"}}, "destinations.lab.tls_ca"),
        ({"lab": {"address": "a:1", "ack_timeout": 0}}, "destinations.lab.ack_timeout"),
        ({str(number): {"address": "a:1"} for number in range(201)}, "destinations"),
    ],
)
def test_what_is_wrong_with_a_destination_is_named(required: dict[str, Any], table: Any, name: str) -> None:
    with pytest.raises(BadSetting) as caught:
        load(None, {}, required | {"destinations": table})
    assert caught.value.name == name


def test_a_gateway_that_neither_listens_nor_sends_does_not_start(required: dict[str, Any]) -> None:
    with pytest.raises(BadSetting, match="listen"):
        load(None, {}, required | {"listen": ""})


def test_names_of_senders_need_an_authority(required: dict[str, Any]) -> None:
    with pytest.raises(BadSetting, match="tls_client_ca"):
        load(None, {}, required | {"tls_client_names": "lab, pharmacy"})


@pytest.mark.parametrize("content", ["{", "[]"])
def test_an_unreadable_file_is_a_wrong_setting(tmp_path: Path, content: str) -> None:
    file = tmp_path / "settings.json"
    file.write_text(content)
    with pytest.raises(BadSetting, match="config"):
        load(file, {}, {})


def test_the_command_says_which_setting_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--url", "https://api.example"]) == 2
    assert "api_key_file: is required" in capsys.readouterr().err
