"""Blobs that are too large for an item or a message: kept in S3 under names derived from their content."""

from hashlib import sha256
from typing import TYPE_CHECKING

from penstock.aws.errors import translated

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class Payloads:
    """One S3 bucket of immutable objects."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client, self._bucket = client, bucket

    def put(self, prefix: str, blob: bytes) -> str:
        """Store the blob; returns its key, `<prefix>-<SHA-256>`, so that repeating is harmless.

        Raises Unavailable, Refused.
        """
        key = f"{prefix}-{sha256(blob).hexdigest()}"
        with translated():
            self._client.put_object(Bucket=self._bucket, Key=key, Body=blob)
        return key

    def get(self, key: str) -> bytes:
        """Raises NotFound, Unavailable, Refused."""
        with translated():
            return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
