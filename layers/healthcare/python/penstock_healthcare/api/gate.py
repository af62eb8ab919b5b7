"""A request's gate: who asks, and for which purpose (`X-Purpose-Of-Use`)."""

from penstock.api.application import Api
from penstock.api.problems import InvalidRequest
from penstock.aws import wiring
from penstock_healthcare.access.asking import PURPOSES, Use
from penstock_healthcare.access.gate import Gate
from penstock_healthcare.access.trail import trail_of

PURPOSE = "X-Purpose-Of-Use"


def gate(api: Api) -> Gate:
    """The gate of the request. Raises Unauthenticated, InvalidRequest."""
    return Gate(api.principal(), _use(api), trail_of(wiring.events()), api.origin())


def _use(api: Api) -> Use:
    purpose = api.headers().get(PURPOSE.lower(), "").strip()
    if purpose and purpose not in PURPOSES:
        raise InvalidRequest(PURPOSE, f"must be one of {', '.join(PURPOSES)}")
    return Use(purpose)
