"""The mended emulator itself, on resources of its own beside the deployed stack."""

import io
import json
import os
import time
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from local import stack
from local.deploy import client
from local.running import Running

pytestmark = pytest.mark.local

WAIT_SECONDS = 30.0
ROLE = "arn:aws:iam::000000000000:role/any"
CONSUMER = """
import json, os
import boto3
sqs = boto3.client("sqs")
def handler(event, context):
    for record in event["Records"]:
        name = record["dynamodb"]["NewImage"]["sk"]["S"]
        if name == "poison":
            return {"batchItemFailures": [{"itemIdentifier": record["dynamodb"]["SequenceNumber"]}]}
        sqs.send_message(QueueUrl=os.environ["SEEN"], MessageBody=name)
    return {"batchItemFailures": []}
"""
COUNTER = """
import os
calls = 0
def handler(event, context):
    global calls
    calls += 1
    if event.get("raise"):
        raise ValueError("as asked")
    return {"calls": calls, "pid": os.getpid()}
"""


class Account:
    """The running emulator and what a test made in it, which goes when the test ends."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.name = f"live-{uuid4().hex[:8]}"
        self._undo: list[Callable[[], Any]] = []

    def client(self, service: str) -> Any:
        return client(service, self.running.endpoint)

    def queue(self, suffix: str, **attributes: str) -> str:
        url: str = self.client("sqs").create_queue(QueueName=f"{self.name}-{suffix}", Attributes=attributes)["QueueUrl"]
        self._undo.append(lambda: self.client("sqs").delete_queue(QueueUrl=url))
        return url

    def arn(self, url: str) -> str:
        found = self.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        arn: str = found["Attributes"]["QueueArn"]
        return arn

    def bodies(self, url: str) -> list[str]:
        received = self.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        return [message["Body"] for message in received.get("Messages", [])]

    def function(self, source: str, **environment: str) -> str:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as bundle:
            bundle.writestr("handler.py", source)
        self.client("lambda").create_function(
            FunctionName=self.name,
            Runtime="python3.13",
            Handler="handler.handler",
            Role=ROLE,
            Timeout=10,
            Code={"ZipFile": buffer.getvalue()},
            Environment={"Variables": environment},
        )
        self._undo.append(lambda: self.client("lambda").delete_function(FunctionName=self.name))
        return self.name

    def table(self) -> str:
        keys = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
        made = self.client("dynamodb").create_table(
            TableName=self.name,
            KeySchema=keys,
            AttributeDefinitions=[{"AttributeName": key["AttributeName"], "AttributeType": "S"} for key in keys],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )
        self._undo.append(lambda: self.client("dynamodb").delete_table(TableName=self.name))
        arn: str = made["TableDescription"]["LatestStreamArn"]
        return arn

    def map_stream(self, stream_arn: str, on_failure: str) -> None:
        mapping = self.client("lambda").create_event_source_mapping(
            EventSourceArn=stream_arn,
            FunctionName=self.name,
            StartingPosition="TRIM_HORIZON",
            BatchSize=10,
            MaximumRetryAttempts=1,
            BisectBatchOnFunctionError=True,
            FunctionResponseTypes=["ReportBatchItemFailures"],
            DestinationConfig={"OnFailure": {"Destination": on_failure}},
        )
        self._undo.append(lambda: self.client("lambda").delete_event_source_mapping(UUID=mapping["UUID"]))

    def clean(self) -> None:
        for undo in reversed(self._undo):
            undo()


@pytest.fixture
def account() -> Iterator[Account]:
    running = stack.status()
    if running is None:
        pytest.fail("the local AWS is not running: `python -m local during …`")
    found = Account(running)
    yield found
    found.clean()


def _eventually(found: list[str], more: Callable[[], list[str]], count: int) -> list[str]:
    deadline = time.monotonic() + WAIT_SECONDS
    while len(found) < count and time.monotonic() < deadline:
        found += more()
        time.sleep(0.05)
    return found


def test_a_poisoned_stream_record_is_reported_and_no_other_is_lost(account: Account) -> None:
    seen, failed = account.queue("seen"), account.queue("failed")
    account.function(CONSUMER, SEEN=seen)
    account.map_stream(account.table(), account.arn(failed))
    for name in ("a", "b", "poison", "c", "d"):
        item = {"pk": {"S": "stream"}, "sk": {"S": name}}
        account.client("dynamodb").put_item(TableName=account.name, Item=item)
    arrived = _eventually([], lambda: account.bodies(seen), 4)
    assert sorted(set(arrived)) == ["a", "b", "c", "d"]
    (report,) = _eventually([], lambda: account.bodies(failed), 1)
    batch = json.loads(report)
    assert batch["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert batch["DDBStreamBatchInfo"]["batchSize"] == 1


def test_dead_letters_can_be_sent_back(account: Account) -> None:
    dead = account.queue("dead")
    policy = json.dumps({"deadLetterTargetArn": account.arn(dead), "maxReceiveCount": "1"})
    source = account.queue("source", RedrivePolicy=policy, VisibilityTimeout="0")
    sqs = account.client("sqs")
    sqs.send_message(QueueUrl=source, MessageBody="kept")
    assert account.bodies(source) == ["kept"]
    assert account.bodies(source) == []  # the second receive moves it
    sqs.start_message_move_task(SourceArn=account.arn(dead))
    assert account.bodies(source) == ["kept"]
    (task,) = sqs.list_message_move_tasks(SourceArn=account.arn(dead))["Results"]
    assert task["Status"] == "COMPLETED"


def test_a_schedule_fires_once_within_a_second_of_its_time_and_goes(account: Account) -> None:
    target = account.queue("target")
    due = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=2)
    account.client("scheduler").create_schedule(
        Name=account.name,
        ScheduleExpression=f"at({due:%Y-%m-%dT%H:%M:%S})",
        FlexibleTimeWindow={"Mode": "OFF"},
        ActionAfterCompletion="DELETE",
        Target={"Arn": account.arn(target), "RoleArn": ROLE, "Input": '{"execution": "x"}'},
    )
    bodies = _eventually([], lambda: account.bodies(target), 1)
    late = datetime.now(UTC) - due
    assert [json.loads(body) for body in bodies] == [{"execution": "x"}]
    assert timedelta(0) <= late < timedelta(seconds=2)
    names = [found["Name"] for found in account.client("scheduler").list_schedules()["Schedules"]]
    assert account.name not in names


def _invoke(account: Account, event: dict[str, Any]) -> dict[str, Any]:
    answer = account.client("lambda").invoke(FunctionName=account.name, Payload=json.dumps(event))
    payload: dict[str, Any] = json.loads(answer["Payload"].read())
    return payload | {"function_error": answer.get("FunctionError")}


def test_a_function_that_raises_stays_warm(account: Account) -> None:
    account.function(COUNTER)
    first = _invoke(account, {})
    failed = _invoke(account, {"raise": True})
    again = _invoke(account, {})
    assert failed["function_error"]
    assert failed["errorMessage"] == "as asked"
    assert (again["pid"], again["calls"]) == (first["pid"], first["calls"] + 2)


def _has_ended(pid: int) -> bool:
    """Whether the process is gone, or only its exit code is left."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_a_killed_worker_is_replaced(account: Account) -> None:
    account.function(COUNTER)
    first = _invoke(account, {})
    os.kill(first["pid"], 9)
    _eventually([], lambda: ["ended"] if _has_ended(first["pid"]) else [], 1)
    assert _invoke(account, {})["pid"] != first["pid"]


def _listening_addresses(pid: int) -> set[str]:
    """Local addresses, as the kernel writes them, on which the process listens."""
    sockets = {str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()}
    rows = [line.split() for table in ("tcp", "tcp6") for line in Path(f"/proc/net/{table}").read_text().splitlines()]
    return {row[1].split(":")[0] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in sockets}


def test_the_emulator_listens_on_loopback_only(account: Account) -> None:
    assert _listening_addresses(account.running.pid) == {"0100007F"}
