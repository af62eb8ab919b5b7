"""Wakes instances of processes in time."""

from datetime import datetime

from penstock.aws.wake import TimedQueue
from penstock.clock import from_millis, to_millis
from penstock.events import StreamId
from penstock.json import JSONObject, loads

CONSUMER = "process_steps"
"""The consumer that carries instances on."""


class ProcessWakes(TimedQueue):
    """See `advancing.Wakes`; on the queue of the consumer that carries instances on."""

    def at(self, instance: StreamId, time: datetime) -> None:
        """See Wakes.at. Raises AwsError."""
        self.send(instance, time, CONSUMER, {"stream": str(instance), "due": str(to_millis(time))}, "process")


def woken(body: str) -> tuple[StreamId, datetime | None]:
    """The instance that a message names, and the time for which it was woken: None when a commit nudged.

    Raises ValueError, KeyError, InvalidStreamId.
    """
    message: JSONObject = loads(body)
    due = message.get("due")
    return StreamId.parse(message["stream"]), from_millis(int(due)) if due is not None else None
