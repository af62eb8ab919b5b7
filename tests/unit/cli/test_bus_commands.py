"""penstock bus: a replay is started for the time and the consumers that are named."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from penstock_cli.account import Account
from penstock_cli.commands import bus as command
from tests.unit.cli.conftest import Invoke

TIME = ("--from", "2026-11-24T09:00", "--to", "2026-11-24T10:00:30")


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A stage whose bus has an archive, and a rule that feeds `triggers`."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setattr(command, "account", lambda stage: Account(stage, {}))
    with mock_aws():
        client = boto3.client("events")
        bus = client.create_event_bus(Name="penstock-local")["EventBusArn"]
        client.create_archive(ArchiveName="penstock-local", EventSourceArn=bus)
        client.put_rule(Name="r", EventBusName="penstock-local", EventPattern='{"source": ["penstock"]}')
        queue = "arn:aws:sqs:eu-central-1:123456789012:penstock-local-triggers"
        client.put_targets(Rule="r", EventBusName="penstock-local", Targets=[{"Id": "1", "Arn": queue}])
        yield client


def test_a_replay_is_of_a_time_and_for_the_consumers_that_are_named(penstock: Invoke, events: Any) -> None:
    result = penstock("bus", "replay", *TIME, "--consumer", "triggers", "--json")
    assert result.exit_code == 0, result.stderr
    found = events.describe_replay(ReplayName=json.loads(result.stdout)["name"])
    assert (found["EventEndTime"] - found["EventStartTime"]).total_seconds() == 3_630
    assert [arn.rpartition("/")[2] for arn in found["Destination"]["FilterArns"]] == ["r"]
    assert json.loads(penstock("bus", "replays", "--json").stdout)["items"][0]["name"] == found["ReplayName"]


def test_without_a_consumer_it_is_for_all(penstock: Invoke, events: Any) -> None:
    result = penstock("bus", "replay", *TIME, "--json")
    found = events.describe_replay(ReplayName=json.loads(result.stdout)["name"])
    assert "FilterArns" not in found["Destination"]


def test_a_consumer_that_the_bus_does_not_feed_is_wrong_use(penstock: Invoke, events: Any) -> None:
    result = penstock("bus", "replay", *TIME, "--consumer", "engine")
    assert (result.exit_code, "feeds triggers" in result.stderr) == (2, True)
    assert events.list_replays()["Replays"] == []


def test_a_time_that_ends_before_it_begins_is_wrong_use(penstock: Invoke, events: Any) -> None:
    assert penstock("bus", "replay", "--from", "2026-11-25", "--to", "2026-11-24").exit_code == 2


def test_a_stage_without_the_archive_is_a_failure(penstock: Invoke, events: Any) -> None:
    events.delete_archive(ArchiveName="penstock-local")
    result = penstock("bus", "replay", *TIME)
    assert (result.exit_code, "stage local" in result.stderr) == (1, True)
