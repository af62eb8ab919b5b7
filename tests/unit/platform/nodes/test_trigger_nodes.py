"""Triggers, and the pure functions that decide when they start a workflow."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from penstock.nodes import event_trigger, schedule_trigger, webhook_trigger
from penstock.workflows.node import Emit


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize("node_type", ["core.trigger.webhook", "core.trigger.event", "core.trigger.schedule"])
def test_a_trigger_emits_the_items_that_it_is_given(run, node_type: str) -> None:
    parameters = {
        "core.trigger.webhook": {"path": "lab"},
        "core.trigger.event": {"types": ["a"]},
        "core.trigger.schedule": {"cron": "0 7 * * *"},
    }
    assert run(node_type, [{"a": 1}], parameters[node_type]) == Emit.main([{"a": 1}])


def test_a_schedule_that_is_given_nothing_emits_its_time(run) -> None:
    outcome = run("core.trigger.schedule", [], {"cron": "0 7 * * *"})
    assert outcome == Emit.main([{"scheduled_at": "2026-11-24T10:00:00.000Z"}])


@pytest.mark.parametrize("path", ["lab/results", "a", "v1/in-box_2"])
def test_a_webhook_path_is_a_slug(path: str) -> None:
    assert webhook_trigger.Parameters(path=path).path == path


@pytest.mark.parametrize("path", ["", "/lab", "lab/", "a//b", "Lab", "../x", "a b", "a?b", "x" * 121])
def test_a_webhook_path_that_is_no_slug_is_refused(path: str) -> None:
    with pytest.raises(ValidationError):
        webhook_trigger.Parameters(path=path)


def test_a_webhook_asks_for_an_api_key_unless_told_otherwise() -> None:
    assert webhook_trigger.Parameters(path="a").authentication == "api_key"


@pytest.mark.parametrize(
    ("method", "path", "is_meant"),
    [
        ("post", "/lab/results", True),
        ("PUT", "lab/results", True),
        ("GET", "lab/results", False),
        ("POST", "lab", False),
    ],
)
def test_a_webhook_accepts_its_methods_on_its_path(method: str, path: str, is_meant: bool) -> None:
    parameters = webhook_trigger.Parameters(path="lab/results", methods=["POST", "PUT"])
    assert webhook_trigger.accepts(parameters, method, path) is is_meant


def test_a_request_becomes_an_item_without_its_credentials() -> None:
    headers = {"X-Api-Key": "k", "Authorization": "Bearer t", "Cookie": "c", "Content-Type": "application/json"}
    item = webhook_trigger.request_item("post", "/lab", headers, {"q": "1"}, {"a": 1})
    assert item == {
        "method": "POST",
        "path": "lab",
        "headers": {"content-type": "application/json"},
        "query": {"q": "1"},
        "body": {"a": 1},
    }


EVENT = {"type": "lab.result.filed", "kind": "event", "data": {"ward": "3B", "urgent": True, "n": [{"v": 1}]}}


@pytest.mark.parametrize(
    ("parameters", "starts"),
    [
        ({"types": ["lab.result.filed"]}, True),
        ({"types": ["other", "lab.*"]}, True),
        ({"types": ["lab"]}, False),
        ({"types": ["lab.result"]}, False),
        ({"types": ["labXresult.*"]}, False),
        ({"types": ["lab.*"], "kind": "execution"}, False),
        ({"types": ["lab.*"], "kind": None}, True),
        ({"types": ["lab.*"], "match": {"data.ward": "3B", "data.n.0.v": 1}}, True),
        ({"types": ["lab.*"], "match": {"data.ward": "4A"}}, False),
        ({"types": ["lab.*"], "match": {"data.urgent": 1}}, False),
        ({"types": ["lab.*"], "match": {"data.gone": None}}, False),
    ],
)
def test_an_event_starts_what_it_matches(parameters: dict[str, Any], starts: bool) -> None:
    assert event_trigger.matches(event_trigger.Parameters(**parameters), EVENT) is starts


def schedule(**parameters: Any) -> schedule_trigger.Parameters:
    return schedule_trigger.Parameters(**parameters)


@pytest.mark.parametrize(
    ("parameters", "after", "due"),
    [
        ({"cron": "0 7 * * *"}, "2026-11-24T10:00Z", "2026-11-25T07:00Z"),
        ({"cron": "0 7 * * *"}, "2026-11-24T07:00Z", "2026-11-25T07:00Z"),
        ({"cron": "0 7 * * mon-fri"}, "2026-11-27T08:00Z", "2026-11-30T07:00Z"),
        ({"cron": "0 7 * * *", "timezone": "Europe/Amsterdam"}, "2026-11-24T05:00Z", "2026-11-24T06:00Z"),
        ({"cron": "0 7 * * *", "timezone": "Europe/Amsterdam"}, "2026-07-24T04:00Z", "2026-07-24T05:00Z"),
        ({"every_seconds": 3600}, "2026-11-24T10:00Z", "2026-11-24T11:00Z"),
        ({"every_seconds": 3600}, "2026-11-24T10:59:59.999Z", "2026-11-24T11:00Z"),
    ],
)
def test_a_schedule_knows_its_next_start_in_utc(parameters: dict[str, Any], after: str, due: str) -> None:
    found = schedule_trigger.next_after(schedule(**parameters), at(after))
    assert (found, found.tzinfo) == (at(due), UTC)


def test_a_local_time_that_the_clocks_repeat_starts_once() -> None:
    nightly = schedule(cron="30 2 * * *", timezone="Europe/Amsterdam")
    first = schedule_trigger.next_after(nightly, at("2026-10-24T12:00Z"))
    assert first == at("2026-10-25T00:30Z")
    assert schedule_trigger.next_after(nightly, first) == at("2026-10-26T01:30Z")


def test_a_half_hourly_schedule_goes_on_while_the_clocks_repeat_an_hour() -> None:
    often = schedule(cron="*/30 * * * *", timezone="Europe/Amsterdam")
    assert schedule_trigger.next_after(often, at("2026-10-25T00:30Z")) == at("2026-10-25T01:00Z")


def test_a_local_time_that_the_clocks_skip_starts_when_they_have_skipped_it() -> None:
    nightly = schedule(cron="30 2 * * *", timezone="Europe/Amsterdam")
    assert schedule_trigger.next_after(nightly, at("2027-03-27T12:00Z")) == at("2027-03-28T01:00Z")


@pytest.mark.parametrize(
    "cron",
    [
        "",
        "* * * *",
        "* * * * * *",
        "@hourly",
        "61 * * * *",
        "0 25 * * *",
        "R * * * *",
        "H * * * *",
        "0 0 30 2 *",
        "a b c d e",
    ],
)
def test_a_cron_that_is_not_five_fields_or_never_comes_due_is_refused(cron: str) -> None:
    with pytest.raises(ValidationError, match="cron"):
        schedule(cron=cron)


@pytest.mark.parametrize("name", ["Mars/Base", "../../etc/passwd", "", "/etc/passwd"])
def test_an_unknown_time_zone_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="there is no time zone"):
        schedule(cron="0 7 * * *", timezone=name)


@pytest.mark.parametrize("parameters", [{}, {"cron": "0 7 * * *", "every_seconds": 60}, {"every_seconds": 59}])
def test_a_schedule_needs_either_a_cron_or_a_period_of_a_minute_at_least(parameters: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        schedule(**parameters)
