"""Outbound HL7 messages: list, read, send again, and what their receivers answered."""

import base64
from collections.abc import Callable
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.content_types import APPLICATION_JSON as JSON
from aws_lambda_powertools.event_handler.openapi.params import Body, Query

from penstock.api.application import Api
from penstock.api.problems import NotFound
from penstock.api.resources.paging import Cursor, Limit, Page, filtered, page
from penstock.api.wiring import authenticate, once
from penstock.aws import wiring
from penstock.clock import utc_now
from penstock.identity.model import Scope
from penstock_healthcare.access import asking, showing
from penstock_healthcare.api.gate import gate, require
from penstock_healthcare.api.outbound import Again, OutboundId, OutboundSummary, OutboundView, Outcome
from penstock_healthcare.outbound.errors import UnknownOutbound
from penstock_healthcare.outbound.message import OutboundMessage, Status
from penstock_healthcare.outbound.service import Outbound

api = Api("Outbound HL7 messages", authenticate=authenticate, once=once, judges_roles=True)


@api.get("/v1/healthcare/outbound", summary="List outbound messages")
def browse(
    status: Annotated[Status | None, Query(description="Only those that stand there")] = None,
    destination: Annotated[str | None, Query(max_length=64, description="Only those to this receiver")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[OutboundSummary]:
    """Newest first, without what is in them. A change shows here a moment after it was made."""
    who = api.principal()
    require(api, "search-type", asking.OUTBOUND, Scope.READ)
    index, prefix = filtered("|", status=status, destination=destination)
    found = wiring.views().list(who.tenant, "hl7_outbound", index=index, prefix=prefix, limit=limit, cursor=cursor)
    return page(OutboundSummary, found)


@api.get("/v1/healthcare/outbound/<outbound>", summary="Read an outbound message")
def read(outbound: OutboundId) -> OutboundView:
    """The message's bytes, and what its receiver answered."""
    return _shown(outbound, "read", Scope.READ, lambda tenant: _outbound().get(tenant, outbound))


@api.post("/v1/healthcare/outbound/<outbound>/outcome", summary="Report what a receiver answered")
def report(outbound: OutboundId, outcome: Annotated[Outcome, Body()]) -> OutboundView:
    """For gateways: the first report of a round counts, any other changes nothing."""
    command = outcome.command(utc_now)
    return _shown(
        outbound, "report", Scope.RUN, lambda tenant: _outbound().report(tenant, outbound, command, api.origin())
    )


@api.post("/v1/healthcare/outbound/<outbound>/send", summary="Send a message again", status_code=202)
def send_again(outbound: OutboundId, order: Annotated[Again | None, Body()] = None) -> Response[OutboundView]:
    """Queue it once more, byte for byte, behind what is queued by now; one that is queued still stays where it is."""
    reason = (order or Again()).reason
    again = _shown(
        outbound, "send", Scope.WRITE, lambda tenant: _outbound().send_again(tenant, outbound, reason, api.origin())
    )
    return Response(202, JSON, again)


def _shown(name: str, interaction: str, scope: Scope, act: Callable[[str], OutboundMessage]) -> OutboundView:
    """The message with its content as it is answered, also after a change; each is a read that is recorded."""
    asked, tenant = asking.read(asking.OUTBOUND, name, interaction), api.principal().tenant
    try:
        found = gate(api).read(
            asked, lambda: act(tenant), lambda found: [showing.queued(name, base64.b64decode(found.raw))], scope
        )
    except UnknownOutbound:
        raise NotFound("outbound message") from None
    return OutboundView.of(found)


def _outbound() -> Outbound:
    return Outbound(wiring.events())


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An API Gateway request in, its answer out."""
    return api.resolve(event, context)
