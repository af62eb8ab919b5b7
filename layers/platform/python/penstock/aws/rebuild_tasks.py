"""Rebuild tasks on queues: each goes to the function that has its projection's code."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from penstock.aws.consuming import each, logged
from penstock.aws.queues import LONGEST_DELAY, Queues
from penstock.discovery import CORE
from penstock.json import loads
from penstock.rebuilds.catalogue import KnownProjection
from penstock.rebuilds.tasks import Task
from penstock.rebuilds.worker import Worker

REBUILDER = "rebuilder"
TIME_TO_HAND_OVER = 30_000  # ms


@dataclass(frozen=True)
class QueuedTasks:
    """Tasks on queues, by the consumer's name: `rebuilder`, or `<wing>_rebuilder`."""

    queues: Queues
    urls: Mapping[str, str]
    projections: Mapping[str, KnownProjection]

    def send(self, task: Task, delay: int = 0) -> None:
        """See Tasks.send. Raises AwsError."""
        wing = self.projections[task.projection].wing
        consumer = REBUILDER if wing == CORE else f"{wing}_{REBUILDER}"
        self.queues.send(self.urls[consumer], task.to_json(), min(delay, LONGEST_DELAY))


def perform_all(event: dict[str, Any], context: Any, worker: Worker) -> dict[str, Any]:
    """Perform the tasks of an SQS event within the function's time; returns the partial batch response."""

    def spent() -> bool:
        return bool(context.get_remaining_time_in_millis() < TIME_TO_HAND_OVER)

    def take(record: SQSRecord) -> None:
        task = Task.of(loads(record.body))
        with logged("a task of a rebuild failed", task=task.name):
            worker.perform(task, spent)

    return each(event, context, take)
