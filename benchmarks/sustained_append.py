"""Events appended a second through the DynamoDB API of the local stack, sustained; and what AWS would bill for them.

    python -m local during python -m benchmarks.sustained_append [--seconds 60] [--writers 4]

Writers are processes. They append whole executions, in the commits that the engine packs them in: those of the ten-node
webhook workflow, and a mix of synthetic ones, most of them shorter. The table is one of its own with the store's keys
and no stream, so that the figure is that of the store and not of its consumers.
"""

import argparse
import multiprocessing
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from math import ceil
from typing import Literal
from uuid import uuid4

import boto3

from benchmarks.executions import in_process
from benchmarks.measuring import machine
from benchmarks.synthetic import histories
from penstock.aws import clients
from penstock.aws.event_store import DynamoEventStore
from penstock.aws.payloads import Payloads
from penstock.events import Draft, Origin, StreamId
from penstock.events.memory import MemoryEventStore
from penstock.events.store import START, EventStore
from penstock.json import dumps

TABLE, ORIGIN = "penstock-benchmark-events", Origin("benchmark", "benchmark")
OVERHEAD = 160
"""Bytes of an item's keys and attributes beside its blob."""
WRITE_UNIT = 1_024
ENVELOPE = {"id": "t#execution#0" * 3, "version": 1, "type": "", "time": "2026-01-01T00:00:00.000Z", "origin": "x" * 60}


Executions = list[list[list[Draft]]]


@dataclass(frozen=True)
class Written:
    """What one writer did."""

    events: int
    commits: int
    seconds: float


def ten_nodes(_: int) -> Executions:
    """The ten-node webhook workflow, run once: one commit."""
    store = MemoryEventStore()
    in_process(store, executions=1)()
    return [
        [[Draft(event.type, event.data, event.time, event.schema) for event in commit.events] for commit in found]
        for found in (list(store.commits(stream)) for stream in store.streams())
    ]


def mix(seed: int) -> Executions:
    """Synthetic executions of several trades."""
    found = (history.commits for history in histories(200, seed) if history.stream.kind == "execution")
    return [[list(drafts) for drafts in commits] for commits in found]


WORK: Mapping[str, Callable[[int], Executions]] = {"the ten-node workflow": ten_nodes, "a mix of executions": mix}


def append(store: EventStore, commits: list[list[Draft]]) -> int:
    """Append one execution; how many events it has."""
    stream, position = StreamId("benchmark", "execution", uuid4().hex), START
    for number, drafts in enumerate(commits):
        position = store.append(stream, drafts, expected=position, commit_id=str(number), origin=ORIGIN).position
    return position.version


def write(work_name: str, seed: int, seconds: float) -> Written:
    """One writer's work: append until the time is up."""
    store = DynamoEventStore(clients.dynamodb(), TABLE, Payloads(clients.s3(), "unused"))
    work = WORK[work_name](seed)
    events = commits = 0
    begun = time.perf_counter()
    for index in count():
        elapsed = time.perf_counter() - begun
        if elapsed >= seconds:
            return Written(events, commits, elapsed)
        chosen = work[index % len(work)]
        events += append(store, chosen)
        commits += len(chosen)
    raise AssertionError


def units(work: Executions) -> tuple[float, float]:
    """Write units an event: packed in commits, and as one JSON item an event."""
    store, packed, single, events = MemoryEventStore(), 0, 0, 0
    for commits in work:
        events += append(store, commits)
        single += sum(_units(len(dumps({**ENVELOPE, "type": d.type, "data": d.data}))) for c in commits for d in c)
    for stream in store.streams():
        packed += sum(_units(len(each.blob) + OVERHEAD) for each in store.packed(stream))
    return packed / events, single / events


def _units(size: int) -> int:
    return ceil(size / WRITE_UNIT)


def table(name: str = TABLE, **sort_key: Literal["N", "S"]) -> None:
    """The table, if it is not there; with the event store's keys unless another sort key is given."""
    dynamodb = boto3.client("dynamodb")
    if name in dynamodb.list_tables()["TableNames"]:
        return
    ((sort, kind),) = (sort_key or {"commit": "N"}).items()
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": sort, "AttributeType": kind},
        ],
    )


def row(name: str, written: list[Written]) -> str:
    """The figures as a row of the table."""
    events, commits = sum(each.events for each in written), sum(each.commits for each in written)
    seconds = max(each.seconds for each in written)
    packed, single = units(WORK[name](99))
    rates = f"{events / seconds:,.0f} | {commits / seconds:,.0f} | {events / commits:.1f}"
    return f"| {name} | {rates} | {packed:.3f} | {single:.3f} | {single / packed:.1f} × |"


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--writers", type=int, default=4)
    given = parser.parse_args()
    table()
    print(f"{machine()}; {given.writers} writers, {given.seconds:.0f} s\n")
    print("| of | events/s | commits/s | events a commit | write units an event | as one item an event | fewer |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    with multiprocessing.get_context("spawn").Pool(given.writers) as pool:
        for name in WORK:
            print(row(name, pool.starmap(write, [(name, seed, given.seconds) for seed in range(given.writers)])))


if __name__ == "__main__":
    main()
