"""penstock queue letters, show, resend and discard, against the real endpoint."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from penstock.aws import clients, wiring
from penstock.aws import letters as adapter
from penstock_cli import api
from tests.functions.cloud import Cloud
from tests.functions.cloud import cloud as make
from tests.unit.cli.conftest import Invoke
from tests.unit.cli.platform import URL, transport

WHY = ("--reason", "mended")


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch, create_tables: Callable[..., None]) -> Iterator[Cloud]:
    monkeypatch.setattr(adapter, "_WAIT", 0)
    yield from make(monkeypatch, create_tables)


@pytest.fixture
def platform(penstock: Invoke, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """The command line with a platform named in the environment."""
    monkeypatch.setenv("PENSTOCK_API_URL", URL)
    monkeypatch.setenv("PENSTOCK_API_KEY", cloud.key)
    monkeypatch.setattr(api, "Api", partial(api.Api, transport=transport(cloud)))
    return penstock


def told(platform: Invoke, *arguments: str) -> Any:
    result = platform("queue", *arguments, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def nudge(commit: Any = 1) -> dict[str, Any]:
    return {"stream": "acme#execution#e-1", "commit": commit}


def put(commit: Any = 1) -> str:
    url = wiring.settings().dead_letters["engine"]["dead_letters"]
    return str(clients.sqs().send_message(QueueUrl=url, MessageBody=json.dumps(nudge(commit)))["MessageId"])


def test_letters_are_listed_and_shown(platform: Invoke) -> None:
    letter = put()
    assert [each["id"] for each in told(platform, "letters", "engine")["items"]] == [letter]
    assert told(platform, "show", "engine", letter)["stream"] == "acme#execution#e-1"
    for arguments in (("letters", "engine"), ("show", "engine", letter)):
        assert letter in platform("queue", *arguments).stdout


def test_one_letter_or_all_are_sent_again(platform: Invoke, cloud: Cloud) -> None:
    letter, *_ = [put() for _ in range(3)]
    assert told(platform, "resend", "engine", letter, *WHY) == {"name": "engine", "redriven": 1}
    assert told(platform, "resend", "engine", *WHY)["redriven"] == 2
    assert cloud.messages("engine") == [nudge()] * 3


def test_all_are_sent_again_however_often_that_must_be_asked(
    platform: Invoke, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "MOST_LETTERS", 10)
    for _ in range(25):
        put()
    assert told(platform, "resend", "engine", *WHY)["redriven"] == 25
    assert len(cloud.messages("engine")) == 25


def test_a_letter_is_sent_with_another_body(platform: Invoke, cloud: Cloud, write: Callable[..., str]) -> None:
    letter, file = put("seven"), write("body.json", nudge(7))
    told(platform, "resend", "engine", letter, "--body", file, *WHY)
    assert cloud.messages("engine") == [nudge(7)]


def test_another_body_for_all_letters_is_wrong_use(platform: Invoke, write: Callable[..., str]) -> None:
    result = platform("queue", "resend", "engine", "--body", write("body.json", nudge(7)), *WHY)
    assert (result.exit_code, "name the letter" in result.stderr) == (2, True)


def test_a_discarded_letter_is_sent_after_all(platform: Invoke, cloud: Cloud) -> None:
    letter = put()
    told(platform, "discard", "engine", letter, "--reason", "of no use")
    assert told(platform, "letters", "engine")["items"] == []
    told(platform, "resend", "engine", letter, *WHY)
    assert cloud.messages("engine") == [nudge()]


def test_nothing_is_settled_without_a_reason(platform: Invoke) -> None:
    letter = put()
    for arguments in (("discard", "engine", letter), ("resend", "engine", letter), ("resend", "engine")):
        assert platform("queue", *arguments).exit_code == 2
    assert len(told(platform, "letters", "engine")["items"]) == 1
