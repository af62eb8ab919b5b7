"""Snapshots of aggregates, one row a stream in the views table: `pk = tenant#snapshot#kind#key`, `sk = snapshot`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import zstandard

from penstock.aws.errors import ConditionFailed, NotFound, translated
from penstock.aws.payloads import Payloads
from penstock.events.aggregate import Snapshot
from penstock.events.model import Position, StreamId
from penstock.json import dumps, loads

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LARGEST_BLOB = 350 * 1024
_LARGEST_STATE = 256 * 1024 * 1024
_IS_NEWER = "attribute_not_exists(pk) OR fold < :fold OR (fold = :fold AND version < :version)"


class DynamoSnapshotStore:
    """A SnapshotStore in DynamoDB; states over 350 KB compressed lie in S3, `snapshots/`. Also raises AwsError."""

    def __init__(self, client: "DynamoDBClient", table: str, payloads: Payloads) -> None:
        self._client, self._table, self._payloads = client, table, payloads

    def load(self, stream: StreamId) -> Snapshot | None:
        """See SnapshotStore.load. One whose payload has expired counts as none."""
        with translated():
            item = self._client.get_item(TableName=self._table, Key=_key(stream), ConsistentRead=True).get("Item")
        try:
            return self._snapshot(item) if item else None
        except NotFound:
            return None

    def save(self, stream: StreamId, snapshot: Snapshot) -> None:
        """See SnapshotStore.save. What a snapshot in S3 leaves behind is for the bucket's lifecycle to remove."""
        item = self._item(stream, snapshot)
        try:
            with translated():
                self._client.put_item(
                    TableName=self._table,
                    Item=item,
                    ConditionExpression=_IS_NEWER,
                    ExpressionAttributeValues={":fold": item["fold"], ":version": item["version"]},
                )
        except ConditionFailed:
            return  # a newer one is kept

    def delete(self, stream: StreamId) -> None:
        """See SnapshotStore.delete. What lies in S3 is for whoever erases payloads."""
        with translated():
            self._client.delete_item(TableName=self._table, Key=_key(stream))

    def _item(self, stream: StreamId, snapshot: Snapshot) -> dict[str, Any]:
        blob = zstandard.compress(dumps(snapshot.state))
        large = len(blob) > LARGEST_BLOB
        return {
            **_key(stream),
            "commit": {"N": str(snapshot.position.commit)},
            "version": {"N": str(snapshot.position.version)},
            "fold": {"N": str(snapshot.fold_version)},
            **({"payload": {"S": self._payloads.put(f"snapshots/{stream}", blob)}} if large else {"blob": {"B": blob}}),
        }

    def _snapshot(self, item: Mapping[str, Any]) -> Snapshot:
        blob = item["blob"]["B"] if "blob" in item else self._payloads.get(item["payload"]["S"])
        state = loads(zstandard.decompress(blob, max_output_size=_LARGEST_STATE))
        position = Position(int(item["commit"]["N"]), int(item["version"]["N"]))
        return Snapshot(position, int(item["fold"]["N"]), state)


def _key(stream: StreamId) -> dict[str, Any]:
    return {"pk": {"S": f"{stream.tenant}#snapshot#{stream.kind}#{stream.key}"}, "sk": {"S": "snapshot"}}
