"""Leases in the views table: `pk = tenant#subscription#name#round`, `sk = <number>`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from penstock.aws.errors import ConditionFailed, translated
from penstock.aws.tables import Item, batch_get
from penstock.subscriptions.leases import Partition, PartitionId

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True)
class DynamoLeases:
    """Leases in DynamoDB. Also raises AwsError."""

    client: "DynamoDBClient"
    table: str

    def load(self, partitions: Sequence[PartitionId]) -> Sequence[Partition | None]:
        """See Leases.load. Consistent reads."""
        found = batch_get(self.client, self.table, [_key(each) for each in partitions])
        known = {(item["pk"]["S"], item["sk"]["S"]): _partition(item) for item in found}
        return [known.get((_key(each)["pk"]["S"], _key(each)["sk"]["S"])) for each in partitions]

    def save(self, partition: PartitionId, now: Partition, before: Partition | None) -> bool:
        """See Leases.save."""
        condition: Item = {"ConditionExpression": "attribute_not_exists(pk)"}
        if before:
            condition = {
                "ConditionExpression": "#position = :position AND #token = :token AND #until = :until",
                "ExpressionAttributeNames": {f"#{name}": name for name in ("position", "token", "until")},
                "ExpressionAttributeValues": {
                    ":position": {"N": str(before.position)},
                    ":token": {"S": before.token},
                    ":until": {"N": str(before.until)},
                },
            }
        try:
            with translated():
                self.client.put_item(TableName=self.table, Item=_item(partition, now), **condition)
        except ConditionFailed:
            return False
        return True


def _key(partition: PartitionId) -> Item:
    pk = f"{partition.tenant}#subscription#{partition.subscription}#{partition.round}"
    return {"pk": {"S": pk}, "sk": {"S": str(partition.number)}}


def _item(partition: PartitionId, now: Partition) -> Item:
    return {
        **_key(partition),
        "position": {"N": str(now.position)},
        "token": {"S": now.token},
        "consumer": {"S": now.consumer},
        "until": {"N": str(now.until)},
    }


def _partition(item: Item) -> Partition:
    return Partition(int(item["position"]["N"]), item["token"]["S"], item["consumer"]["S"], int(item["until"]["N"]))
