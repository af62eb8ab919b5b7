"""Wakes instances of processes in time: by a delayed SQS message while that reaches, by Scheduler beyond."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from penstock.aws.queues import LONGEST_DELAY, Queues
from penstock.aws.wake import Scheduler
from penstock.clock import Clock, from_millis, to_millis, utc_now
from penstock.events import StreamId
from penstock.json import JSONObject, loads

CONSUMER = "process_steps"
"""The consumer that carries instances on."""


@dataclass(frozen=True)
class ProcessWakes:
    """See `advancing.Wakes`; on the queue of the consumer that carries instances on."""

    queues: Queues
    url: str
    scheduler: Scheduler
    clock: Clock = utc_now

    def at(self, instance: StreamId, time: datetime) -> None:
        """See Wakes.at. Raises AwsError."""
        delay = max(ceil((time - self.clock()).total_seconds()), 0)
        message = {"stream": str(instance), "due": str(to_millis(time))}
        if delay <= LONGEST_DELAY:
            self.queues.send(self.url, message, delay)
        else:
            self.scheduler.once(_name(instance, time), time, CONSUMER, message)


def woken(body: str) -> tuple[StreamId, datetime | None]:
    """The instance that a message names, and the time for which it was woken: None when a commit nudged.

    Raises ValueError, KeyError, InvalidStreamId.
    """
    message: JSONObject = loads(body)
    due = message.get("due")
    return StreamId.parse(message["stream"]), from_millis(int(due)) if due is not None else None


def _name(instance: StreamId, time: datetime) -> str:
    """The same for the same wake-up, and within Scheduler's 64 characters."""
    return "process-" + hashlib.sha256(f"{instance} {time.isoformat()}".encode()).hexdigest()[:48]
