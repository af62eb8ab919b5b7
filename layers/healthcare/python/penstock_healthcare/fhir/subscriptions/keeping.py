"""What becomes of a Subscription when it is written: it is checked and activated, its headers' values are taken out."""

from collections.abc import Sequence
from dataclasses import dataclass

from penstock.events import Origin
from penstock.http.guard import Guard
from penstock.identity.model import Forbidden, Scope
from penstock.json import JSONObject
from penstock_healthcare.fhir.accepting import rejected
from penstock_healthcare.fhir.search.finding import Finder, Listed
from penstock_healthcare.fhir.subscriptions.channel import ACTIVE, REQUESTED, TYPE, faults, headers_of, masked
from penstock_healthcare.fhir.subscriptions.headers import ChannelHeaders
from penstock_healthcare.fhir.validation import Finding

MOST_SUBSCRIPTIONS = 100


@dataclass(frozen=True)
class Keeping:
    """Prepares Subscriptions for one tenant. `may_send`: who writes may have data sent outside."""

    headers: ChannelHeaders
    finder: Finder
    guard: Guard
    origin: Origin
    may_send: bool

    def prepared(self, resource: JSONObject, name: str) -> JSONObject:
        """The resource as it is kept: a Subscription active if it asks for that and can be, any other as it is.

        Raises Forbidden, Rejected.
        """
        if resource["resourceType"] != TYPE:
            return resource
        if not self.may_send:
            raise Forbidden(Scope.ADMIN)
        status = resource["status"]
        if status in (REQUESTED, ACTIVE) and (found := self._faults(resource, name)):
            raise rejected(found)
        without_error = {key: value for key, value in resource.items() if key != "error"}
        return masked({**without_error, "status": ACTIVE} if status == REQUESTED else resource)

    def keep(self, resource: JSONObject, name: str) -> None:
        """Keep the values of its headers, before the resource itself."""
        if resource["resourceType"] == TYPE:
            self.headers.keep(self.finder.tenant, name, headers_of(resource), self.origin)

    def _faults(self, resource: JSONObject, name: str) -> Sequence[Finding]:
        found = list(faults(resource, self.guard))
        for header in self.headers.missing(self.finder.tenant, name, headers_of(resource)):
            text = f"The value of {header} is not known: send it, not what stands for it."
            found.append(Finding("error", "required", "subscription", "Subscription.channel.header", text))
        others = (each for each in self.finder.listed(Listed("type", f"{TYPE}|")) if each["id"] != name)
        if sum(1 for _ in others) >= MOST_SUBSCRIPTIONS:
            text = f"There may be {MOST_SUBSCRIPTIONS} Subscriptions: delete one."
            found.append(Finding("error", "too-costly", "subscription", TYPE, text))
        return found
