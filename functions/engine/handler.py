"""Carries executions on: after a wait, a callback, a crash, or where a request ran out of time.

A message is a nudge: it names the execution, and the store says what is left to do, so that a message which comes
twice, late or early does no harm. One that names no execution fails, and ends in the dead-letter queue.
"""

from typing import Any

from penstock.aws import wiring
from penstock.aws.consuming import consume
from penstock.workflows.execution.ports import within

MARGIN = 15
"""Seconds before the function's time is up at which no further node is begun: the rest goes back to the queue."""


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Nudges from the queue in, those that failed out."""
    spent = within(context.get_remaining_time_in_millis() / 1000 - MARGIN)
    return consume(event, context, lambda stream: wiring.engine().resume(stream, spent))
