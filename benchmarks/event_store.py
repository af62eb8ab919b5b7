"""How many events a second the event store takes in and gives back.

    python -m benchmarks.event_store [--events 20000] [--runs 5]

In the memory core, with commits of 1, 10 and 25 events; and, when AWS_ENDPOINT_URL and the names of table and bucket
are in the environment, through the local stack. Medians of the runs, with the slowest and the fastest.
"""

import argparse
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle, islice
from uuid import uuid4

import boto3

from benchmarks.synthetic import histories
from penstock.aws.event_store import DynamoEventStore
from penstock.aws.payloads import Payloads
from penstock.events import Draft, EventStore, Origin, StreamId
from penstock.events.memory import MemoryEventStore
from penstock.events.store import START

COMMIT_SIZES = (1, 10, 25)
COMMITS_A_STREAM = 4
LOCAL = ("AWS_ENDPOINT_URL", "PENSTOCK_EVENTS_TABLE", "PENSTOCK_PAYLOADS_BUCKET")
LOCAL_SHARE = 20  # the local stack gets a twentieth of the events
ORIGIN = Origin("benchmark", "benchmark")

Streams = dict[StreamId, list[list[Draft]]]


def streams(events: int, commit_size: int) -> Streams:
    """Synthetic events packed into commits of one size, a few commits a stream, of a kind that no workflow has."""
    drafts = cycle([draft for history in histories(300) for commit in history.commits for draft in commit])
    run = uuid4().hex
    count = max(1, events // (commit_size * COMMITS_A_STREAM))
    return {
        StreamId("benchmark", "benchmark", f"{run}-{number}"): [
            list(islice(drafts, commit_size)) for _ in range(COMMITS_A_STREAM)
        ]
        for number in range(count)
    }


def append(store: EventStore, work: Streams) -> int:
    """Append everything; returns how many events that was."""
    count = 0
    for stream, commits in work.items():
        position = START
        for number, drafts in enumerate(commits):
            position = store.append(stream, drafts, expected=position, commit_id=f"c-{number}", origin=ORIGIN).position
        count += position.version
    return count


def replay(store: EventStore, work: Streams) -> int:
    """Read everything back; returns how many events came."""
    return sum(len(commit.events) for stream in work for commit in store.commits(stream))


def rate(step: Callable[[EventStore, Streams], int], store: EventStore, work: Streams) -> float:
    """Events a second."""
    start = time.perf_counter()
    count = step(store, work)
    return count / (time.perf_counter() - start)


def stores() -> Iterator[tuple[str, Callable[[], EventStore], int]]:
    """Name, how to make one, and by how much the number of events is divided."""
    yield "memory core", MemoryEventStore, 1
    if all(name in os.environ for name in LOCAL):
        yield "local stack", local_store, LOCAL_SHARE


def local_store() -> EventStore:
    """The deployed local stack's."""
    _, table, bucket = (os.environ[name] for name in LOCAL)
    dynamodb, s3 = boto3.client("dynamodb"), boto3.client("s3")
    return DynamoEventStore(dynamodb, table, Payloads(s3, bucket))


def row(name: str, size: int, rates: Sequence[tuple[float, float]]) -> str:
    """One line of the table."""
    cells = (
        f"{statistics.median(each):12,.0f} ({min(each):,.0f}-{max(each):,.0f})" for each in zip(*rates, strict=True)
    )
    return f"{name:12} {size:6} " + " ".join(f"{cell:34}" for cell in cells)


def machine() -> str:
    """What the numbers were measured on."""
    return f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    print(f"events a second, median (slowest-fastest) of {options.runs} runs; {machine()}")
    print(f"{'store':12} {'commit':>6} {'append':>12} {'':21} {'replay':>12}")
    for name, make, share in stores():
        for size in COMMIT_SIZES:
            rates = []
            for _ in range(options.runs):
                store, work = make(), streams(options.events // share, size)
                rates.append((rate(append, store, work), rate(replay, store, work)))
            print(row(name, size, rates))


if __name__ == "__main__":
    main()
