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

    def erase(self, prefix: str) -> None:
        """Take away every object whose key begins with the prefix, and every version that is kept of it.

        Raises Unavailable, Refused.
        """
        with translated():
            pages = self._client.get_paginator("list_object_versions").paginate(Bucket=self._bucket, Prefix=prefix)
            for page in pages:
                for found in [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]:
                    self._client.delete_object(Bucket=self._bucket, Key=found["Key"], VersionId=found["VersionId"])

    def get(self, key: str) -> bytes:
        """Raises NotFound, Unavailable, Refused."""
        with translated():
            return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
