"""Events appended and replayed by 16 clients at once, ten an append: beside UmaDB, a durable event-store server.

    python -m local during python -m benchmarks.umadb_store [--seconds 3] [--runs 5]

Both take the same events from the same number of processes on the same machine, and both refuse an append when the
stream has moved on. What is *not* the same: UmaDB syncs its file to this machine's disk, and its server is native
code. Ours speaks the DynamoDB API, and what answers here is an emulator in Python that keeps its tables in memory and
takes the two cores that the clients need. On AWS, DynamoDB's limits are the table's, not those of one process.
"""

import argparse
import multiprocessing
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import cycle, islice
from multiprocessing.pool import Pool
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from benchmarks.measuring import machine
from benchmarks.sustained_append import TABLE, table
from benchmarks.synthetic import histories
from penstock.aws import clients
from penstock.aws.event_store import DynamoEventStore
from penstock.aws.payloads import Payloads
from penstock.events import Draft, Origin, StreamId
from penstock.events.store import START
from penstock.json import dumps, loads

CLIENTS, EVENTS, APPENDS_A_STREAM = 16, 10, 10
STARTS_WITHIN = 20.0  # seconds
ORIGIN = Origin("benchmark", "benchmark")


class Client(Protocol):
    """A client of a store. A stream is named by its key."""

    def append(self, key: str, appends: int) -> None:
        """Append to a new stream, EVENTS at a time."""
        ...

    def replay(self, key: str) -> int:
        """Read a stream's events and their data; how many there were."""
        ...


@cache
def drafts() -> list[Draft]:
    """What is appended: synthetic executions, a few thousand events."""
    found = (history.commits for history in histories(500) if history.stream.kind == "execution")
    return [draft for commits in found for commit in commits for draft in commit]


def appends(count: int) -> Iterator[list[Draft]]:
    """As many lists of EVENTS drafts."""
    events = cycle(drafts())
    return (list(islice(events, EVENTS)) for _ in range(count))


class Ours:
    """The event store, through the DynamoDB API."""

    def __init__(self) -> None:
        self._store = DynamoEventStore(clients.dynamodb(), TABLE, Payloads(clients.s3(), "unused"))

    def append(self, key: str, appends_to_make: int) -> None:
        """See Client.append."""
        stream, position = StreamId("benchmark", "benchmark", key), START
        for number, events in enumerate(appends(appends_to_make)):
            commit = self._store.append(stream, events, expected=position, commit_id=str(number), origin=ORIGIN)
            position = commit.position

    def replay(self, key: str) -> int:
        """See Client.replay."""
        stream = StreamId("benchmark", "benchmark", key)
        return sum(len(commit.events) for commit in self._store.commits(stream))


class Umas:
    """UmaDB. A stream is a tag; an append fails when an event of the tag came after the one it was decided on."""

    def __init__(self, url: str) -> None:
        import umadb

        self._api, self._client = umadb, umadb.Client(url)

    def append(self, key: str, appends_to_make: int) -> None:
        """See Client.append."""
        query = self._api.Query(items=[self._api.QueryItem(tags=[key])])
        after = None
        for events in appends(appends_to_make):
            condition = self._api.AppendCondition(query, after)
            found = [self._api.Event(each.type, dumps(each.data), [key]) for each in events]
            after = self._client.append(found, condition)

    def replay(self, key: str) -> int:
        """See Client.replay."""
        query = self._api.Query(items=[self._api.QueryItem(tags=[key])])
        return sum(1 for each in self._client.read(query) if loads(each.event.data) is not None)


def client(url: str) -> Client:
    """UmaDB's at the URL; ours where there is none."""
    return Umas(url) if url else Ours()


@cache
def _kept(url: str) -> tuple[Client, list[str]]:
    """The process's client, and the streams that it wrote."""
    return client(url), []


def write(url: str, seconds: float) -> float:
    """Append until the time is up; events a second."""
    known, keys = _kept(url)

    def stream() -> int:
        keys.append(uuid4().hex)
        known.append(keys[-1], APPENDS_A_STREAM)
        return APPENDS_A_STREAM * EVENTS

    return _repeated(stream, seconds)


def read(url: str, seconds: float) -> float:
    """Replay what this process wrote until the time is up; events a second."""
    known, keys = _kept(url)
    if not keys:
        known.append("read-only", APPENDS_A_STREAM)
    turns = cycle(keys or ["read-only"])
    return _repeated(lambda: known.replay(next(turns)), seconds)


def _repeated(step: Callable[[], int], seconds: float) -> float:
    count, begun = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - begun) < seconds:
        count += step()
    return count / elapsed


@contextmanager
def server() -> Iterator[str]:
    """UmaDB's server on a free port of this machine, its file on this machine's disk; its URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with tempfile.TemporaryDirectory() as folder:
        command = [str(Path(sys.executable).with_name("umadb")), "--listen", address, "--db-path", f"{folder}/uma.db"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _wait_for(address)
            yield f"http://{address}"
        finally:
            process.terminate()
            process.wait(STARTS_WITHIN)


def _wait_for(address: str) -> None:
    host, _, port = address.partition(":")
    deadline = time.monotonic() + STARTS_WITHIN
    while True:
        try:
            socket.create_connection((host, int(port)), 1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise SystemExit(f"UmaDB did not listen within {STARTS_WITHIN:.0f} s") from None
            time.sleep(0.05)
        else:
            return


def measured(pool: Pool, url: str, seconds: float, runs: int) -> list[list[float]]:
    """Events a second of all clients together, for each run: appended, and replayed."""
    work = [(url, seconds)] * CLIENTS
    return [[sum(pool.starmap(step, work, chunksize=1)) for _ in range(runs)] for step in (write, read)]


def row(name: str, rates: list[float]) -> str:
    """Median and range."""
    return f"| {name} | {statistics.median(rates):,.0f} | {min(rates):,.0f}–{max(rates):,.0f} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    table()
    spawn = multiprocessing.get_context("spawn")
    print(f"{machine()}; {CLIENTS} clients, {EVENTS} events an append, {given.seconds:.0f} s a run\n")
    print("| events/s | median | range |\n| --- | ---: | ---: |")
    with server() as url:
        for name, place in (("Penstock, DynamoDB emulated", ""), ("UmaDB", url)):
            with spawn.Pool(CLIENTS) as pool:
                appended, replayed = measured(pool, place, given.seconds, given.runs)
            print(row(f"appended, {name}", appended))
            print(row(f"replayed, {name}", replayed), flush=True)


if __name__ == "__main__":
    main()
