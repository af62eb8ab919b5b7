"""Brings the archive's locks in line with the rules and holds, and deletes what is over, once a day."""

from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from penstock.aws import wiring
from penstock.aws.consuming import each, logged
from penstock.json import loads


def take(record: SQSRecord) -> None:
    """One step, by one message."""
    with logged("the archive's retention could not be kept"):
        wiring.retention_keeper().take(loads(record.body))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Messages from the queue in, those that failed out."""
    return each(event, context, take)
