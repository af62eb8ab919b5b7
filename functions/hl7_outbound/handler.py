"""Outbound HL7 messages: list, read, send again, and what their receivers answered."""

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
from penstock_healthcare.api.outbound import Again, OutboundId, OutboundSummary, OutboundView, Outcome
from penstock_healthcare.outbound.errors import UnknownOutbound
from penstock_healthcare.outbound.message import Status
from penstock_healthcare.outbound.service import Outbound

api = Api("Outbound HL7 messages", authenticate=authenticate, once=once)


@api.get("/v1/healthcare/outbound", summary="List outbound messages")
def browse(
    status: Annotated[Status | None, Query(description="Only those that stand there")] = None,
    destination: Annotated[str | None, Query(max_length=64, description="Only those to this receiver")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[OutboundSummary]:
    """Newest first, without what is in them. A change shows here a moment after it was made."""
    who = api.require(Scope.READ)
    index, prefix = filtered("|", status=status, destination=destination)
    found = wiring.views().list(who.tenant, "hl7_outbound", index=index, prefix=prefix, limit=limit, cursor=cursor)
    return page(OutboundSummary, found)


@api.get("/v1/healthcare/outbound/<outbound>", summary="Read an outbound message")
def read(outbound: OutboundId) -> OutboundView:
    """The message's bytes, and what its receiver answered."""
    who = api.require(Scope.READ)
    try:
        return OutboundView.of(Outbound(wiring.events()).get(who.tenant, outbound))
    except UnknownOutbound:
        raise NotFound("outbound message") from None


@api.post("/v1/healthcare/outbound/<outbound>/outcome", summary="Report what a receiver answered")
def report(outbound: OutboundId, outcome: Annotated[Outcome, Body()]) -> OutboundView:
    """For gateways: the first report of a round counts, any other changes nothing."""
    who = api.require(Scope.RUN)
    try:
        settled = Outbound(wiring.events()).report(who.tenant, outbound, outcome.command(utc_now), api.origin())
    except UnknownOutbound:
        raise NotFound("outbound message") from None
    return OutboundView.of(settled)


@api.post("/v1/healthcare/outbound/<outbound>/send", summary="Send a message again", status_code=202)
def send_again(outbound: OutboundId, order: Annotated[Again | None, Body()] = None) -> Response[OutboundView]:
    """Queue it once more, byte for byte, behind what is queued by now; one that is queued still stays where it is."""
    who = api.require(Scope.WRITE)
    try:
        again = Outbound(wiring.events()).send_again(who.tenant, outbound, (order or Again()).reason, api.origin())
    except UnknownOutbound:
        raise NotFound("outbound message") from None
    return Response(202, JSON, OutboundView.of(again))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An API Gateway request in, its answer out."""
    return api.resolve(event, context)
