"""The archive in S3, and the event store as the archive copies it."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from penstock.aws.errors import ConditionFailed, Refused, translated
from penstock.aws.event_store import DynamoEventStore
from penstock.events.codec import PackedCommit
from penstock.events.errors import Conflict
from penstock.events.model import StreamId
from penstock.retention.model import Lock

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MODE = "GOVERNANCE"
"""An operator with a right of its own can still shorten what was set by mistake, or by a court."""


class S3Archive:
    """An Archive in one S3 bucket. Also raises AwsError."""

    def __init__(self, client: "S3Client", bucket: str, locks: Callable[[str], Lock] = lambda _: Lock()) -> None:
        self._client, self._bucket, self._locks = client, bucket, locks

    def put(self, key: str, blob: bytes) -> bool:
        """See Archive.put. One conditional write, of the object with its lock: the bucket's own where it has none."""
        lock = locking(self._locks(key))
        try:
            with translated():
                self._client.put_object(Bucket=self._bucket, Key=key, Body=blob, IfNoneMatch="*", **lock)
        except Refused as refusal:
            if refusal.code == "PreconditionFailed":
                return False
            raise
        return True

    def get(self, key: str) -> bytes:
        """See Archive.get. Raises NotFound; Refused for an object that has to be brought back from Deep Archive."""
        with translated():
            return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()

    def names(self, prefix: str = "") -> Iterator[str]:
        """See Archive.names. A thousand a request."""
        with translated():
            for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix):
                yield from (found["Key"] for found in page.get("Contents", ()))


def locking(lock: Lock) -> dict[str, Any]:
    """The lock as parameters of a put."""
    until = {"ObjectLockMode": MODE, "ObjectLockRetainUntilDate": lock.until} if lock.until else {}
    return {**until, **({"ObjectLockLegalHoldStatus": "ON"} if lock.is_held else {})}


class CopyableEventStore(DynamoEventStore):
    """The event store with what copying it needs: commits out and in as they are stored."""

    def since(self, stream: StreamId, after: int) -> Iterator[PackedCommit]:
        """See CopyableStore.since."""
        return self._read(stream, after)

    def adopt(self, packed: PackedCommit) -> None:
        """See CopyableStore.adopt. One conditional put, and the payload before it when the commit is large."""
        try:
            self._put(packed)
        except ConditionFailed as refusal:
            raise Conflict(str(packed.stream), packed.number - 1) from refusal
