"""penstock saga, against the real endpoint."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from penstock.sagas.library import built_in
from penstock_cli import api
from tests.functions.cloud import Cloud
from tests.functions.cloud import cloud as make
from tests.functions.saga_runs import ORDER, furnish, run_machine
from tests.functions.test_own_sagas import GIFT, LOAN
from tests.functions.test_sagas import stuck
from tests.unit.cli.conftest import Invoke
from tests.unit.cli.platform import URL, transport

Write = Callable[..., str]


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


def told(platform: Invoke, *arguments: str, exit_code: int = 0) -> Any:
    result = platform("saga", *arguments, "--json")
    assert result.exit_code == exit_code, result.stderr
    return json.loads(result.stdout)


def test_problems_of_definitions_are_told_without_a_platform(penstock: Invoke, write: Write) -> None:
    good, bad = write("loan.json", LOAN), write("bad.json", {"name": "Bad", "steps": [{"name": "x", "type": "nope"}]})
    report = told(penstock, "validate", good, bad, exit_code=1)
    assert [each["valid"] for each in report] == [True, False]
    assert "steps[0].type" in penstock("saga", "validate", bad).stdout
    assert penstock("saga", "validate", good).exit_code == 0


def test_a_saga_is_pushed_changed_published_and_started(platform: Invoke, cloud: Cloud, write: Write) -> None:
    furnish()
    file = write("loan.json", LOAN)
    assert told(platform, "push", file)["status"] == "draft"
    assert told(platform, "push", write("gift.json", GIFT), "--id", "loan")["definition"] == GIFT
    assert told(platform, "publish", "loan")["version"] == 1
    assert told(platform, "push", file, "--publish")["version"] == 2
    given = write("input.json", {"n": 1})
    assert [
        told(platform, "start", "loan", "--input", given, *more)["saga_version"] for more in ([], ["--version", "1"])
    ] == [2, 1]
    assert told(platform, "definition", "loan", "--version", "1")["definition"] == GIFT
    assert [each["saga"] for each in told(platform, "list", "--saga", "loan")["items"]] == ["loan"] * 2
    assert told(platform, "archive", "loan")["status"] == "archived"


def test_a_saga_that_cannot_run_is_not_pushed(platform: Invoke, write: Write) -> None:
    result = platform("saga", "push", write("loan.json", {**LOAN, "steps": []}))
    assert (result.exit_code, "steps" in result.stderr) == (1, True)


def test_a_saga_from_standard_input_needs_a_name(platform: Invoke) -> None:
    assert platform("saga", "push", "-").exit_code == 2


def test_sagas_are_listed_with_the_built_in_ones(platform: Invoke, write: Write) -> None:
    told(platform, "push", write("loan.json", LOAN))
    listed = told(platform, "definitions")["items"]
    assert {each["id"] for each in listed} == {*built_in(), "loan"}
    assert "loan" in platform("saga", "definitions").stdout


def test_a_definition_is_shown_with_what_undoes_each_step(platform: Invoke) -> None:
    shown = platform("saga", "definition", "order_fulfilment").stdout
    assert all(name in shown for name in ("Reserve inventory", "Release inventory", "pivot"))


def test_a_run_is_shown_step_by_step(platform: Invoke, cloud: Cloud, write: Write) -> None:
    furnish()
    started = told(platform, "start", "order_fulfilment", "--input", write("order.json", ORDER))
    run_machine(started)
    assert told(platform, "show", started["id"])["status"] == "completed"
    shown = platform("saga", "show", started["id"]).stdout
    assert all(name in shown for name in ("Ship order", "succeeded", "Refund payment"))


def test_a_run_that_is_stuck_is_shown_resumed_and_resolved(platform: Invoke, cloud: Cloud) -> None:
    run = stuck(cloud)["id"]
    shown = platform("saga", "show", run)
    assert (shown.exit_code, "stuck: Reserve inventory" in shown.stdout) == (1, True)
    assert told(platform, "resume", run, "--reason", "look again")["status"] == "compensating"
    assert platform("saga", "resume", run, "--reason", "again").exit_code == 1
    run_machine({"id": run, "saga": "order_fulfilment"}, is_reversed=True)
    found = told(platform, "resolve", run, "Reserve inventory", "not_done", "--reason", "they came back")
    assert {step["name"]: step["status"] for step in found["steps"]}["Reserve inventory"] == "compensated"


def test_nothing_is_resolved_without_a_reason(platform: Invoke, cloud: Cloud) -> None:
    assert platform("saga", "resolve", stuck(cloud)["id"], "Reserve inventory", "not_done").exit_code == 2
