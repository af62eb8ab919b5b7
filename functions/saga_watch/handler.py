"""Starts the machine of a saga whose starter crashed between storing the run and starting it.

Nearly always there is nothing to do: the machine has called long before this function looks.
"""

from typing import Any

from penstock.aws import wiring
from penstock.aws.consuming import consume


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Nudges from the queue in, those that failed out."""
    return consume(event, context, wiring.sagas().carry_on)
