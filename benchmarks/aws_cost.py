"""What AWS bills for a million events on the write path, counted by running the deployed functions against moto.

    python -m benchmarks aws_cost

Executions of the ten-node webhook workflow come in over the API; then every function that hears of them does its work,
by the queues and in the batches that AWS would hand it: the sequencer, the read models, the bus, the archive. What is
billed is counted from the requests that they make. Two things are assumed, and said: how long a call to a service takes
(`metering.LATENCY`), and that batches are full, as they are under load.

Beside it stands what the same events cost when each is one JSON item of the events table, with everything else alike.
"""

import argparse
import json
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest

from benchmarks.billing import LISTED, PRICES, Units, cost, write_units
from benchmarks.executions import ORDER
from benchmarks.local_stack import PATH, workflow
from benchmarks.metering import LATENCY, Meter
from penstock.aws import clients, wiring
from penstock.events import Event, StreamId
from penstock.events.envelope import envelope
from penstock.json import dumps
from tests import conftest
from tests.functions.cloud import ROOT, Cloud, clear_caches, load
from tests.functions.cloud import cloud as on_moto

EVENTS_TABLE, TENANT = "events", "acme"
STREAM_BATCH, QUEUE_BATCH = 100, 10
MOST_ROUNDS = 20
MILLION = 1_000_000
ELSEWHERE: Any = {"LocationConstraint": "eu-central-1"}


@dataclass(frozen=True)
class Deployed:
    """A function as `function.toml` has it."""

    name: str
    memory: int
    trigger: Mapping[str, Any]

    def hears(self, detail_type: str) -> bool:
        """Whether the bus hands events of the type to it."""
        return "bus" in self.trigger and detail_type in (self.trigger["bus"]["detail_types"] or [detail_type])


@dataclass
class WritePath:
    """Every function, its queue where it has one, and the meter that all of them run under."""

    cloud: Cloud
    meter: Meter
    functions: Mapping[str, Deployed]
    queues: Mapping[str, str]
    _seen: set[tuple[str, str]] = field(default_factory=set)

    def execute(self) -> None:
        """One call of the webhook."""
        self.meter.units["api"] += 1
        answer = self._run("hooks", lambda: self.cloud.request("hooks", "POST", f"/v1/hooks/{TENANT}/{PATH}", ORDER))
        if answer.status != 200:
            raise SystemExit(f"the webhook answered {answer.status}: {answer.text[:500]}")

    def settle(self) -> None:
        """Hand on what was written, and what that causes, until nothing is left."""
        for _ in range(MOST_ROUNDS):
            if not (self._sequence() | self._tell() | self._consume()):
                return
        raise SystemExit(f"the write path was not done after {MOST_ROUNDS} rounds")

    def unseen(self) -> list[Mapping[str, Any]]:
        """The items of the events table that were not handed on yet."""
        pages = clients.dynamodb().get_paginator("scan").paginate(TableName=EVENTS_TABLE)
        items = [item for page in pages for item in page["Items"]]
        return [item for item in items if (item["pk"]["S"], item["commit"]["N"]) not in self._seen]

    def skip(self) -> None:
        """Take what was written so far as handed on."""
        self._seen |= {(item["pk"]["S"], item["commit"]["N"]) for item in self.unseen()}

    def _sequence(self) -> bool:
        items = self.unseen()
        self.skip()
        for batch in batches(items, STREAM_BATCH):
            self._handle("sequencer", {"Records": [_record(item) for item in batch]})
        return bool(items)

    def _tell(self) -> bool:
        """What was published goes to the queues that the bus feeds; each delivery is a request to SQS."""
        entries, self.meter.published = self.meter.published, []
        for name, function in self.functions.items():
            bodies = [_on_bus(entry) for entry in entries if function.hears(entry["DetailType"])]
            self.meter.units["sqs"] += len(bodies)
            for batch in batches(bodies, QUEUE_BATCH):
                self._take(name, batch, "sqs")
        return bool(entries)

    def _consume(self) -> bool:
        waiting = {name: self._messages(url) for name, url in self.queues.items()}
        for name, bodies in waiting.items():
            billed = "sqs_fifo" if self.queues[name].endswith(".fifo") else "sqs"
            for batch in batches(bodies, QUEUE_BATCH):
                self._take(name, batch, billed)
        return any(waiting.values())

    def _take(self, name: str, bodies: Sequence[Any], billed: str) -> None:
        """One batch from a queue: it is received, handled and deleted."""
        self.meter.units[billed] += 2
        self._handle(name, self.cloud.sqs_event(*bodies))

    def _handle(self, name: str, event: Mapping[str, Any]) -> None:
        answer = self._run(name, lambda: load(name).handler(event, self.cloud.context()))
        if answer["batchItemFailures"]:
            raise SystemExit(f"{name} failed on {len(answer['batchItemFailures'])} messages")

    def _run(self, name: str, handle: Callable[[], Any]) -> Any:
        return self.meter.run(self.functions[name].memory, handle)

    def _messages(self, url: str) -> list[Any]:
        """All messages of a queue, off the meter."""
        found: list[Any] = []
        sqs = clients.sqs()
        while batch := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            found += [json.loads(message["Body"]) for message in batch]
            for message in batch:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found


def batches(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """The items, so many at a time."""
    return (items[at : at + size] for at in range(0, len(items), size))


def _record(item: Mapping[str, Any]) -> Mapping[str, Any]:
    keys = {"pk": item["pk"], "commit": item["commit"]}
    return {"eventName": "INSERT", "dynamodb": {"Keys": keys, "NewImage": item, "SequenceNumber": "1"}}


def _on_bus(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    known = {"detail-type": entry["DetailType"], "source": entry["Source"], "time": "2026-01-01T00:00:00Z"}
    return {"version": "0", "id": "0", **known, "detail": json.loads(entry["Detail"])}


def deployed() -> Mapping[str, Deployed]:
    """Every function of `functions/`."""
    found = {}
    for file in sorted((ROOT / "functions").glob("*/function.toml")):
        text = tomllib.loads(file.read_text(encoding="utf-8"))
        found[file.parent.name] = Deployed(file.parent.name, text.get("memory", 512), text["trigger"])
    return found


def subscribe(functions: Mapping[str, Deployed], setenv: Callable[[str, str], None]) -> Mapping[str, str]:
    """A queue for each function that hears of streams; the sequencer is told of them, without their delays."""
    hearing = {name: each.trigger for name, each in functions.items() if "events" in each.trigger}
    queues, consumers = {}, {}
    for name, trigger in ((name, each["events"]) for name, each in hearing.items()):
        is_ordered = trigger.get("ordered", False)
        attributes: Any = {"FifoQueue": "true"} if is_ordered else {}
        queue = f"penstock-test-{name}{'.fifo' if is_ordered else ''}"
        queues[name] = clients.sqs().create_queue(QueueName=queue, Attributes=attributes)["QueueUrl"]
        consumers[name] = {"kinds": trigger["kinds"], "delay": 0, "ordered": is_ordered}
    setenv("PENSTOCK_CONSUMERS", json.dumps({"like": queues["projector"], "consumers": consumers}))
    return queues


@contextmanager
def write_path() -> Iterator[WritePath]:
    """The write path on moto, with the workflow published and listening, and nothing on the meter."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POWERTOOLS_METRICS_DISABLED", "true")
        meter = Meter(EVENTS_TABLE)
        for cloud in on_moto(patch, conftest._create_tables):
            meter.attach(boto3._get_default_session())
            clear_caches()
            functions = deployed()
            clients.s3().create_bucket(
                Bucket="archive", CreateBucketConfiguration=ELSEWHERE, ObjectLockEnabledForBucket=True
            )
            patch.setenv("PENSTOCK_ARCHIVE_BUCKET", "archive")
            path = WritePath(cloud, meter, functions, subscribe(functions, patch.setenv))
            wiring.settings.cache_clear()
            listen(cloud)
            path.settle()
            path.execute()
            path.settle()
            meter.units.clear()
            yield path


def listen(cloud: Cloud) -> None:
    """Publish the workflow."""
    created = cloud.request("workflows", "POST", "/v1/workflows", workflow())
    cloud.request("workflows", "POST", f"/v1/workflows/{created.body['id']}/publish")
    cloud.catch_up()


def one_item_each(events: Iterable[Event]) -> int:
    """Write units of the events, each as one JSON item."""
    return sum(write_units(len(dumps({**envelope(event), "data": event.data}))) for event in events)


def measure(executions: int) -> tuple[Units, int, int]:
    """The units of so many executions, how many events they are, and the events' write units as one item each."""
    with write_path() as path:
        for _ in range(executions):
            path.execute()
        items = path.unseen()
        path.settle()
        streams = {StreamId.parse(item["pk"]["S"]) for item in items}
        events = [event for stream in streams for commit in wiring.events().commits(stream) for event in commit.events]
        return path.meter.units, len(events), one_item_each(events)


def table(units: Units, executions: int, events: int, single: int) -> Iterator[str]:
    """The Markdown table: units an execution, and USD a million events."""
    million = {name: count * MILLION / events for name, count in units.items()}
    packed, naive = cost(million), cost({**million, "events_writes": single * MILLION / events})
    yield "| billed | an execution | a million events, USD | as one item an event, USD |"
    yield "| --- | ---: | ---: | ---: |"
    for name, price in PRICES.items():
        if units[name]:
            yield f"| {price.name} | {units[name] / executions:,.3g} | {packed[name]:,.2f} | {naive[name]:,.2f} |"
    yield f"| **all** | | **{sum(packed.values()):,.2f}** | **{sum(naive.values()):,.2f}** |"


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--executions", type=int, default=50)
    executions = parser.parse_args().executions
    units, events, single = measure(executions)
    waits = ", ".join(f"{service} {seconds * 1000:g} ms" for service, seconds in LATENCY.items())
    print(
        f"{LISTED}. {executions} executions of ten nodes, {events / executions:.0f} events each; calls take {waits}.\n"
    )
    print("\n".join(table(units, executions, events, single)))


if __name__ == "__main__":
    main()
