"""The first API key of a tenant, made by whoever owns the tables: no API can be asked for it without one."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from penstock.aws.event_store import DynamoEventStore
from penstock.aws.payloads import Payloads
from penstock.events import Origin
from penstock.identity.keys import Keys
from penstock.identity.model import Scope

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client


def bootstrap_tenant(
    tenant: str,
    *,
    dynamodb: "DynamoDBClient",
    s3: "S3Client",
    events_table: str,
    payloads_bucket: str,
    name: str = "bootstrap",
    scopes: Iterable[Scope] = (Scope.ADMIN,),
    roles: Iterable[str] = (),
) -> str:
    """The text of a new key of the tenant; the store keeps only its hash, so this is the only time that it is seen.

    Raises InvalidStreamId for a name that cannot be a tenant's, AwsError.
    """
    store = DynamoEventStore(dynamodb, events_table, Payloads(s3, payloads_bucket))
    _, text = Keys(store).create(tenant, name, scopes, Origin("bootstrap", f"bootstrap {tenant}"), roles=roles)
    return text
