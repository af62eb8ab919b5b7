"""penstock feed and penstock projection, against the real endpoints."""

import json
from collections.abc import Callable
from io import BytesIO
from typing import Any

import boto3
import pytest

from penstock.aws import wiring
from penstock_cli.account import Account
from penstock_cli.commands import projection
from tests.functions.cloud import Cloud, load
from tests.functions.test_projections import hand_out, sequence
from tests.unit.cli.conftest import Invoke
from tests.unit.cli.definitions import DOUBLE
from tests.unit.cli.test_platform_commands import Published, Told, cloud, platform, published, told

__all__ = ["cloud", "platform", "published", "told"]


@pytest.fixture
def flow(published: Published, cloud: Cloud) -> str:
    """A workflow that is in the feed."""
    made = published(DOUBLE)
    sequence(cloud)
    return made


def test_the_feed_is_read_from_a_position_on(told: Told, flow: str) -> None:
    whole = told("feed", "read", "--kind", "workflow", "--events")
    (span,) = whole["items"]
    assert (span["key"], span["events"][0]["type"]) == (flow, "WorkflowCreated")
    assert told("feed", "read", "--after", str(whole["next"]))["items"] == []
    assert told("feed", "read", "--type", "Unheard")["items"] == []


class Sequencer:
    """Lambda, with the sequencer in it."""

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803 - boto3's names
        assert FunctionName == "penstock-dev-sequencer"
        answer = load("sequencer").handler(json.loads(Payload), None)
        return {"Payload": BytesIO(json.dumps(answer).encode())}


def test_what_the_sequencer_never_heard_of_is_told(
    platform: Invoke, told: Told, published: Published, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs = {"EventsTable": "events", "ViewsTable": "views", "PayloadsBucket": "payloads"}
    stack = {
        "Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "any"}}},
        "Outputs": {name: {"Value": value} for name, value in outputs.items()},
    }
    boto3.client("cloudformation").create_stack(StackName="penstock-dev-Data", TemplateBody=json.dumps(stack))
    engine = {"kinds": ["workflow"], "delay": 0, "ordered": False}
    consumers = {"like": cloud.queue_urls["engine"], "consumers": {"engine": engine}}
    monkeypatch.setenv("PENSTOCK_CONSUMERS", json.dumps(consumers))
    wiring.settings.cache_clear()
    real = Account.client
    monkeypatch.setattr(Account, "client", lambda owner, name: Sequencer() if name == "lambda" else real(owner, name))
    workflow = published(DOUBLE)
    assert told("feed", "repair", "--stage", "dev")["told"] >= 2
    assert {"stream": f"acme#workflow#{workflow}", "commit": 2} in cloud.messages("engine")
    assert [span["key"] for span in told("feed", "read", "--kind", "workflow")["items"]] == [workflow]
    assert told("feed", "repair", "--stage", "dev")["told"] == 0


def test_a_rebuild_is_waited_for(told: Told, flow: str, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("worker", "tasks"):
        monkeypatch.setattr(f"penstock.rebuilds.{module}.GRACE_SECONDS", 0)
    monkeypatch.setattr(projection.time, "sleep", lambda _: work(cloud))
    (rebuilt,) = told("projection", "rebuild", "workflows", "--wait", "60")["items"]
    assert (rebuilt["generation"], rebuilt["rebuild"]) == (2, None)


def work(cloud: Cloud) -> None:
    hand_out(cloud, "workflows")
    if messages := cloud.messages("rebuilder"):
        load("rebuilder").handler(cloud.sqs_event(*messages), cloud.context())


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["resume", "workflows"], 1),
        (["abandon", "workflows", "--reason", "no"], 1),
        (["rebuild", "unheard-of"], 1),
    ],
)
def test_what_cannot_be_done_fails(
    told: Callable[..., object], platform: object, arguments: list[str], code: int
) -> None:
    result = platform("projection", *arguments)  # type: ignore[operator]
    assert result.exit_code == code
    assert arguments[1] in result.stderr


def test_a_rebuild_that_is_abandoned_says_so_in_the_list(told: Told, flow: str) -> None:
    told("projection", "rebuild", "keys")
    told("projection", "abandon", "keys", "--reason", "wrong day")
    listed = {each["name"]: each for each in told("projection", "list")["items"]}
    assert (listed["keys"]["generation"], listed["keys"]["abandoned"]) == (1, "wrong day")
