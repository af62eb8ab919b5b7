"""How long an aggregate of ten thousand events takes to load: folded from its first event, and from a snapshot.

    python -m local during python -m benchmarks.replay_aggregate [--runs 5]

An account of 10,000 deposits in commits of 25, and an execution that looped until it had as many events, in the commits
that the engine packs. In memory, and through the DynamoDB API of the local stack where it is up. The snapshot is the
one that the policy leaves, every hundred events: as many may come after it.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from benchmarks.aggregates import EVENTS, NOW, Deposited
from benchmarks.measuring import machine
from benchmarks.sustained_append import TABLE as EVENTS_TABLE
from benchmarks.sustained_append import table
from penstock.aws import clients
from penstock.aws.event_store import DynamoEventStore
from penstock.aws.payloads import Payloads
from penstock.aws.snapshot_store import DynamoSnapshotStore
from penstock.events import Draft, Event, EventStore, Origin, StreamId
from penstock.events.aggregate import Aggregate, Every, MemorySnapshotStore, Repository, SnapshotStore
from penstock.events.memory import MemoryEventStore
from penstock.events.store import START
from penstock.workflows.catalogue import catalogue
from penstock.workflows.definition import WorkflowDefinition
from penstock.workflows.execution.ports import Start
from penstock.workflows.execution.snapshot import aggregate as executions
from penstock.workflows.in_process import FixedLibrary, in_process_engine
from penstock.workflows.validation import parse

SIZE, COMMIT = 10_000, 25
SNAPSHOTS_TABLE = "penstock-benchmark-snapshots"
ORIGIN = Origin("benchmark", "benchmark")


@dataclass(frozen=True)
class Case:
    """An aggregate and the commits of one of its streams."""

    name: str
    aggregate: Aggregate[Any]
    commits: Sequence[Sequence[Draft]]


def account() -> Case:
    """Deposits, 25 a commit."""

    def evolve(balance: int, event: Deposited, _: Event) -> int:
        return balance + event.amount

    deposits = [EVENTS.draft(Deposited(number, f"invoice {number}"), NOW) for number in range(SIZE)]
    commits = [deposits[place : place + COMMIT] for place in range(0, SIZE, COMMIT)]
    folding = Aggregate(EVENTS, lambda _: 0, evolve, dump=lambda balance: balance, restore=int, snapshots=Every())
    return Case("an account", folding, commits)


def definition() -> WorkflowDefinition:
    """A loop over every item, with one node in it."""
    nodes = [
        ("start", "core.trigger.manual", {}),
        ("loop", "core.loop", {}),
        ("set", "core.set", {"fields": [{"name": "b", "value": "{{ $json.n + 1 }}"}]}),
    ]
    connections = [
        {"from": "start", "to": "loop"},
        {"from": "loop", "output": "batch", "to": "set"},
        {"from": "set", "to": "loop", "input": "next"},
    ]
    named = [{"name": name, "type": kind, "parameters": given} for name, kind, given in nodes]
    return parse({"name": "Long", "nodes": named, "connections": connections}, catalogue())


def execution() -> Case:
    """A run of the loop: two events an item."""
    store, workflow = MemoryEventStore(), definition()
    items = [{"n": number} for number in range(SIZE // 2)]
    engine = in_process_engine({"long": workflow}, store=store)
    engine.start(Start("acme", "long", 1, items, "manual"), ORIGIN, lambda: False)
    (stream,) = store.streams()
    commits = [
        [Draft(event.type, event.data, event.time, event.schema) for event in commit.events]
        for commit in store.commits(stream)
    ]
    library = FixedLibrary.of({"long": workflow})
    folding = executions(lambda name, revision: library.graph("acme", name, revision))
    return Case("an execution", folding, commits)


def stores() -> Iterator[tuple[str, Callable[[], tuple[EventStore, SnapshotStore]]]]:
    """Name, and how to make one of events and one of snapshots."""
    yield "memory", lambda: (MemoryEventStore(), MemorySnapshotStore())
    if "AWS_ENDPOINT_URL" in os.environ:
        yield "local stack", _local


def _local() -> tuple[EventStore, SnapshotStore]:
    """In tables of their own, without a stream: nobody else is busy with what is written."""
    dynamodb, payloads = clients.dynamodb(), Payloads(clients.s3(), "unused")
    table()
    table(SNAPSHOTS_TABLE, sk="S")
    return DynamoEventStore(dynamodb, EVENTS_TABLE, payloads), DynamoSnapshotStore(dynamodb, SNAPSHOTS_TABLE, payloads)


def loads(case: Case, events: EventStore, snapshots: SnapshotStore, runs: int) -> tuple[int, list[float], list[float]]:
    """How many events there are, and the milliseconds of loads without a snapshot and with one."""
    stream, position = StreamId("benchmark", "benchmark", uuid4().hex), START
    repository = Repository(case.aggregate, events, snapshots)
    for number, drafts in enumerate(case.commits):
        position = events.append(stream, drafts, expected=position, commit_id=str(number), origin=ORIGIN).position
    whole = _timed(repository, stream, runs)
    repository.take_snapshot(stream)
    return position.version, whole, _timed(repository, stream, runs)


def _timed(repository: Repository[Any], stream: StreamId, runs: int) -> list[float]:
    repository.load(stream)
    found = []
    for _ in range(runs):
        begun = time.perf_counter()
        repository.load(stream)
        found.append((time.perf_counter() - begun) * 1000)
    return found


def row(name: str, count: int, *times: Sequence[float]) -> str:
    """A line of the table: median and slowest."""
    cells = " | ".join(f"{statistics.median(each):,.0f} (to {max(each):,.0f})" for each in times)
    return f"| {name} | {count:,} | {cells} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    print(f"{machine()}\n\n| loaded, ms | events | from the first event | from a snapshot |")
    print("| --- | ---: | ---: | ---: |")
    for case in (account(), execution()):
        for place, make in stores():
            print(row(f"{case.name}, {place}", *loads(case, *make(), runs)), flush=True)


if __name__ == "__main__":
    main()
