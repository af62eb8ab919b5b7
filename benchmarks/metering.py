"""Counts what AWS would bill for the calls that run through botocore, and the processor time beside them.

Whatever is asked of it is asked of moto, so nothing depends on how fast an emulator is: a call counts by what went in
and what came out, and takes as long as LATENCY says.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from benchmarks.billing import GB, Units, chunks, item_size, read_units, write_units
from penstock.aws import clients
from penstock.aws.view_items import GSIS

LATENCY: Mapping[str, float] = {"dynamodb": 0.005, "s3": 0.030, "sqs": 0.010, "events": 0.015, "kms": 0.010}
"""Seconds that a call takes within a region: assumed, on the high side of what AWS shows."""

FULL_CORE = 1_769
"""MB of memory at which Lambda gives a function one core; less memory, less of a core."""

Params = Mapping[str, Any]


class Calling(threading.local):
    """The call that a thread is making: what it asks for, and when (processor seconds) it began."""

    def __init__(self) -> None:
        self.params: Params = {}
        self.begun = 0.0
        self.is_counted = True


@dataclass
class Meter:
    """Hears of every call of the session's clients, in any thread. `events` is the name of the events' table."""

    events: str
    units: Units = field(default_factory=lambda: defaultdict(float))
    waits: dict[str, float] = field(default_factory=lambda: defaultdict(float))  # seconds that calls would take
    called: float = 0.0  # processor seconds that they took here
    published: list[Params] = field(default_factory=list)
    is_on: bool = False
    _indexes: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)
    _calling: Calling = field(default_factory=Calling)
    _lock: Any = field(default_factory=threading.RLock)

    def attach(self, session: Any) -> None:
        """Hear of the calls of clients that the session makes from now on."""
        session.events.register("provide-client-params", self._before)
        session.events.register("before-call", self._begin)
        session.events.register("after-call", self._after)

    @contextmanager
    def counting(self, is_on: bool) -> Iterator[None]:
        """Count, or do not, for as long as this lasts."""
        was, self.is_on = self.is_on, is_on
        try:
            yield
        finally:
            self.is_on = was

    def run(self, memory: int, handle: Callable[[], Any]) -> Any:
        """One invocation of a function of so many MB: its request, and the GB-s that it takes."""
        self.waits.clear()
        cpu, called = time.process_time(), self.called
        with self.counting(True):
            answer = handle()
        own = time.process_time() - cpu - (self.called - called)
        seconds = own * max(1.0, FULL_CORE / memory) + waited(self.waits)
        self.units["invocations"] += 1
        self.units["gb_s"] += seconds * memory / 1024
        return answer

    def _before(self, params: Params, **_: Any) -> None:
        self._calling.params = params

    def _begin(self, **_: Any) -> None:
        self._calling.begun = time.thread_time()

    def _after(self, parsed: Params, model: Any, **_: Any) -> None:
        took = time.thread_time() - self._calling.begun
        with self._lock:
            self.called += took
            if self.is_on and self._calling.is_counted:
                service, operation = model.service_model.service_name, model.name
                self.waits[threading.current_thread().name] += LATENCY[service]
                COUNTED[f"{service}.{operation}"](self, self._calling.params, parsed)

    def put(self, params: Params, parsed: Params) -> None:
        """A put: the item, and what it changes in the index."""
        self._wrote(params["TableName"], params["Item"], is_taken="Error" not in parsed)

    def update(self, params: Params, parsed: Params) -> None:
        """An update: the item as it is after it."""
        self._calling.is_counted = False  # what it left there is not in the answer
        found: Params = clients.dynamodb().get_item(TableName=params["TableName"], Key=params["Key"])
        self._calling.is_counted = True
        self._wrote(params["TableName"], found.get("Item", params["Key"]), is_taken="Error" not in parsed)

    def delete(self, params: Params, parsed: Params) -> None:
        """A delete, which is taken to be of a small item."""
        self.units["views_writes"] += 1
        if "Error" not in parsed:
            self.units["index_writes"] += len(self._indexes.pop(_key(params["Key"]), ()))

    def transact(self, params: Params, parsed: Params) -> None:
        """A transaction: each of its writes twice."""
        before = dict(self.units)
        for action in params["TransactItems"]:
            ((kind, request),) = action.items()
            IN_TRANSACTIONS[kind](self, request, parsed)
        for name in ("events_writes", "views_writes"):  # a transaction writes twice
            self.units[name] += self.units[name] - before.get(name, 0)

    def get(self, params: Params, parsed: Params) -> None:
        """One item read."""
        self._read([parsed.get("Item", {})], params)

    def query(self, params: Params, parsed: Params) -> None:
        """A page read."""
        self._read(parsed.get("Items", ()), params)

    def get_batch(self, params: Params, parsed: Params) -> None:
        """Items read, each by itself."""
        for table, wanted in params["RequestItems"].items():
            found = parsed.get("Responses", {}).get(table, ())
            for item in (*found, *[{}] * (len(wanted["Keys"]) - len(found))):
                self._read([item], wanted)

    def send(self, params: Params, _: Params) -> None:
        """Messages sent, a request for every 64 KB."""
        bodies = [entry["MessageBody"] for entry in params.get("Entries", [params])]
        name = "sqs_fifo" if params["QueueUrl"].endswith(".fifo") else "sqs"
        self.units[name] += chunks(sum(map(len, bodies)))

    def publish(self, params: Params, _: Params) -> None:
        """Events published, each by itself."""
        for entry in params["Entries"]:
            size = len(entry["Detail"]) + len(entry["DetailType"]) + len(entry["Source"])
            self.units["bus"] += chunks(size)
            self.units["bus_gb"] += size / GB
            self.published.append(entry)

    def _read(self, items: Sequence[Params], params: Params) -> None:
        units = read_units(map(item_size, items), is_consistent=bool(params.get("ConsistentRead")))
        self.units["reads"] += units

    def _wrote(self, table: str, item: Params, *, is_taken: bool) -> None:
        name = "events_writes" if table == self.events else "views_writes"
        self.units[name] += write_units(item_size(item))
        if is_taken:
            before, after = self._indexes.get(_key(item), {}), _indexed(item)
            changed = [gsi for gsi in GSIS if before.get(gsi.name) != after.get(gsi.name)]
            self.units["index_writes"] += sum((gsi.name in before) + (gsi.name in after) for gsi in changed)
            self._indexes[_key(item)] = after


def waited(waits: Mapping[str, float]) -> float:
    """The seconds that threads of these names waited: those of one pool at the same time, everything else in turn."""
    longest: dict[str, float] = defaultdict(float)
    for thread, seconds in waits.items():
        pool = thread.rpartition("_")[0] or thread
        longest[pool] = max(longest[pool], seconds)
    return sum(longest.values())


def _indexed(item: Params) -> Mapping[str, Any]:
    """Where the item stands in each index that it is in: only keys are copied, so nothing else changes that."""
    return {gsi.name: (item[gsi.pk], item[gsi.sk]) for gsi in GSIS if gsi.pk in item}


def _key(item: Params) -> tuple[str, str]:
    return item["pk"]["S"], str(item.get("sk", item.get("commit")))


def _count(name: str) -> Callable[[Meter, Params, Params], None]:
    def count(meter: Meter, _: Params, __: Params) -> None:
        meter.units[name] += 1

    return count


IN_TRANSACTIONS: Mapping[str, Callable[[Meter, Params, Params], None]] = {
    "Put": Meter.put,
    "Update": Meter.update,
    "Delete": Meter.delete,
    "ConditionCheck": _count("views_writes"),
}
COUNTED: Mapping[str, Callable[[Meter, Params, Params], None]] = {
    "dynamodb.PutItem": Meter.put,
    "dynamodb.UpdateItem": Meter.update,
    "dynamodb.DeleteItem": Meter.delete,
    "dynamodb.TransactWriteItems": Meter.transact,
    "dynamodb.GetItem": Meter.get,
    "dynamodb.Query": Meter.query,
    "dynamodb.BatchGetItem": Meter.get_batch,
    "sqs.SendMessage": Meter.send,
    "sqs.SendMessageBatch": Meter.send,
    "events.PutEvents": Meter.publish,
    "s3.PutObject": _count("s3_put"),
    "s3.GetObject": _count("s3_get"),
    "s3.HeadObject": _count("s3_get"),
    "kms.Decrypt": _count("kms"),
    "kms.Encrypt": _count("kms"),
    "kms.GenerateDataKey": _count("kms"),
}
"""What each operation is billed as. One that is not here stops the benchmark: nothing is left out silently."""
