"""The sequencer: the one reader of the table's stream. It turns commits into nudges for every consumer."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aws_lambda_powertools import Logger

from penstock.aws.errors import AwsError
from penstock.aws.queues import Queues
from penstock.events.model import StreamId
from penstock.events.nudges import Consumer, Nudge, merge

LOG = Logger()


class Sequencer:
    """Relays records of a DynamoDB stream. Reads their keys only."""

    def __init__(self, queues: Queues, consumers: Sequence[Consumer]) -> None:
        self._queues, self._consumers = queues, consumers

    def relay(self, records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Nudge the consumers. Returns Lambda's partial batch response: the records whose nudge a queue did not take.

        Nudges of one stream are merged. Lambda goes on from the first failed record, so later ones come again;
        consumers do not mind.
        """
        commits = [(record["dynamodb"], nudge_of(record)) for record in records if record["eventName"] == "INSERT"]
        nudges = merge(nudge for _, nudge in commits)
        failed = {stream for consumer in self._consumers for stream in self._nudge(consumer, nudges)}
        return {
            "batchItemFailures": [
                {"itemIdentifier": change["SequenceNumber"]} for change, nudge in commits if nudge.stream in failed
            ]
        }

    def _nudge(self, consumer: Consumer, nudges: Iterable[Nudge]) -> Iterable[StreamId]:
        wanted = [nudge for nudge in nudges if consumer.wants(nudge.stream)]
        try:
            refused = self._queues.send_all(
                consumer.queue_url, [nudge.to_json() for nudge in wanted], delay=consumer.delay
            )
        except AwsError as error:
            LOG.error("a queue takes no nudges", consumer=consumer.name, code=error.code)
            return [nudge.stream for nudge in wanted]
        return [wanted[place].stream for place in refused]


def nudge_of(record: Mapping[str, Any]) -> Nudge:
    """What a record of the stream tells. Raises InvalidStreamId."""
    keys = record["dynamodb"]["Keys"]
    return Nudge(StreamId.parse(keys["pk"]["S"]), int(keys["commit"]["N"]))
