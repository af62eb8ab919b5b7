"""penstock retention and hold, against the real endpoint."""

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

WHY = ("--reason", "the law")


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch, create_tables: Callable[..., None]) -> Iterator[Cloud]:
    yield from make(monkeypatch, create_tables)


@pytest.fixture
def platform(penstock: Invoke, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """The command line with a platform named in the environment."""
    monkeypatch.setenv("PENSTOCK_API_URL", URL)
    monkeypatch.setenv("PENSTOCK_API_KEY", cloud.key)
    monkeypatch.setattr(api, "Api", partial(api.Api, transport=transport(cloud)))
    return penstock


def told(platform: Invoke, *arguments: str) -> Any:
    result = platform(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_rules_are_set_shown_and_cleared(platform: Invoke) -> None:
    told(platform, "retention", "set", "*", "--years", "10", *WHY)
    told(platform, "retention", "set", "execution", "--days", "30", *WHY)
    assert told(platform, "retention", "show")["rules"] == [
        {"kind": "*", "days": 3653},
        {"kind": "execution", "days": 30},
    ]
    assert "3653" in platform("retention", "show").stdout
    told(platform, "retention", "clear", "*", *WHY)
    assert [rule["kind"] for rule in told(platform, "retention", "show")["rules"]] == ["execution"]


@pytest.mark.parametrize("term", [(), ("--days", "1", "--years", "1")], ids=["neither", "both"])
def test_a_rule_is_of_days_or_of_years(platform: Invoke, term: tuple[str, ...]) -> None:
    result = platform("retention", "set", "*", *term, *WHY)
    assert (result.exit_code, "name one of them" in result.stderr) == (2, True)


def test_a_rule_that_the_platform_refuses_is_said_with_its_reason(platform: Invoke) -> None:
    result = platform("retention", "set", "*", "--days", "99999", *WHY)
    assert (result.exit_code, "days" in result.stderr) == (1, True)


def test_holds_are_placed_listed_and_lifted(platform: Invoke) -> None:
    hold = told(platform, "hold", "place", "--kind", "execution", "--key", "e-1", "--reason", "a court")["id"]
    everything = told(platform, "hold", "place", "--reason", "an audit")
    assert (everything["kind"], everything["key"]) == ("*", None)
    found = told(platform, "hold", "list")["items"]
    assert [(each["id"], each["reason"]) for each in found] == [(hold, "a court"), (everything["id"], "an audit")]
    assert "a court" in platform("hold", "list").stdout
    told(platform, "hold", "lift", hold, "--reason", "settled")
    assert len(told(platform, "hold", "list")["items"]) == 1
    assert platform("hold", "lift", hold, "--reason", "settled").exit_code == 1


def test_nothing_is_decided_without_a_reason(platform: Invoke) -> None:
    for arguments in (("retention", "set", "*", "--days", "1"), ("hold", "place"), ("hold", "lift", "h")):
        assert platform(*arguments).exit_code == 2
