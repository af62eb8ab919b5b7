"""Carries instances of processes on: what an event or a deadline calls for, done, tried again and undone.

A message names the instance, and the stream says what is left to do, so that one that comes twice, late or early does
no harm. It is a nudge by a commit, or `{"stream", "due"}`: the instance was to be looked at by then.
"""

from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from penstock.aws import wiring
from penstock.aws.consuming import each, logged
from penstock.aws.process_wake import woken
from penstock.workflows.execution.ports import within

MARGIN = 75
"""Seconds before the function's time is up at which no further action is begun: the longest one, and to record it."""


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Messages from the queue in, those that failed out."""
    spent = within(context.get_remaining_time_in_millis() / 1000 - MARGIN)

    def take(record: SQSRecord) -> None:
        stream, due = woken(record.body)
        with logged("an instance of a process could not be carried on", stream=str(stream)):
            wiring.process_advancing().advance(stream, spent, due)

    return each(event, context, take)
