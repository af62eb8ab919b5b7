"""Reads the event store's stream, nudges every consumer whose kinds of streams have moved, and writes the feeds."""

from typing import Any

from penstock.aws import wiring


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """A DynamoDB stream event in, the records to try again out."""
    return wiring.sequencer().relay(event["Records"])
