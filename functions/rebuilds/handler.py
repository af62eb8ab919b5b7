"""Hands out the work of rebuilds: what their events ask for, to the functions that have the projections' code."""

from typing import Any

from penstock.aws import wiring
from penstock.aws.consuming import consume


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Nudges from the queue in, those that failed out."""
    return consume(event, context, wiring.hand_out_rebuild)
