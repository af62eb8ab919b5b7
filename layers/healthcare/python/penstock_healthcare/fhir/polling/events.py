"""What polls tell: a resource's stream has the kind `ehr_resource` and one event, a poll's the kind `ehr_poll`."""

from dataclasses import dataclass

from penstock.events.types import EventTypes
from penstock.json import JSONObject

EVENTS = EventTypes("ehr_resource")
POLL_EVENTS = EventTypes("ehr_poll")


@EVENTS.type
@dataclass(frozen=True, slots=True)
class EhrResourceChanged:
    """A resource is new at an outside server, or has another version. Decimals of quantities are text."""

    poll: str
    connection: str
    resource_type: str
    resource_id: str
    version: str
    last_updated: str
    resource: JSONObject


@POLL_EVENTS.type
@dataclass(frozen=True, slots=True)
class EhrPolled:
    """All that changed before `until` (RFC 3339, UTC) was told."""

    until: str


EVENTS.personal("EhrResourceChanged", resource={}, resource_id="")
