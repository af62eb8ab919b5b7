"""penstock webhook, against the real endpoint and a real receiver on 127.0.0.1."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from penstock_cli import api
from tests.functions.cloud import Cloud
from tests.functions.cloud import cloud as make
from tests.unit.cli.conftest import Invoke
from tests.unit.cli.platform import URL, transport
from tests.unit.platform.nodes.http_server import Answer, Server, serving


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch, create_tables: Callable[..., None]) -> Iterator[Cloud]:
    monkeypatch.setenv("PENSTOCK_HTTP_ALLOW", "127.0.0.1")
    yield from make(monkeypatch, create_tables)


@pytest.fixture
def endpoint() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture
def platform(penstock: Invoke, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """The command line with a platform named in the environment."""
    monkeypatch.setenv("PENSTOCK_API_URL", URL)
    monkeypatch.setenv("PENSTOCK_API_KEY", cloud.key)
    monkeypatch.setattr(api, "Api", partial(api.Api, transport=transport(cloud)))
    return penstock


def told(platform: Invoke, *arguments: str, expect: int = 0) -> Any:
    result = platform("webhook", *arguments, "--json")
    assert result.exit_code == expect, result.stderr
    return json.loads(result.stdout)


def test_a_webhook_is_created_listed_and_deleted(platform: Invoke, endpoint: Server, write: Callable[..., str]) -> None:
    pattern = {"type": [{"prefix": "lab."}]}
    made = told(platform, "create", endpoint.url, "--pattern", write("p.json", pattern), "--description", "the lab's")
    assert made["secret"].startswith("whsec_")
    (listed,) = told(platform, "list")["items"]
    assert (listed["id"], listed["pattern"], listed["description"]) == (made["id"], pattern, "the lab's")
    assert made["id"] in platform("webhook", "list").stdout
    told(platform, "delete", made["id"])
    assert told(platform, "list")["items"] == []


def test_the_secret_is_printed_once_with_a_warning_beside_it(platform: Invoke, endpoint: Server) -> None:
    result = platform("webhook", "create", endpoint.url)
    assert "whsec_" in result.stdout
    assert "not shown again" in result.stderr
    assert "whsec_" not in platform("webhook", "list").stdout


def test_a_test_that_is_not_delivered_ends_with_one(platform: Invoke, endpoint: Server) -> None:
    webhook = told(platform, "create", endpoint.url)["id"]
    assert told(platform, "test", webhook)["status"] == 200
    endpoint.answer = lambda _: Answer(503)
    assert told(platform, "test", webhook, expect=1)["error"] == "HTTP 503"
    assert "not delivered: HTTP 503" in platform("webhook", "test", webhook).stdout
    assert [each["error"] for each in told(platform, "deliveries", webhook)["items"]] == ["HTTP 503", "HTTP 503", None]
    assert "webhook.test" in platform("webhook", "deliveries", webhook).stdout


def test_a_pattern_that_does_not_hold_is_told_off_with_its_path(
    platform: Invoke, endpoint: Server, write: Callable[..., str]
) -> None:
    result = platform("webhook", "create", endpoint.url, "--pattern", write("p.json", {"tpye": ["x"]}))
    assert (result.exit_code, "pattern.tpye: no event has this field; did you mean type?" in result.stderr) == (1, True)
    result = platform("webhook", "create", endpoint.url, "--pattern", write("l.json", ["x"]))
    assert (result.exit_code, "JSON object" in result.stderr) == (2, True)
