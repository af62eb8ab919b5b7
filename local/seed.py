"""The first API key of a fresh local stack. A real stage gets its keys from its owner; no deploy makes one."""

from local.deploy import client
from local.running import Running
from penstock.aws.event_store import DynamoEventStore
from penstock.aws.payloads import Payloads
from penstock.events import Origin
from penstock.identity.keys import Keys
from penstock.identity.model import Scope

TENANT = "demo"
ACTOR = "local"


def seed(running: Running) -> str:
    """An administrator's key of the tenant `demo`; the stack keeps only its hash."""
    payloads = Payloads(client("s3", running.endpoint), running.outputs["PayloadsBucket"])
    store = DynamoEventStore(client("dynamodb", running.endpoint), running.outputs["EventsTable"], payloads)
    _, key = Keys(store).create(TENANT, "local stack", [Scope.ADMIN], Origin(ACTOR, correlation=ACTOR))
    return key
