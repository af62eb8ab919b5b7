"""The event store on DynamoDB: one stream is one partition, one commit is one immutable item.

pk          S   tenant#kind#key
commit      N   1, 2, 3 … the sort key
commit_id   S   who wrote it: makes a repeated append harmless
first, last N   versions of the commit's events
t0, t1      N   their times, milliseconds since 1970 UTC
types       L   their types, each once
previous    B   the digest of the commit before (`events.chain`)
blob        B   the packed events, or
payload     S   the S3 key of the packed events
sealed      B   their personal part (`events.sealing`), if there is one, or
sealed_payload  S  the S3 key of that
key         S   the data key that it is sealed with

What is larger of the two goes to S3 when together they are over 350 KB, and the other too when it still is.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from penstock.aws.errors import ConditionFailed, translated
from penstock.aws.payloads import Payloads
from penstock.aws.tables import Item, pages
from penstock.events.chain import digest
from penstock.events.codec import GENESIS, Codec, PackedCommit
from penstock.events.errors import Conflict
from penstock.events.keyring import Keyring
from penstock.events.model import Commit, Draft, Origin, Position, StreamId, record
from penstock.events.store import START

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LARGEST_BLOB = 350 * 1024  # an item ends at 400 KB, its other attributes included
_REMEMBERED_STREAMS = 4096
_IN_S3 = {"blob": "payload", "sealed": "sealed_payload"}


class DynamoEventStore:
    """An EventStore in one DynamoDB table and one S3 bucket. Safe for threads. Also raises AwsError."""

    def __init__(
        self, client: "DynamoDBClient", table: str, payloads: Payloads, keyring: Keyring | None = None
    ) -> None:
        self._client, self._table, self._payloads = client, table, payloads
        self._codec = Codec(keyring=keyring)
        self._ends = _Ends()

    def append(
        self, stream: StreamId, drafts: Sequence[Draft], *, expected: Position, commit_id: str, origin: Origin
    ) -> Commit:
        """See EventStore.append. One conditional put; a payload in S3 before it, when the commit is large.

        A put only sees its own item, so it cannot tell that the commit before it is there. Commits are never
        removed, so a position that was true once stays true: one that this process has not met costs a read.
        """
        commit = Commit(stream, expected.commit + 1, commit_id, record(stream, expected, drafts, origin))
        end = self._ends.at(stream, expected) or self._read_end(stream, expected.commit)
        if end.position != expected:
            raise Conflict(str(stream), expected.commit)
        packed = self._codec.pack(commit, end.digest)
        try:
            self._put(packed)
        except ConditionFailed as refusal:
            return self._same_or_conflict(stream, commit_id, refusal)
        self._ends.learn(packed)
        return commit

    def commits(self, stream: StreamId, after: int = 0) -> Iterator[Commit]:
        """See EventStore.commits. Consistent reads, a page (up to 1 MB) at a time."""
        return map(self._codec.unpack, self._read(stream, after))

    def packed(self, stream: StreamId, after: int = 0) -> Iterator[PackedCommit]:
        """See EventStore.packed."""
        return self._read(stream, after)

    def _read(self, stream: StreamId, after: int) -> Iterator[PackedCommit]:
        for page in self._pages(stream, after):
            for item in page:
                packed = self._packed(stream, item)
                self._ends.learn(packed)
                yield packed

    def streams(self) -> Iterator[StreamId]:
        """Every stream, in no order, by a scan of the whole table: for rebuilding read models."""
        request: Item = {
            "TableName": self._table,
            "FilterExpression": "#commit = :first",
            "ProjectionExpression": "pk",
            "ExpressionAttributeNames": {"#commit": "commit"},
            "ExpressionAttributeValues": {":first": {"N": "1"}},
        }
        for page in pages(self._client.scan, request):
            yield from (StreamId.parse(item["pk"]["S"]) for item in page)

    def _put(self, packed: PackedCommit) -> None:
        item = {**_item(packed), **self._parts(packed)}
        with translated():
            self._client.put_item(
                TableName=self._table,
                Item=item,
                ConditionExpression="attribute_not_exists(pk)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )

    def _parts(self, packed: PackedCommit) -> dict[str, Any]:
        """The blob and the sealed part, in the item as far as they fit."""
        parts = {"blob": packed.blob, **({"sealed": packed.sealed} if packed.sealed else {})}
        kept: dict[str, Any] = {}
        room = LARGEST_BLOB
        for name, part in sorted(parts.items(), key=lambda each: len(each[1])):
            if len(part) <= room:
                kept[name], room = {"B": part}, room - len(part)
            else:
                key = self._payloads.put(f"commits/{packed.stream}/{packed.number}", part)
                kept[_IN_S3[name]] = {"S": key}
        return kept

    def _part(self, item: Mapping[str, Any], name: str) -> bytes:
        if name in item:
            found: bytes = item[name]["B"]
            return found
        return self._payloads.get(item[_IN_S3[name]]["S"]) if _IN_S3[name] in item else b""

    def _same_or_conflict(self, stream: StreamId, commit_id: str, refusal: ConditionFailed) -> Commit:
        number = int(refusal.item["commit"]["N"])
        if refusal.item["commit_id"]["S"] != commit_id:
            raise Conflict(str(stream), number - 1) from refusal
        packed = self._packed(stream, refusal.item)
        self._ends.learn(packed)
        return self._codec.unpack(packed)

    def _read_end(self, stream: StreamId, number: int) -> "_End":
        with translated():
            found = self._client.get_item(
                TableName=self._table,
                Key={"pk": {"S": str(stream)}, "commit": {"N": str(number)}},
                ConsistentRead=True,
            )
        return _end(self._packed(stream, found["Item"])) if "Item" in found else _NOTHING

    def _pages(self, stream: StreamId, after: int) -> Iterator[Sequence[Item]]:
        request: Item = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :stream AND #commit > :after",
            "ExpressionAttributeNames": {"#commit": "commit"},
            "ExpressionAttributeValues": {":stream": {"S": str(stream)}, ":after": {"N": str(after)}},
            "ConsistentRead": True,
        }
        return pages(self._client.query, request)

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
            previous=item["previous"]["B"] if "previous" in item else GENESIS,
            blob=self._part(item, "blob"),
            sealed=self._part(item, "sealed"),
            key=item["key"]["S"] if "key" in item else "",
        )


def _item(packed: PackedCommit) -> dict[str, Any]:
    """Everything but the blob and the sealed part."""
    return {
        "pk": {"S": str(packed.stream)},
        "commit": {"N": str(packed.number)},
        "commit_id": {"S": packed.commit_id},
        "first": {"N": str(packed.first_version)},
        "last": {"N": str(packed.last_version)},
        "t0": {"N": str(packed.first_millis)},
        "t1": {"N": str(packed.last_millis)},
        "types": {"L": [{"S": each} for each in packed.types]},
        **({"previous": {"B": packed.previous}} if packed.previous else {}),
        **({"key": {"S": packed.key}} if packed.key else {}),
    }


@dataclass(frozen=True, slots=True)
class _End:
    """A position, and the digest of the commit that ends there."""

    position: Position
    digest: bytes


_NOTHING = _End(START, GENESIS)


def _end(packed: PackedCommit) -> _End:
    return _End(Position(packed.number, packed.last_version), digest(packed))


class _Ends:
    """The newest end that this process has met of each stream, for the streams it met last."""

    def __init__(self) -> None:
        self._ends: OrderedDict[StreamId, _End] = OrderedDict()
        self._lock = threading.Lock()

    def at(self, stream: StreamId, expected: Position) -> _End | None:
        """The end at `expected`, if it needs no read; a later one, when a commit is known to stand in its place."""
        if expected == START:
            return _NOTHING
        with self._lock:
            known = self._ends.get(stream, _NOTHING)
        return known if known.position == expected else None

    def learn(self, packed: PackedCommit) -> None:
        end = _end(packed)
        with self._lock:
            known = self._ends.pop(packed.stream, _NOTHING)
            self._ends[packed.stream] = end if end.position.commit > known.position.commit else known
            if len(self._ends) > _REMEMBERED_STREAMS:
                self._ends.popitem(last=False)
