"""Runs the healthcare nodes of workflows, one request at a time, for the engine."""

from typing import Any

from penstock.aws import wiring
from penstock.aws.node_runner import serve


def handler(event: dict[str, Any], _: Any) -> dict[str, Any]:
    """A node request in, its outcome out."""
    return serve(event, wiring.local_runner(), wiring.payloads())
