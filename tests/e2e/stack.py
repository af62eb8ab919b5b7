"""The deployed stack from its operator's side: queues, functions, tables and worker processes."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import httpx

from penstock.aws.event_store import DynamoEventStore
from penstock.aws.keyring import DynamoKeyring
from penstock.aws.payloads import Payloads
from penstock.events import Origin
from penstock.identity.keys import Keys
from penstock.identity.model import Scope
from tests.e2e.tenant import Document, Tenant, eventually

NEEDED = (
    "PENSTOCK_STAGE",
    "PENSTOCK_API_URL",
    "PENSTOCK_EVENTS_TABLE",
    "PENSTOCK_VIEWS_TABLE",
    "PENSTOCK_PAYLOADS_BUCKET",
    "PENSTOCK_BUS",
    "PENSTOCK_KEYS_TABLE",
    "PENSTOCK_KEY_OF_KEYS",
)
TIMEOUT = 40.0
DEAD_LETTERS = "-dead-letters"


@dataclass(frozen=True)
class Stack:
    """What `python -m local during` names in the environment."""

    stage: str
    url: str
    events_table: str
    views_table: str
    payloads_bucket: str
    bus: str
    keys_table: str
    key_of_keys: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Stack":
        return cls(*(environment[name] for name in NEEDED))

    @cached_property
    def sqs(self) -> Any:
        return boto3.client("sqs")

    @cached_property
    def dynamodb(self) -> Any:
        return boto3.client("dynamodb")

    @cached_property
    def payloads(self) -> Payloads:
        return Payloads(boto3.client("s3"), self.payloads_bucket)

    @cached_property
    def store(self) -> DynamoEventStore:
        return DynamoEventStore(self.dynamodb, self.events_table, self.payloads, self.keyring)

    @cached_property
    def keyring(self) -> DynamoKeyring:
        return DynamoKeyring(self.dynamodb, self.keys_table, lambda: boto3.client("kms"), self.key_of_keys)

    @contextmanager
    def tenant(self, *scopes: Scope) -> Iterator[Tenant]:
        """A new tenant, that nobody else writes to, and a key of it."""
        name = f"e2e-{uuid4().hex[:12]}"
        _, key = Keys(self.store).create(name, "e2e", scopes or [Scope.ADMIN], Origin("e2e", "e2e"))
        with httpx.Client(base_url=self.url, headers={"X-API-Key": key}, timeout=TIMEOUT) as client:
            yield Tenant(name, client)

    def name(self, part: str) -> str:
        return f"penstock-{self.stage}-{part}"

    def schedules(self, mentioned: str) -> list[Document]:
        """The schedules whose message mentions something: a workflow's or an execution's id."""
        scheduler, group = boto3.client("scheduler"), f"penstock-{self.stage}"
        pages = scheduler.get_paginator("list_schedules").paginate(GroupName=group)
        names = [found["Name"] for page in pages for found in page["Schedules"]]
        found: list[Document] = []
        for name in names:
            with suppress(scheduler.exceptions.ResourceNotFoundException):  # it fired, or went, since it was listed
                found.append(dict(scheduler.get_schedule(Name=name, GroupName=group)))
        return [each for each in found if mentioned in each["Target"]["Input"]]

    def queue(self, consumer: str) -> str:
        """The URL of a consumer's queue."""
        url: str = self.sqs.get_queue_url(QueueName=self.name(consumer))["QueueUrl"]
        return url

    def consumers(self) -> list[str]:
        """Every consumer that has a queue with dead letters."""
        urls = self.sqs.list_queues(QueueNamePrefix=self.name("")).get("QueueUrls", ())
        names = [url.rsplit("/", 1)[1].removeprefix(self.name("")) for url in urls]
        return sorted(name.removesuffix(DEAD_LETTERS) for name in names if name.endswith(DEAD_LETTERS))

    def send(self, consumer: str, body: Document) -> None:
        self.sqs.send_message(QueueUrl=self.queue(consumer), MessageBody=json.dumps(body))

    def dead_letters(self, consumer: str) -> list[Document]:
        """Dead letters that can be seen; they are seen again at once."""
        url = self.queue(consumer + DEAD_LETTERS)
        found = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        return [json.loads(message["Body"]) for message in found.get("Messages", ())]

    def redrive(self, consumer: str) -> None:
        """Send a consumer's dead letters back to it, as an operator does."""
        command = [sys.executable, "-m", "penstock_cli.main", "queue", "redrive", consumer]
        ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert ran.returncode == 0, ran.stderr

    def told_of(self, kind: str) -> list[str]:
        """The consumers that the sequencer tells at once of streams of a kind."""
        known = boto3.client("lambda").get_function_configuration(FunctionName=self.name("sequencer"))
        consumers = json.loads(known["Environment"]["Variables"]["PENSTOCK_CONSUMERS"])["consumers"]
        return [name for name, it in consumers.items() if not it["delay"] and {kind, "*"} & set(it["kinds"])]

    def waiting(self, consumer: str) -> int:
        """Messages that can be received or are being worked on; delayed ones are not counted."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.sqs.get_queue_attributes(QueueUrl=self.queue(consumer), AttributeNames=names)
        return sum(int(found["Attributes"][name]) for name in names)

    def settle(self, seconds: float = 60) -> None:
        """Wait until no consumer has work."""
        eventually("every queue is empty", lambda: not any(map(self.waiting, self.consumers())), seconds)

    @contextmanager
    def impatient(self, *consumers: str) -> Iterator[None]:
        """A failed message comes again after a second, for as long as this lasts."""
        urls = [self.queue(consumer) for consumer in consumers]
        kept = {url: self._visibility(url) for url in urls}
        try:
            for url in urls:
                self.sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "1"})
            yield
        finally:
            for url, seconds in kept.items():
                self.sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": seconds})

    def _visibility(self, url: str) -> str:
        found = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])
        seconds: str = found["Attributes"]["VisibilityTimeout"]
        return seconds

    def invoke(self, function: str, event: Document) -> Document:
        answer = boto3.client("lambda").invoke(FunctionName=self.name(function), Payload=json.dumps(event))
        found: Document = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, found
        return found

    def workers(self, function: str) -> list[int]:
        """The processes in which this stack, not another on the machine, runs a function now."""
        named = {"AWS_LAMBDA_FUNCTION_NAME": self.name(function), "AWS_ENDPOINT_URL": os.environ["AWS_ENDPOINT_URL"]}
        wanted = {f"{name}={value}".encode() for name, value in named.items()}
        return [int(folder.name) for folder in Path("/proc").glob("[0-9]*") if wanted <= _environment(folder)]

    def kill(self, function: str) -> int:
        """End every worker of a function, as a crash would; how many there were."""
        pids = self.workers(function)
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        return len(pids)


def _environment(process: Path) -> set[bytes]:
    """Empty for a process that is gone, or not ours."""
    try:
        return set((process / "environ").read_bytes().split(b"\0"))
    except OSError:
        return set()
