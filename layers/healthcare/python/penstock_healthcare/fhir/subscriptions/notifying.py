"""From an event to the deliveries that it calls for, and from a delivery to the request.

Without a payload the endpoint gets a POST with no body: it learns that something met the criteria. With one, the
endpoint is a FHIR base, and the resource is put there, as it was saved then (FHIR R4, section 2.46.7.1).
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from penstock.clock import Clock, iso, utc_now
from penstock.events import Event, Origin, StreamId
from penstock.events.views import ViewStore
from penstock.json import JSONObject
from penstock.routing.attempting import Attempting, Recipient
from penstock.routing.delivery import Delivery, Outcome
from penstock.routing.posting import HttpPost
from penstock.workflows.triggers import event_item
from penstock_healthcare.fhir.errors import DeletedResource, InvalidSearch, UnknownResource, VersionConflict
from penstock_healthcare.fhir.listening import SAVED
from penstock_healthcare.fhir.resources import Resources, SaveResource
from penstock_healthcare.fhir.search.criteria import criteria, is_met, kind_of, saved_row
from penstock_healthcare.fhir.search.dates import covered
from penstock_healthcare.fhir.search.finding import Finder, Listed
from penstock_healthcare.fhir.subscriptions.channel import ACTIVE, ERROR, TYPE
from penstock_healthcare.fhir.subscriptions.headers import ChannelHeaders
from penstock_healthcare.fhir.text import read, write

ACTOR = "platform:subscriptions"
"""Who ends a Subscription whose endpoint is gone."""
CONSUMER = "fhir_notifications"
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Notifying:
    """Finds the Subscriptions that a change is for; one serves one batch, and looks each tenant's up once."""

    views: ViewStore
    resources: Resources
    _known: dict[str, Sequence[JSONObject]] = field(default_factory=dict)

    def deliveries(self, event: Event) -> Sequence[Delivery]:
        """A delivery for each active Subscription whose criteria the saved resource meets."""
        if event.type != SAVED:
            return []
        item, kind = event_item(event), event.data["type"]
        asking = [each for each in self._active(event.stream.tenant) if kind_of(each["criteria"]) == kind]
        if not asking:
            return []
        row = saved_row(item)
        wanting = [each for each in asking if _wants(each, row)]
        return [Delivery(f"{TYPE}-{each['id']}", event.stream, event.version) for each in wanting]

    def _active(self, tenant: str) -> Sequence[JSONObject]:
        if tenant not in self._known:
            listed = Finder(self.views, tenant).listed(Listed("type", f"{TYPE}|"))
            found = [self._subscription(tenant, each) for each in listed]
            self._known[tenant] = [each for each in found if each.get("status") == ACTIVE]
        return self._known[tenant]

    def _subscription(self, tenant: str, document: JSONObject) -> JSONObject:
        if document["text"] is not None:
            return read(document["text"])
        return self.resources.get(tenant, TYPE, document["id"], document["versionId"]).resource


def _wants(subscription: JSONObject, row: JSONObject) -> bool:
    try:
        return is_met(criteria(subscription["criteria"]), row)
    except InvalidSearch:
        _LOG.warning("the criteria of Subscription/%s are no search that is served", subscription["id"])
        return False


@dataclass(frozen=True)
class Notifications:
    """Attempts deliveries to Subscriptions. Raises StoreUnavailable, BrokenSeal."""

    resources: Resources
    headers: ChannelHeaders
    attempting: Attempting
    post: HttpPost
    clock: Clock = utc_now

    def deliver(self, delivery: Delivery) -> None:
        """Attempt a delivery; one to a Subscription that is gone, off, in error or over ends here."""
        tenant, name = delivery.stream.tenant, delivery.webhook.partition("-")[2]
        try:
            found = self.resources.get(tenant, TYPE, name)
        except (UnknownResource, DeletedResource):
            _LOG.info("a delivery to %s ends: it was deleted", delivery.webhook)
            return
        subscription = found.resource
        if subscription["status"] != ACTIVE or _is_over(subscription, self.clock()):
            _LOG.info("a delivery to %s ends: it is not active", delivery.webhook)
            return
        attempt = partial(self._attempt, subscription)
        recipient = Recipient(StreamId(tenant, "fhir", delivery.webhook), found.version, attempt, self._give_up)
        self.attempting.deliver(recipient, delivery)

    def _attempt(self, subscription: JSONObject, delivery: Delivery) -> Outcome:
        channel, tenant = subscription["channel"], delivery.stream.tenant
        headers = {"webhook-id": delivery.event, **self.headers.of(tenant, subscription["id"])}
        if "payload" not in channel:
            return self.post(channel["endpoint"], headers, b"")
        kind, _, name = delivery.stream.key.partition("-")
        saved = self.resources.get(tenant, kind, name, delivery.version)
        url = f"{channel['endpoint'].rstrip('/')}/{saved.reference}"
        return self.post(url, {"content-type": channel["payload"], **headers}, saved.document.encode(), "PUT")

    def _give_up(self, delivery: Delivery, reason: str) -> None:
        """Put the Subscription into error, unless somebody changed it first."""
        tenant, name = delivery.stream.tenant, delivery.webhook.partition("-")[2]
        found = self.resources.find(tenant, TYPE, name)
        if not found.text:
            return
        changed = {**read(found.text), "status": ERROR, "error": f"{iso(self.clock())}: {reason}"}
        command = SaveResource(TYPE, name, write(changed))
        try:
            self.resources.do(tenant, command, Origin(ACTOR, delivery.webhook, delivery.event), version=found.version)
        except VersionConflict:
            _LOG.warning("%s was to be ended, and somebody changed it first", delivery.webhook)


def _is_over(subscription: JSONObject, now: datetime) -> bool:
    end = covered(str(subscription.get("end", "")))
    return end is not None and end[1] <= now.timestamp() * 1000
