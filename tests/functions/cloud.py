"""A small cloud on moto for function tests: the tables, bucket and queues that grants name, and requests to endpoints."""

import base64
import functools
import importlib.util
import json
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
from moto import mock_aws
from moto.dynamodb.models import DynamoDBBackend

from penstock.aws import clients, wiring
from penstock.events import Origin, StreamId
from penstock.events.discovery import projections
from penstock.events.projection import project_all
from penstock.identity.model import Scope
from penstock.sagas.library import built_in

ROOT = Path(__file__).parents[2]
QUEUES = (
    "engine",
    "triggers",
    "process_steps",
    "rebuilder",
    "healthcare_rebuilder",
    "webhook_deliveries",
    "fhir_notifications",
)
OWN_MACHINES = {
    "prefix": "arn:aws:states:eu-central-1:123456789012:stateMachine:penstock-test-own-",
    "role": "arn:aws:iam::123456789012:role/sagas",
    "function": "arn:aws:lambda:eu-central-1:123456789012:function:penstock-test-saga_steps",
    "log_group": "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/vendedlogs/states/penstock-test-own:*",
}
ALL_SCOPES = (Scope.ADMIN,)


@functools.cache
def load(function: str) -> ModuleType:
    """A function's handler module, as Lambda loads it."""
    file = ROOT / "functions" / function / "handler.py"
    spec = importlib.util.spec_from_file_location(f"functions.{function}.handler", file)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@dataclass
class Context:
    """What Lambda tells a function of itself."""

    function_name: str = "tested"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:eu-central-1:000000000000:function:tested"
    aws_request_id: str = "00000000-0000-0000-0000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


@dataclass(frozen=True)
class Answer:
    """An endpoint's answer."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text) if self.text else None


@dataclass
class Cloud:
    """The cloud, with one tenant's key in hand."""

    queue_urls: dict[str, str]
    key: str = ""
    requests: int = field(default=0)

    def new_key(self, tenant: str, *scopes: Scope) -> str:
        return wiring.keys().create(tenant, "test", scopes or ALL_SCOPES, Origin("test", "test"))[1]

    def request(
        self,
        function: str,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        query: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Send a request to an endpoint as API Gateway would. `key` "" sends none."""
        self.requests += 1
        given = self.key if key is None else key
        sent = {"Content-Type": "application/json", **({"X-API-Key": given} if given else {}), **(headers or {})}
        event = {
            "resource": path,
            "path": path,
            "httpMethod": method,
            "headers": sent,
            "multiValueHeaders": {name: [value] for name, value in sent.items()},
            "queryStringParameters": query
            and {name: value[-1] if isinstance(value, list) else value for name, value in query.items()},
            "multiValueQueryStringParameters": {
                name: value if isinstance(value, list) else [value] for name, value in (query or {}).items()
            },
            "pathParameters": None,
            "requestContext": {
                "requestId": f"request-{self.requests}",
                "stage": "test",
                "path": path,
                "httpMethod": method,
            },
            "body": body if isinstance(body, str) or body is None else json.dumps(body),
            "isBase64Encoded": False,
        }
        raw = load(function).handler(event, Context())
        text = base64.b64decode(raw["body"]).decode() if raw.get("isBase64Encoded") else raw.get("body") or ""
        headers_out = {name: values[0] for name, values in raw.get("multiValueHeaders", {}).items()}
        return Answer(raw["statusCode"], {**headers_out, **raw.get("headers", {})}, text)

    def catch_up(self) -> None:
        """Do the projector's work for every stream that there is."""
        for stream in self.streams():
            project_all(wiring.events(), wiring.views(), projections(), stream)

    def streams(self) -> list[StreamId]:
        pages = clients.dynamodb().get_paginator("scan").paginate(TableName="events")
        return [StreamId.parse(pk) for pk in dict.fromkeys(item["pk"]["S"] for page in pages for item in page["Items"])]

    def messages(self, queue: str) -> list[Any]:
        """Take all messages of a queue, delayed ones too."""
        sqs = clients.sqs()
        found = []
        while batch := sqs.receive_message(QueueUrl=self.queue_urls[queue], MaxNumberOfMessages=10).get("Messages"):
            found += [json.loads(message["Body"]) for message in batch]
            for message in batch:
                sqs.delete_message(QueueUrl=self.queue_urls[queue], ReceiptHandle=message["ReceiptHandle"])
        return found

    @staticmethod
    def context() -> Context:
        return Context()

    @staticmethod
    def sqs_event(*bodies: Any) -> dict[str, Any]:
        """The messages as SQS hands them to a function."""
        records = [
            {"messageId": f"m-{place}", "receiptHandle": "r", "body": json.dumps(body), "eventSource": "aws:sqs"}
            for place, body in enumerate(bodies)
        ]
        return {"Records": records}


def _machines() -> dict[str, str]:
    """A state machine for every saga; moto runs none of them."""
    client, role = boto3.client("stepfunctions"), "arn:aws:iam::123456789012:role/sagas"
    made = {saga: client.create_state_machine(name=saga, definition="{}", roleArn=role) for saga in built_in()}
    return {saga: machine["stateMachineArn"] for saga, machine in made.items()}


def _queues() -> dict[str, str]:
    """The queues, each with one for its dead letters, by the consumer's name: the URLs."""
    sqs = boto3.client("sqs")
    for name in QUEUES:
        sqs.create_queue(QueueName=f"penstock-test-{name}-dead-letters")
    return {name: sqs.create_queue(QueueName=f"penstock-test-{name}")["QueueUrl"] for name in QUEUES}


def update_one_at_a_time(monkeypatch: Any) -> None:
    """moto reads and writes an item in two steps; DynamoDB does both at once. A lock gives moto that property."""
    update, lock = DynamoDBBackend.update_item, threading.Lock()

    def locked(*arguments: Any, **named: Any) -> Any:
        with lock:
            return update(*arguments, **named)

    monkeypatch.setattr(DynamoDBBackend, "update_item", locked)


def clear_caches() -> None:
    """Forget what wiring and clients made for another cloud."""
    for module in (wiring, clients):
        for value in vars(module).values():
            if hasattr(value, "cache_clear"):
                value.cache_clear()


def cloud(monkeypatch: Any, create_tables: Any) -> Iterator[Cloud]:
    """A cloud with its environment set, until the generator is closed."""
    for name, value in {
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "POWERTOOLS_TRACE_DISABLED": "true",
        "PENSTOCK_STAGE": "test",
        "PENSTOCK_EVENTS_TABLE": "events",
        "PENSTOCK_KEYS_TABLE": "keys",
        "PENSTOCK_VIEWS_TABLE": "views",
        "PENSTOCK_PAYLOADS_BUCKET": "payloads",
        "PENSTOCK_SEARCH_BUCKET": "search",
        "PENSTOCK_BUS": "penstock-test",
        "PENSTOCK_SCHEDULE_GROUP": "penstock-test",
        "PENSTOCK_SCHEDULE_ROLE_ARN": "arn:aws:iam::000000000000:role/schedules",
        "PENSTOCK_NODE_RUNNERS": "{}",
        "PENSTOCK_OWN_MACHINES": json.dumps(OWN_MACHINES),
        "PENSTOCK_RETENTION_FLOOR": "0",
    }.items():
        monkeypatch.setenv(name, value)
    update_one_at_a_time(monkeypatch)
    with mock_aws():
        clear_caches()
        create_tables(boto3.client("dynamodb"), "events", "views", "keys")
        monkeypatch.setenv("PENSTOCK_SECRETS_KEY", boto3.client("kms").create_key()["KeyMetadata"]["Arn"])
        monkeypatch.setenv("PENSTOCK_KEY_OF_KEYS", boto3.client("kms").create_key()["KeyMetadata"]["Arn"])
        boto3.client("s3").create_bucket(
            Bucket="payloads", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
        )
        boto3.client("s3").create_bucket(
            Bucket="search", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
        )
        boto3.client("events").create_event_bus(Name="penstock-test")
        boto3.client("scheduler").create_schedule_group(Name="penstock-test")
        urls = _queues()
        monkeypatch.setenv("PENSTOCK_QUEUES", json.dumps(urls))
        arns = {name: f"arn:aws:sqs:eu-central-1:000000000000:{name}" for name in QUEUES}
        monkeypatch.setenv("PENSTOCK_QUEUE_ARNS", json.dumps(arns))
        monkeypatch.setenv("PENSTOCK_MACHINES", json.dumps(_machines()))
        monkeypatch.setenv(
            "PENSTOCK_DEAD_LETTERS", json.dumps({"like": urls["engine"], "consumers": dict.fromkeys(QUEUES, False)})
        )
        made = Cloud(urls)
        made.key = made.new_key("acme")
        yield made
        clear_caches()
