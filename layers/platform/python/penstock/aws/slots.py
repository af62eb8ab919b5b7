"""Concurrency limits in the views table: one item a workflow holds the executions that run."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from penstock.aws.errors import ConditionFailed, translated
from penstock.events import StreamId

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True)
class DynamoSlots:
    """Slots kept as a string set that only grows while it is below the limit."""

    client: "DynamoDBClient"
    table: str

    def acquire(self, workflow: StreamId, execution: StreamId, limit: int) -> bool:
        """See Slots.acquire. Raises AwsError."""
        try:
            with translated():
                self.client.update_item(
                    TableName=self.table,
                    Key=_key(workflow),
                    UpdateExpression="ADD held :one",
                    ConditionExpression="attribute_not_exists(held) OR size(held) < :limit OR contains(held, :id)",
                    ExpressionAttributeValues={
                        ":one": {"SS": [execution.key]},
                        ":id": {"S": execution.key},
                        ":limit": {"N": str(limit)},
                    },
                )
        except ConditionFailed:
            return False
        return True

    def release(self, workflow: StreamId, execution: StreamId) -> None:
        """See Slots.release. Raises AwsError."""
        with translated():
            self.client.update_item(
                TableName=self.table,
                Key=_key(workflow),
                UpdateExpression="DELETE held :one",
                ExpressionAttributeValues={":one": {"SS": [execution.key]}},
            )


def _key(workflow: StreamId) -> dict[str, dict[str, str]]:
    return {"pk": {"S": f"{workflow.tenant}#slots"}, "sk": {"S": workflow.key}}
