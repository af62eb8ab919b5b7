"""penstock queue and key, against an AWS account (moto); up, down, status and deploy."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from penstock.aws.event_store import DynamoEventStore
from penstock.aws.payloads import Payloads
from penstock.identity.keys import Keys
from penstock.identity.model import Scope
from penstock_cli.account import Account
from penstock_cli.commands import queue
from tests.unit.cli.conftest import Invoke

TEMPLATE = {
    "Resources": {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "payloads"}}},
    "Outputs": {"EventsTable": {"Value": "events"}, "PayloadsBucket": {"Value": "payloads"}},
}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An account with credentials in the environment."""
    for name, value in {"DEFAULT_REGION": "eu-central-1", "ACCESS_KEY_ID": "test", "SECRET_ACCESS_KEY": "test"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    with mock_aws():
        yield


@pytest.fixture
def queues(aws: None) -> dict[str, str]:
    """The queues of stage dev, with a letter in the engine's dead letters; another stage's beside them."""
    sqs = boto3.client("sqs")
    names = (
        "penstock-dev-engine",
        "penstock-dev-engine-dead-letters",
        "penstock-dev-stream-failures",
        "penstock-prod-engine",
    )
    urls = {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in names}
    sqs.send_message(QueueUrl=urls["penstock-dev-engine"], MessageBody="{}")
    sqs.send_message(QueueUrl=urls["penstock-dev-engine-dead-letters"], MessageBody='{"poison": true}')
    return urls


def test_queues_are_listed_with_their_dead_letters(penstock: Invoke, queues: dict[str, str]) -> None:
    result = penstock("queue", "list", "--stage", "dev", "--json")
    assert result.exit_code == 1, "a dead letter waits"
    found = {entry["name"]: entry for entry in json.loads(result.stdout)["items"]}
    assert found.keys() == {"engine", "stream-failures"}
    assert (found["engine"]["waiting"], found["engine"]["dead_letters"]) == (1, 1)


def test_fifo_queues_go_by_the_names_of_their_consumers(penstock: Invoke, aws: None) -> None:
    sqs = boto3.client("sqs")
    for name in ("penstock-dev-metrics.fifo", "penstock-dev-metrics-dead-letters.fifo"):
        url = sqs.create_queue(QueueName=name, Attributes={"FifoQueue": "true"})["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody="{}", MessageGroupId="g", MessageDeduplicationId=name)
    (found,) = json.loads(penstock("queue", "list", "--stage", "dev", "--json").stdout)["items"]
    assert (found["name"], found["waiting"], found["dead_letters"]) == ("metrics", 1, 1)


def test_no_dead_letter_is_fine(penstock: Invoke, queues: dict[str, str]) -> None:
    result = penstock("queue", "list", "--stage", "prod")
    assert (result.exit_code, "engine" in result.stdout) == (0, True)


def test_an_unknown_queue_is_wrong_use(penstock: Invoke, queues: dict[str, str]) -> None:
    result = penstock("queue", "redrive", "engines", "--stage", "dev")
    assert (result.exit_code, "there are: engine" in result.stderr) == (2, True)


class MovingSqs:
    """SQS whose move tasks report what they are told to, one after the other."""

    def __init__(self, *tasks: dict[str, Any]) -> None:
        self.tasks, self.started = list(tasks), []

    def get_queue_attributes(self, **_: Any) -> dict[str, Any]:
        return {"Attributes": {"QueueArn": "arn:dead"}}

    def start_message_move_task(self, SourceArn: str) -> None:  # noqa: N803 - boto3's name
        self.started.append(SourceArn)

    def list_message_move_tasks(self, **_: Any) -> dict[str, Any]:
        return {"Results": [self.tasks.pop(0) if len(self.tasks) > 1 else self.tasks[0]]}


def redriven(penstock: Invoke, monkeypatch: pytest.MonkeyPatch, sqs: MovingSqs, *more: str) -> Any:
    monkeypatch.setattr(queue, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(queue, "_urls", lambda _: {"engine": "q", "engine-dead-letters": "d"})
    monkeypatch.setattr(Account, "client", lambda *_: sqs)
    return penstock("queue", "redrive", "engine", "--stage", "dev", "--json", *more)


def test_dead_letters_are_moved_until_the_task_is_completed(penstock: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    sqs = MovingSqs({"Status": "RUNNING"}, {"Status": "COMPLETED", "ApproximateNumberOfMessagesMoved": 3})
    result = redriven(penstock, monkeypatch, sqs)
    assert (result.exit_code, json.loads(result.stdout)) == (0, {"name": "engine", "moved": 3})
    assert sqs.started == ["arn:dead"]


@pytest.mark.parametrize(
    ("task", "reason"),
    [({"Status": "FAILED", "FailureReason": "denied"}, "FAILED: denied"), ({"Status": "RUNNING"}, "still runs")],
)
def test_a_move_that_fails_or_takes_too_long_is_told(
    penstock: Invoke, monkeypatch: pytest.MonkeyPatch, task: dict[str, Any], reason: str
) -> None:
    result = redriven(penstock, monkeypatch, MovingSqs(task), "--timeout", "1")
    assert (result.exit_code, reason in result.stderr) == (1, True)


def test_a_key_is_made_that_holds(penstock: Invoke, aws: None, create_tables: Callable[..., None]) -> None:
    dynamodb = boto3.client("dynamodb")
    create_tables(dynamodb, "events", "views")
    boto3.client("cloudformation").create_stack(StackName="penstock-dev-Data", TemplateBody=json.dumps(TEMPLATE))
    result = penstock("key", "create", "--stage", "dev", "--tenant", "acme", "--scope", "ingest", "--json")
    assert result.exit_code == 0, result.stderr
    store = DynamoEventStore(dynamodb, "events", Payloads(boto3.client("s3"), "payloads"))
    who = Keys(store).authenticate(json.loads(result.stdout)["key"])
    assert (who.tenant, who.scopes) == ("acme", {Scope.INGEST})


def test_a_stage_that_is_not_deployed_is_told(penstock: Invoke, aws: None) -> None:
    result = penstock("key", "create", "--stage", "dev", "--tenant", "acme")
    assert (result.exit_code, "stage dev" in result.stderr) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--tenant", "acme", "--scope", "all"), "--scope all"),
        (("--tenant", "acme", "--stage", "Dev!"), "--stage Dev!"),
    ],
)
def test_a_key_that_cannot_be_is_wrong_use(penstock: Invoke, arguments: tuple[str, ...], reason: str) -> None:
    result = penstock("key", "create", *arguments)
    assert (result.exit_code, reason in result.stderr) == (2, True)


@pytest.mark.parametrize("command", ["up", "down", "status", "deploy", "run", "demo"])
def test_outside_a_checkout_the_local_stack_is_wrong_use(
    penstock: Invoke, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = penstock(command)
    assert (result.exit_code, "checkout" in result.stderr) == (2, True)


def test_another_stage_is_deployed_as_the_makefile_does(penstock: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[Any] = []

    def run(command: list[str], **more: Any) -> Any:
        called.append((command, more["cwd"]))
        return subprocess.CompletedProcess(command, 3)

    monkeypatch.setattr(subprocess, "run", run)
    result = penstock("deploy", "--stage", "dev")
    assert called == [(["make", "deploy", "STAGE=dev"], Path(__file__).parents[3])]
    assert (result.exit_code, "make deploy ended with 3" in result.stderr) == (1, True)


def test_a_stage_name_cannot_carry_a_command(penstock: Invoke) -> None:
    result = penstock("deploy", "--stage", "x; rm")
    assert (result.exit_code, "lower-case word" in result.stderr) == (2, True)


@pytest.mark.parametrize("arguments", [("workflow", "run"), ("nonsense",), ("hl7", "send", "x", "--port", "0")])
def test_wrong_arguments_exit_with_2(penstock: Invoke, arguments: tuple[str, ...]) -> None:
    assert penstock(*arguments).exit_code == 2
