"""Projection lag: from an event's time to its read model being visible, while events come in at a steady rate.

    python -m local during python -m benchmarks.projection_lag [--rates 100 1000] [--seconds 30] [--all]

A process appends the ten-node workflow's executions, a commit of twelve events each, through the DynamoDB API, spread
evenly over the time. The table's stream, the sequencer, the queue and the projector bring them to the read models; one
execution in some is looked for every 20 ms until it is there.

The other consumers are switched off meanwhile and find their work afterwards: on AWS each has machines of its own, here
they would share two cores with the emulator and with each other. With `--all` they stay on.
"""

import argparse
import multiprocessing
import os
import statistics
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any
from uuid import uuid4

import boto3

from benchmarks.deployed import STAGE, settle
from benchmarks.measuring import machine
from benchmarks.sustained_append import ten_nodes
from penstock.aws import clients, wiring
from penstock.aws.tables import batch_get
from penstock.aws.view_items import key_of, row_key
from penstock.clock import to_millis, utc_now
from penstock.events import Origin, StreamId
from penstock.events.store import START
from penstock.projections.executions import EXECUTIONS

WRITERS = 4
LOOK_EVERY = 0.02  # seconds
SEEN_WITHIN = 120.0  # seconds after the last append
NEEDED = frozenset({"sequencer", "projector"})


def write(tenant: str, rate: float, seconds: float, sampled: int, told: Connection) -> None:
    """Append executions at so many events a second; tells the key and the time (ms) of one in `sampled`.

    After the last comes None, and then the seconds that all of it took, with how many events there were.
    """
    ((drafts,),) = ten_nodes(0)
    store, count = wiring.events(), int(rate * seconds / len(drafts))
    begun = time.monotonic()

    def append(number: int) -> None:
        due = begun + number * len(drafts) / rate
        time.sleep(max(due - time.monotonic(), 0))
        stream, now = StreamId(tenant, EXECUTIONS.kind, uuid4().hex), utc_now()
        timely = [draft._replace(time=now) for draft in drafts]
        store.append(stream, timely, expected=START, commit_id="1", origin=Origin("benchmark", stream.key))
        if number % sampled == 0:
            told.send((stream.key, to_millis(now)))

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(append, range(count)))
    told.send(None)
    told.send((time.monotonic() - begun, count * len(drafts)))


def watch(tenant: str, told: Connection) -> tuple[list[int], int]:
    """The milliseconds until each sampled execution was seen, and how many never were."""
    waiting: dict[str, int] = {}
    lags: list[int] = []
    deadline = float("inf")
    while waiting or deadline == float("inf"):
        while deadline == float("inf") and told.poll():
            sample = told.recv()
            if sample is None:
                deadline = time.monotonic() + SEEN_WITHIN
            else:
                waiting[sample[0]] = sample[1]
        for key in list(_visible(tenant, waiting)):
            lags.append(to_millis(utc_now()) - waiting.pop(key))
        if time.monotonic() > deadline:
            break
        time.sleep(LOOK_EVERY)
    return lags, len(waiting)


def _visible(tenant: str, keys: Sequence[str] | dict[str, int]) -> Iterator[str]:
    wanted = [row_key(tenant, EXECUTIONS.name, key) for key in keys]
    for item in batch_get(clients.dynamodb(), wiring.settings().views_table, wanted):
        yield key_of(item)


@contextmanager
def switched_off(mappings: Iterable[str]) -> Iterator[None]:
    """While this lasts, nothing is handed over by these event source mappings."""
    found = list(mappings)
    client: Any = boto3.client("lambda")
    try:
        for mapping in found:
            client.update_event_source_mapping(UUID=mapping, Enabled=False)
        yield
    finally:
        for mapping in found:
            client.update_event_source_mapping(UUID=mapping, Enabled=True)


def others() -> Iterator[str]:
    """The event source mappings of every consumer but those that are measured."""
    prefix = f"penstock-{os.environ[STAGE]}-"
    for mapping in boto3.client("lambda").list_event_source_mappings()["EventSourceMappings"]:
        name = mapping["FunctionArn"].rpartition(":")[2].removeprefix(prefix)
        if name not in NEEDED:
            yield mapping["UUID"]


def measure(rate: float, seconds: float, sampled: int) -> str:
    """A row of the table."""
    tenant = f"lag{uuid4().hex[:12]}"
    ours, theirs = multiprocessing.Pipe(duplex=False)
    writer = multiprocessing.get_context("spawn").Process(target=write, args=(tenant, rate, seconds, sampled, theirs))
    writer.start()
    theirs.close()  # so that a writer that dies ends the wait
    lags, missing = watch(tenant, ours)
    took, events = ours.recv()
    writer.join()
    percentiles = statistics.quantiles(lags, n=100, method="inclusive")
    shown = " | ".join(f"{percentiles[percent - 1]:,.0f}" for percent in (50, 95, 99))
    return f"| {rate:,.0f} | {events / took:,.0f} | {len(lags)} | {shown} | {max(lags):,} | {missing} |"


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--rates", type=float, nargs="+", default=[100, 1_000], help="events a second, one after another"
    )
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--sampled", type=int, default=4, help="look for one execution in so many")
    parser.add_argument("--all", action="store_true", help="leave the other consumers on")
    given = parser.parse_args()
    print(f"{machine()}; {given.seconds:.0f} s, {'all consumers' if given.all else 'the projector alone'}\n")
    print("| events/s asked | appended | sampled | lag p50, ms | p95 | p99 | max | never seen |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    with switched_off(() if given.all else others()):
        measure(100, 5, 1)  # so that every worker is warm
        for rate in given.rates:
            if given.all:  # those that are switched off never settle
                settle()
            print(measure(rate, given.seconds, given.sampled), flush=True)


if __name__ == "__main__":
    main()
