"""Search indexes in S3: an object each, replaced by conditional writes."""

from typing import TYPE_CHECKING, Any

from penstock.aws.errors import NotFound, Refused, translated

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_RIVAL = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})
_ABSENT = frozenset({"404", "NoSuchKey", "NotFound"})


class S3IndexStore:
    """An IndexStore in one S3 bucket. Also raises AwsError.

    Its function needs `s3:ListBucket`: without that right S3 answers 403 where an object is not there.
    """

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client, self._bucket = client, bucket

    def load(self, name: str) -> tuple[bytes, str] | None:
        """See IndexStore.load."""
        try:
            with translated():
                found = self._client.get_object(Bucket=self._bucket, Key=name)
                return found["Body"].read(), found["ETag"]
        except NotFound as missing:
            if missing.code in _ABSENT:
                return None
            raise

    def etag(self, name: str) -> str | None:
        """See IndexStore.etag. A HEAD, whose 404 has no body to name a code."""
        try:
            with translated():
                return self._client.head_object(Bucket=self._bucket, Key=name)["ETag"]
        except (NotFound, Refused) as missing:
            if missing.code in _ABSENT:
                return None
            raise

    def save(self, name: str, blob: bytes, replaces: str | None) -> str | None:
        """See IndexStore.save. One conditional write."""
        condition: Any = {"IfNoneMatch": "*"} if replaces is None else {"IfMatch": replaces}
        try:
            with translated():
                return self._client.put_object(Bucket=self._bucket, Key=name, Body=blob, **condition)["ETag"]
        except (NotFound, Refused) as refusal:
            if refusal.code in _RIVAL | _ABSENT:
                return None
            raise

    def remove(self, name: str) -> None:
        """See IndexStore.remove."""
        with translated():
            self._client.delete_object(Bucket=self._bucket, Key=name)
