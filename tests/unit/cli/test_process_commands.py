"""penstock process, against the real endpoint."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from penstock.aws import wiring
from penstock.events import Origin, StreamId
from penstock.processes import deciding
from penstock.processes.definition import Move
from penstock_cli import api
from tests.functions.cloud import Cloud
from tests.functions.cloud import cloud as make
from tests.unit.cli.conftest import Invoke
from tests.unit.cli.platform import URL, transport

PROCESS = {
    "name": "Order",
    "starts": [{"on": {"type": "placed"}}],
    "states": [{"name": "open", "reactions": [{"on": {"type": "paid"}, "end": "completed"}]}],
}
WHY = ("--reason", "mended")
TEST = Origin("test", "test")


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
    result = platform("process", *arguments, "--json")
    assert result.exit_code == exit_code, result.stderr
    return json.loads(result.stdout)


def instance(*more: Any) -> str:
    """An instance that has begun, and what more has happened in it."""
    stream = StreamId("acme", "process", "i-1")
    sighting = deciding.Sighting("acme#event#e-1@1", 1, "event", "placed", 0)
    given = deciding.Beginning("p-1", 1, PROCESS, "order-7", "test", 1, Move())
    instances = wiring.processes().instances
    instances.settle(stream, lambda new: deciding.start(new, sighting, given), lambda _: TEST)
    for decide in more:
        instances.settle(stream, decide, lambda _: TEST)
    return stream.key


def test_a_definition_is_checked_without_a_platform(penstock: Invoke, write: Callable[..., str]) -> None:
    good, bad = write("good.json", PROCESS), write("bad.json", {**PROCESS, "starts": []})
    assert penstock("process", "validate", good).stdout == "valid\n"
    result = penstock("process", "validate", good, bad)
    assert (result.exit_code, "starts" in result.stdout) == (1, True)
    report = json.loads(penstock("process", "validate", bad, "--json").stdout)
    assert (report[0]["valid"], report[0]["problems"][0]["path"]) == (False, "starts")


def test_a_process_is_created_changed_published_and_archived(platform: Invoke, write: Callable[..., str]) -> None:
    made = told(platform, "create", write("p.json", PROCESS), "--publish")
    assert (made["status"], made["version"]) == ("published", 1)
    told(platform, "change", made["id"], write("q.json", {**PROCESS, "name": "Order 2"}))
    assert told(platform, "publish", made["id"])["version"] == 2
    assert told(platform, "archive", made["id"])["status"] == "archived"
    (listed,) = told(platform, "list")["items"]
    assert (listed["id"], listed["name"], listed["status"]) == (made["id"], "Order 2", "archived")
    assert "Order 2" in platform("process", "list").stdout


def test_a_process_of_the_library_is_adopted(platform: Invoke) -> None:
    assert [each["id"] for each in told(platform, "library")["items"]] == ["order_follow_up"]
    assert "order_follow_up" in platform("process", "adopt", "order_follow_up").stdout
    assert platform("process", "adopt", "nope").exit_code == 1


def test_a_file_that_is_no_object_is_wrong_use(platform: Invoke, write: Callable[..., str]) -> None:
    assert platform("process", "create", write("p.json", [1])).exit_code == 2


def test_an_instance_is_listed_shown_and_cancelled(platform: Invoke) -> None:
    name = instance()
    assert [each["id"] for each in told(platform, "instances")["items"]] == [name]
    assert told(platform, "instances", "--process", "other")["items"] == []
    assert told(platform, "show", name)["correlation"] == "order-7"
    assert "order-7" in platform("process", "show", name).stdout
    assert told(platform, "cancel", name, *WHY)["status"] == "compensating"


def test_an_instance_that_waits_for_a_person_is_told_by_the_exit_code_and_sent_on(platform: Invoke) -> None:
    name = instance(lambda found: deciding.ask(found, [], "look at it"))
    assert told(platform, "instances", exit_code=1)["items"][0]["reason"] == "look at it"
    assert platform("process", "resolve", name, "Reserve", *WHY).exit_code == 1
    assert told(platform, "resume", name, *WHY)["status"] == "running"


def test_nothing_is_settled_without_a_reason(platform: Invoke) -> None:
    name = instance()
    for arguments in (("cancel", name), ("resume", name), ("resolve", name, "Reserve")):
        assert platform("process", *arguments).exit_code == 2
