"""The sequencer: the one reader of the table's stream. It nudges every consumer, and writes the feeds."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aws_lambda_powertools import Logger

from penstock.aws.errors import AwsError
from penstock.aws.queues import Queues
from penstock.events.errors import EventStoreError
from penstock.events.feed import FeedLog, Mark, feed_stream, index
from penstock.events.model import StreamId
from penstock.events.nudges import Consumer, Nudge, merge
from penstock.events.store import EventStore

LOG = Logger()
SIDE_BY_SIDE = 8


class Sequencer:
    """Relays records of a DynamoDB stream. Reads what stands beside the events, never the events."""

    def __init__(self, queues: Queues, consumers: Sequence[Consumer], feed: FeedLog, store: EventStore) -> None:
        self._queues, self._consumers, self._feed, self._store = queues, consumers, feed, store

    def relay(self, records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Nudge the consumers, then write the feeds and nudge who follows them.

        Returns Lambda's partial batch response: the records whose nudge a queue did not take, or that are in no feed.
        Lambda goes on from the first failed record, so later ones come again; consumers do not mind.
        """
        changes = [record["dynamodb"] for record in records if record["eventName"] == "INSERT"]
        heard: dict[StreamId, list[Mark]] = defaultdict(list)
        for change in changes:
            heard[stream_of(change)].append(_mark(change))
        failed = {*self._nudge_all(Nudge(stream, marks[-1].commit) for stream, marks in heard.items())}
        failed |= {stream for tenant in self._index(heard) for stream in heard if stream.tenant == tenant}
        return {
            "batchItemFailures": [
                {"itemIdentifier": change["SequenceNumber"]} for change in changes if stream_of(change) in failed
            ]
        }

    def _index(self, heard: Mapping[StreamId, Sequence[Mark]]) -> Iterable[str]:
        """The tenants whose feed could not be written, or whose followers could not be told."""
        failed: set[str] = set()
        written: list[Nudge] = []
        for tenant in {stream.tenant for stream in heard}:
            theirs = {stream: marks for stream, marks in heard.items() if stream.tenant == tenant}
            try:
                written.append(Nudge(feed_stream(tenant), index(self._feed, self._store, tenant, theirs)))
            except EventStoreError as error:
                LOG.error("a feed was not written", error=type(error).__name__)
                failed.add(tenant)
        return failed | {stream.tenant for stream in self._nudge_all(written)}

    def _nudge_all(self, nudges: Iterable[Nudge]) -> Iterable[StreamId]:
        """Those that a queue did not take. The queues are sent to side by side: one after the other would add up."""
        merged = merge(nudges)
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            refused = pool.map(lambda consumer: self._nudge(consumer, merged), self._consumers)
            return {stream for streams in refused for stream in streams}

    def _nudge(self, consumer: Consumer, nudges: Iterable[Nudge]) -> Iterable[StreamId]:
        wanted = [nudge for nudge in nudges if consumer.wants(nudge.stream)]
        try:
            refused = self._send(consumer, wanted)
        except AwsError as error:
            LOG.error("a queue takes no nudges", consumer=consumer.name, code=error.code)
            return [nudge.stream for nudge in wanted]
        return [wanted[place].stream for place in refused]

    def _send(self, consumer: Consumer, nudges: Sequence[Nudge]) -> frozenset[int]:
        bodies = [nudge.to_json() for nudge in nudges]
        if consumer.is_ordered:
            return self._queues.send_ordered(consumer.queue_url, bodies, [nudge.stream.tenant for nudge in nudges])
        return self._queues.send_all(consumer.queue_url, bodies, delay=consumer.delay)


def stream_of(change: Mapping[str, Any]) -> StreamId:
    """Whose commit a record of the stream tells of. Raises InvalidStreamId."""
    return StreamId.parse(change["Keys"]["pk"]["S"])


def record(stream: StreamId, mark: Mark) -> dict[str, Any]:
    """A commit as the table's stream tells of it, as far as the sequencer reads that: for one it never heard of."""
    return {
        "eventName": "INSERT",
        "dynamodb": {
            "Keys": {"pk": {"S": str(stream)}, "commit": {"N": str(mark.commit)}},
            "NewImage": {"types": {"L": [{"S": each} for each in mark.types]}, "t1": {"N": str(mark.millis)}},
            "SequenceNumber": f"{stream}/{mark.commit}",
        },
    }


def _mark(change: Mapping[str, Any]) -> Mark:
    image = change["NewImage"]
    return Mark(
        int(change["Keys"]["commit"]["N"]), tuple(each["S"] for each in image["types"]["L"]), int(image["t1"]["N"])
    )
