"""Checkpoints in the views table: `pk = tenant#checkpoint#consumer#kind#key`, `sk = checkpoint`."""

from typing import TYPE_CHECKING, Any

from penstock.aws.errors import ConditionFailed, translated
from penstock.events.model import StreamId

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoCheckpointStore:
    """A CheckpointStore in DynamoDB. Also raises AwsError."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client, self._table = client, table

    def load(self, consumer: str, stream: StreamId) -> int:
        """See CheckpointStore.load. A consistent read."""
        with translated():
            found = self._client.get_item(TableName=self._table, Key=_key(consumer, stream), ConsistentRead=True)
        return int(found["Item"]["commit"]["N"]) if "Item" in found else 0

    def advance(self, consumer: str, stream: StreamId, commit: int) -> None:
        """See CheckpointStore.advance."""
        number = {"N": str(commit)}
        try:
            with translated():
                self._client.put_item(
                    TableName=self._table,
                    Item={**_key(consumer, stream), "commit": number},
                    ConditionExpression="attribute_not_exists(pk) OR #commit < :commit",
                    ExpressionAttributeNames={"#commit": "commit"},
                    ExpressionAttributeValues={":commit": number},
                )
        except ConditionFailed:
            return  # a rival has come further

    def remove(self, consumer: str, stream: StreamId) -> None:
        """See CheckpointStore.remove."""
        with translated():
            self._client.delete_item(TableName=self._table, Key=_key(consumer, stream))


def _key(consumer: str, stream: StreamId) -> dict[str, Any]:
    return {"pk": {"S": f"{stream.tenant}#checkpoint#{consumer}#{stream.kind}#{stream.key}"}, "sk": {"S": "checkpoint"}}
