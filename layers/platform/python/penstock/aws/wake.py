"""Wakes executions and starts workflows in time: by a delayed SQS message while that reaches, by Scheduler beyond."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from typing import TYPE_CHECKING, Any

from penstock.aws.errors import translated
from penstock.aws.queues import LONGEST_DELAY, Queues
from penstock.clock import Clock, utc_now
from penstock.events import StreamId
from penstock.json import JSONObject, dumps

if TYPE_CHECKING:
    from mypy_boto3_scheduler import EventBridgeSchedulerClient

    from penstock.workflows.schedules import Schedule

TRIGGERS = "triggers"
"""The consumer whose queue schedules of workflows send to."""


@dataclass(frozen=True)
class Scheduler:
    """Schedules that send a JSON message to a queue: one-off ones, deleted once they have fired, and recurring ones."""

    client: "EventBridgeSchedulerClient"
    group: str
    role_arn: str
    queue_arns: Mapping[str, str]

    def once(self, name: str, time: datetime, queue: str, message: Mapping[str, Any]) -> None:
        """Send the message at the time (UTC, to the second). The same name is scheduled once. Raises AwsError."""
        with translated():
            try:
                self.client.create_schedule(
                    Name=name,
                    GroupName=self.group,
                    ScheduleExpression=f"at({time.astimezone(UTC):%Y-%m-%dT%H:%M:%S})",
                    FlexibleTimeWindow={"Mode": "OFF"},
                    ActionAfterCompletion="DELETE",
                    Target=self._target(queue, message),
                )
            except self.client.exceptions.ConflictException:
                return

    def put(self, schedule: "Schedule") -> None:
        """See Schedules.put. Raises AwsError."""
        given: Any = {
            "Name": schedule.name,
            "GroupName": self.group,
            "ScheduleExpression": schedule.expression,
            "ScheduleExpressionTimezone": schedule.timezone,
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": self._target(TRIGGERS, schedule.message),
            **({"StartDate": schedule.begins} if schedule.begins else {}),
        }
        with translated():
            try:
                self.client.create_schedule(**given)
            except self.client.exceptions.ConflictException:
                self.client.update_schedule(**given)

    def delete(self, name: str) -> None:
        """See Schedules.delete. Raises AwsError."""
        with translated():
            try:
                self.client.delete_schedule(Name=name, GroupName=self.group)
            except self.client.exceptions.ResourceNotFoundException:
                return

    def _target(self, queue: str, message: Mapping[str, Any]) -> Any:
        return {"Arn": self.queue_arns[queue], "RoleArn": self.role_arn, "Input": dumps(dict(message)).decode()}


@dataclass(frozen=True)
class TimedQueue:
    """A consumer's queue that hands messages over in time: by SQS's delay while that reaches, by Scheduler beyond."""

    queues: Queues
    url: str
    scheduler: Scheduler
    clock: Clock = utc_now

    def send(self, stream: StreamId, time: datetime, consumer: str, message: JSONObject, name: str) -> None:
        """Send a message about a stream at a time; `name` begins that of its schedule. Raises AwsError."""
        delay = max(ceil((time - self.clock()).total_seconds()), 0)
        if delay <= LONGEST_DELAY:
            self.queues.send(self.url, message, delay)
        else:
            self.scheduler.once(f"{name}-{_digest(stream, time)}", time, consumer, message)


class QueueWake(TimedQueue):
    """A Wake on the engine's queue."""

    def at(self, execution: StreamId, time: datetime) -> None:
        """See Wake.at. Raises AwsError."""
        self.send(execution, time, "engine", {"stream": str(execution)}, "wake")


def _digest(stream: StreamId, time: datetime) -> str:
    """The same for the same wake-up, and with what is before it within Scheduler's 64 characters."""
    return hashlib.sha256(f"{stream} {time.isoformat()}".encode()).hexdigest()[:48]
