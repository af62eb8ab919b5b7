"""`penstock audit verify`: the trails of a tenant's AuditEvents, by the rights of the account."""

import json
from collections.abc import Callable, Iterator, Mapping

import boto3
import pytest
from moto import mock_aws
from typer.testing import Result

from penstock.aws.event_store import DynamoEventStore
from penstock.aws.feed import DynamoFeed
from penstock.aws.payloads import Payloads
from penstock.events import Origin, StreamId
from penstock.events.feed import Entry, Span
from penstock_cli.account import Account
from penstock_cli.commands import audit as command
from penstock_healthcare.access.trail import Trail

Invoke = Callable[..., Result]
FOUND = {"outcome": "0"}


class Deployed(Account):
    """A stage whose stack has the outputs."""

    def outputs(self, stack: str) -> Mapping[str, str]:
        return {"EventsTable": "events", "PayloadsBucket": "payloads", "ViewsTable": "views"}


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch, create_tables: Callable[..., None]) -> Iterator[list[str]]:
    """A stage with a trail of three AuditEvents, all in the feed."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setattr(command, "account", lambda stage: Deployed(stage, {}))
    with mock_aws():
        create_tables(boto3.client("dynamodb"), "events", "views")
        store = DynamoEventStore(boto3.client("dynamodb"), "events", Payloads(boto3.client("s3"), "payloads"))
        trail = Trail(store)
        made = [trail.keep("acme", FOUND, Origin("key:1", "r")).replace("/", "-") for _ in range(3)]
        spans = [Span(StreamId("acme", "fhir", each), 1, 1, ("AuditRecorded",), 0) for each in made]
        assert DynamoFeed(boto3.client("dynamodb"), "views").append(Entry("acme", 1, tuple(spans)))
        yield made


def drop(name: str) -> None:
    key = {"pk": {"S": f"acme#fhir#{name}"}, "commit": {"N": "1"}}
    boto3.client("dynamodb").delete_item(TableName="events", Key=key)


def test_a_trail_that_nobody_touched_holds(names: list[str], penstock: Invoke) -> None:
    result = penstock("audit", "verify", "--tenant", "acme")
    assert (result.exit_code, len(names)) == (0, 3)
    assert "3 AuditEvents in 1 trails hold" in result.output


@pytest.mark.parametrize("place", [0, 1, 2])
def test_the_first_that_is_gone_is_named(names: list[str], penstock: Invoke, place: int) -> None:
    drop(names[place])
    result = penstock("audit", "verify", "--tenant", "acme", "--json")
    assert result.exit_code == 1, result.output
    (finding,) = json.loads(result.stdout)["findings"]
    assert finding == {"stream": f"acme#fhir#{names[place]}", "commit": 0, "reason": "it is gone"}


def test_another_tenant_has_none_of_it(names: list[str], penstock: Invoke) -> None:
    drop(names[0])
    result = penstock("audit", "verify", "--tenant", "globex", "--json")
    assert (result.exit_code, json.loads(result.stdout)["trails"]) == (0, 0)
