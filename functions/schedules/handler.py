"""Keeps EventBridge schedules those of the published schedule triggers."""

from typing import Any

from penstock.aws import wiring
from penstock.aws.consuming import consume
from penstock.clock import utc_now
from penstock.events import StreamId
from penstock.events.aggregate import Repository
from penstock.workflows.lifecycle import AGGREGATE
from penstock.workflows.schedules import reconcile


def catch_up(stream: StreamId) -> None:
    """Make the schedules of one workflow those of its published version."""
    repository = Repository(AGGREGATE, wiring.events(), wiring.snapshots())
    reconcile(lambda: repository.load(stream).state, wiring.scheduler(), utc_now)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Nudges from the queue in, those that failed out."""
    return consume(event, context, catch_up)
