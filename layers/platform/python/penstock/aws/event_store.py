"""The event store on DynamoDB: one stream is one partition, one commit is one immutable item.

pk          S   tenant#kind#key
commit      N   1, 2, 3 … the sort key
commit_id   S   who wrote it: makes a repeated append harmless
first, last N   versions of the commit's events
t0, t1      N   their times, milliseconds since 1970 UTC
types       L   their types, each once
blob        B   the packed events, or
payload     S   the S3 key of the packed events, when they are over 350 KB
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from penstock.aws.errors import ConditionFailed, translated
from penstock.aws.payloads import Payloads
from penstock.events.codec import Codec, PackedCommit
from penstock.events.errors import Conflict
from penstock.events.model import Commit, Draft, Origin, Position, StreamId, record
from penstock.events.store import START

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LARGEST_BLOB = 350 * 1024  # an item ends at 400 KB, its other attributes included
_REMEMBERED_STREAMS = 4096


class DynamoEventStore:
    """An EventStore in one DynamoDB table and one S3 bucket. Safe for threads. Also raises AwsError."""

    def __init__(self, client: "DynamoDBClient", table: str, payloads: Payloads, codec: Codec | None = None) -> None:
        self._client, self._table, self._payloads = client, table, payloads
        self._codec = codec or Codec()
        self._ends = _Ends()

    def append(
        self, stream: StreamId, drafts: Sequence[Draft], *, expected: Position, commit_id: str, origin: Origin
    ) -> Commit:
        """See EventStore.append. One conditional put; a payload in S3 before it, when the commit is large.

        A put only sees its own item, so it cannot tell that the commit before it is there. Commits are never
        removed, so a position that was true once stays true: one that this process has not met costs a read.
        """
        commit = Commit(stream, expected.commit + 1, commit_id, record(stream, expected, drafts, origin))
        packed = self._codec.pack(commit)
        if not self._ends.knows(stream, expected) and self._read_end(stream, expected.commit) != expected:
            raise Conflict(str(stream), expected.commit)
        try:
            self._put(packed)
        except ConditionFailed as refusal:
            return self._same_or_conflict(stream, commit_id, refusal)
        self._ends.learn(stream, commit.position)
        return commit

    def commits(self, stream: StreamId, after: int = 0) -> Iterator[Commit]:
        """See EventStore.commits. Consistent reads, a page (up to 1 MB) at a time."""
        for page in self._pages(stream, after):
            for item in page:
                commit = self._codec.unpack(self._packed(stream, item))
                self._ends.learn(stream, commit.position)
                yield commit

    def streams(self) -> Iterator[StreamId]:
        """Every stream, in no order, by a scan of the whole table: for rebuilding read models."""
        request: dict[str, Any] = {
            "TableName": self._table,
            "FilterExpression": "#commit = :first",
            "ProjectionExpression": "pk",
            "ExpressionAttributeNames": {"#commit": "commit"},
            "ExpressionAttributeValues": {":first": {"N": "1"}},
        }
        while True:
            with translated():
                page = self._client.scan(**request)
            yield from (StreamId.parse(item["pk"]["S"]) for item in page["Items"])
            if "LastEvaluatedKey" not in page:
                return
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def _put(self, packed: PackedCommit) -> None:
        item = _item(packed)
        if len(packed.blob) > LARGEST_BLOB:
            key = self._payloads.put(f"commits/{packed.stream}/{packed.number}", packed.blob)
            item["payload"] = {"S": key}
        else:
            item["blob"] = {"B": packed.blob}
        with translated():
            self._client.put_item(
                TableName=self._table,
                Item=item,
                ConditionExpression="attribute_not_exists(pk)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )

    def _same_or_conflict(self, stream: StreamId, commit_id: str, refusal: ConditionFailed) -> Commit:
        number = int(refusal.item["commit"]["N"])
        if refusal.item["commit_id"]["S"] != commit_id:
            raise Conflict(str(stream), number - 1) from refusal
        commit = self._codec.unpack(self._packed(stream, refusal.item))
        self._ends.learn(stream, commit.position)
        return commit

    def _read_end(self, stream: StreamId, number: int) -> Position:
        with translated():
            found = self._client.get_item(
                TableName=self._table,
                Key={"pk": {"S": str(stream)}, "commit": {"N": str(number)}},
                ProjectionExpression="#last",
                ExpressionAttributeNames={"#last": "last"},
                ConsistentRead=True,
            )
        return Position(number, int(found["Item"]["last"]["N"])) if "Item" in found else START

    def _pages(self, stream: StreamId, after: int) -> Iterator[Sequence[Mapping[str, Any]]]:
        request: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :stream AND #commit > :after",
            "ExpressionAttributeNames": {"#commit": "commit"},
            "ExpressionAttributeValues": {":stream": {"S": str(stream)}, ":after": {"N": str(after)}},
            "ConsistentRead": True,
        }
        while True:
            with translated():
                page = self._client.query(**request)
            yield page["Items"]
            if "LastEvaluatedKey" not in page:
                return
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def _packed(self, stream: StreamId, item: Mapping[str, Any]) -> PackedCommit:
        return PackedCommit(
            stream=stream,
            number=int(item["commit"]["N"]),
            commit_id=item["commit_id"]["S"],
            first_version=int(item["first"]["N"]),
            last_version=int(item["last"]["N"]),
            types=tuple(each["S"] for each in item["types"]["L"]),
            first_millis=int(item["t0"]["N"]),
            last_millis=int(item["t1"]["N"]),
            blob=item["blob"]["B"] if "blob" in item else self._payloads.get(item["payload"]["S"]),
        )


def _item(packed: PackedCommit) -> dict[str, Any]:
    """Everything but the blob."""
    return {
        "pk": {"S": str(packed.stream)},
        "commit": {"N": str(packed.number)},
        "commit_id": {"S": packed.commit_id},
        "first": {"N": str(packed.first_version)},
        "last": {"N": str(packed.last_version)},
        "t0": {"N": str(packed.first_millis)},
        "t1": {"N": str(packed.last_millis)},
        "types": {"L": [{"S": each} for each in packed.types]},
    }


class _Ends:
    """The newest position that this process has met of each stream, for the streams it met last."""

    def __init__(self) -> None:
        self._positions: OrderedDict[StreamId, Position] = OrderedDict()
        self._lock = threading.Lock()

    def knows(self, stream: StreamId, expected: Position) -> bool:
        """Whether `expected` needs no read: it was met, or the put is sure to find a later commit in its place."""
        if expected == START:
            return True
        with self._lock:
            known = self._positions.get(stream, START)
        return known == expected or known.commit > expected.commit

    def learn(self, stream: StreamId, position: Position) -> None:
        with self._lock:
            known = self._positions.pop(stream, START)
            self._positions[stream] = position if position.commit > known.commit else known
            if len(self._positions) > _REMEMBERED_STREAMS:
                self._positions.popitem(last=False)
