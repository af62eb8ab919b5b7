"""Performs the tasks of rebuilds, for the projections whose code is in its layers."""

from typing import Any

from penstock.aws import wiring
from penstock.aws.rebuild_tasks import perform_all


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Tasks from the queue in, those that failed out."""
    return perform_all(event, context, wiring.rebuild_worker())
