"""The archive's bucket as those see it who lock and delete its objects."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from penstock.aws.archive import MODE
from penstock.aws.errors import Refused, translated
from penstock.retention.model import Lock

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

THAWED_DAYS = 7
_TENANT = "tenant="
_FROZEN = "InvalidObjectState"


class S3Vault:
    """A Vault in one S3 bucket that has object lock and versions. Also raises AwsError."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client, self._bucket = client, bucket

    def tenants(self) -> Iterator[str]:
        """See Vault.tenants. A thousand a request."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=_TENANT, Delimiter="/"
        )
        with translated():
            for page in pages:
                homes = [found["Prefix"] for found in page.get("CommonPrefixes", ())]
                yield from (unquote(home.removeprefix(_TENANT).rstrip("/")) for home in homes)

    def names(self, prefix: str = "", after: str = "") -> Iterator[str]:
        """See Vault.names. A thousand a request."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix, StartAfter=after
        )
        with translated():
            for page in pages:
                yield from (found["Key"] for found in page.get("Contents", ()))

    def thawed(self, key: str) -> bytes | None:
        """See Vault.thawed. What is asked for is there within two days, and stays for a week."""
        try:
            with translated():
                return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except Refused as refusal:
            if refusal.code != _FROZEN:
                raise
        self._thaw(key)
        return None

    def locked(self, key: str) -> Lock:
        """See Vault.locked. Raises NotFound."""
        with translated():
            found = self._client.head_object(Bucket=self._bucket, Key=key)
        return Lock(found.get("ObjectLockRetainUntilDate"), found.get("ObjectLockLegalHoldStatus") == "ON")

    def retain(self, key: str, until: datetime) -> None:
        """See Vault.retain. S3 refuses to shorten; here that is left as it is."""
        found = self.locked(key).until
        retention: Any = {"Mode": MODE, "RetainUntilDate": until}
        if found is None or found < until:
            with translated():
                self._client.put_object_retention(Bucket=self._bucket, Key=key, Retention=retention)

    def hold(self, key: str, is_held: bool) -> None:
        """See Vault.hold."""
        with translated():
            self._client.put_object_legal_hold(
                Bucket=self._bucket, Key=key, LegalHold={"Status": "ON" if is_held else "OFF"}
            )

    def delete(self, key: str) -> bool:
        """See Vault.delete. The versions go one by one, the newest last: until then the object can be seen."""
        try:
            with translated():
                for version in reversed(self._versions(key)):
                    self._client.delete_object(Bucket=self._bucket, Key=key, VersionId=version)
        except Refused as refusal:
            if refusal.code == "AccessDenied":
                return False
            raise
        return True

    def _versions(self, key: str) -> Sequence[str]:
        """The ids of the object's versions and delete markers, newest first."""
        pages = self._client.get_paginator("list_object_versions").paginate(Bucket=self._bucket, Prefix=key)
        found: list[Any] = [
            each for page in pages for each in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
        ]
        return [
            each["VersionId"]
            for each in sorted(found, key=lambda each: each["LastModified"], reverse=True)
            if each["Key"] == key
        ]

    def _thaw(self, key: str) -> None:
        request: Any = {"Days": THAWED_DAYS, "GlacierJobParameters": {"Tier": "Bulk"}}
        try:
            with translated():
                self._client.restore_object(Bucket=self._bucket, Key=key, RestoreRequest=request)
        except Refused as refusal:
            if refusal.code != "RestoreAlreadyInProgress":
                raise
