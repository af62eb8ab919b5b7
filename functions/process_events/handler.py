"""Notes events in the instances of processes that they belong to, and starts instances."""

from typing import Any

from penstock.aws import wiring
from penstock.aws.consuming import consume


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Nudges from the queue in, those that failed out."""
    return consume(event, context, wiring.process_observing().catch_up)
