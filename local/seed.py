"""The first tenant of a fresh local stack. A real stage is seeded by its owner; no deploy does it."""

from local.deploy import client
from local.running import Running
from penstock.aws.bootstrap import bootstrap_tenant

TENANT = "demo"


def seed(running: Running) -> str:
    """Creates the tenant `demo` and returns its API key, of which the stack keeps only the hash."""
    return bootstrap_tenant(
        TENANT,
        dynamodb=client("dynamodb", running.endpoint),
        s3=client("s3", running.endpoint),
        events_table=running.outputs["EventsTable"],
        payloads_bucket=running.outputs["PayloadsBucket"],
    )
