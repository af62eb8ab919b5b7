"""A request's gate: who asks, and for which purpose (`X-Purpose-Of-Use`, `X-Break-Glass-Reason`)."""

from penstock.api.application import Api
from penstock.api.problems import InvalidRequest
from penstock.aws import wiring
from penstock.clock import utc_now
from penstock.identity.model import Scope
from penstock_healthcare.access.asking import GLASS, PURPOSES, Asked, Use
from penstock_healthcare.access.consents import Consents
from penstock_healthcare.access.gate import Gate
from penstock_healthcare.access.settings import AccessSettings
from penstock_healthcare.access.trail import trail_of
from penstock_healthcare.fhir.resources import Resources
from penstock_healthcare.fhir.search.finding import Finder

PURPOSE, REASON = "X-Purpose-Of-Use", "X-Break-Glass-Reason"
LONGEST_REASON = 500


def gate(api: Api) -> Gate:
    """The gate of the request. Raises Unauthenticated, InvalidRequest."""
    store, who, use = wiring.events(), api.principal(), _use(api)

    def consents() -> Consents:
        mode = AccessSettings(store).get(who.tenant).consent
        return Consents(Resources(store), Finder(wiring.views(), who.tenant), mode, who, use, utc_now())

    return Gate(who, use, store, trail_of(store), api.origin(), consents)


def require(api: Api, interaction: str, kind: str, scope: Scope, name: str = "") -> None:
    """For what is no read. Raises Forbidden, AccessRefused."""
    gate(api).require(Asked(interaction, kind, name), scope)


def _use(api: Api) -> Use:
    headers = api.headers()
    purpose, reason = (headers.get(name.lower(), "").strip() for name in (PURPOSE, REASON))
    if purpose and purpose not in PURPOSES:
        raise InvalidRequest(PURPOSE, f"must be one of {', '.join(PURPOSES)}")
    if reason and purpose not in GLASS:
        raise InvalidRequest(REASON, f"is for the purposes {' and '.join(sorted(GLASS))} only")
    if purpose == "BTG" and not reason:
        raise InvalidRequest(REASON, "must say why, for the purpose BTG")
    if len(reason) > LONGEST_REASON:
        raise InvalidRequest(REASON, f"must have at most {LONGEST_REASON} characters")
    return Use(purpose, reason)
