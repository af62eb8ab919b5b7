"""HL7 messages: receive, list, read, resubmit."""

from collections.abc import Sequence
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.content_types import APPLICATION_JSON as JSON
from aws_lambda_powertools.event_handler.openapi.params import Body, Query

from penstock.api.application import Api
from penstock.api.problems import NotFound
from penstock.api.resources.paging import Cursor, Limit, Page, page
from penstock.api.wiring import authenticate, once
from penstock.aws import wiring
from penstock.clock import utc_now
from penstock.identity.model import Scope
from penstock_healthcare.access import asking, showing
from penstock_healthcare.access.showing import Shown
from penstock_healthcare.api.gate import gate, require
from penstock_healthcare.api.messages import (
    Acknowledgment,
    Delivery,
    MessageId,
    MessageSummary,
    MessageView,
    Resubmission,
    decoded,
    listing,
)
from penstock_healthcare.messages.errors import UnknownMessage
from penstock_healthcare.messages.message import ReceivedMessage, Status
from penstock_healthcare.messages.service import Messages

api = Api("HL7 messages", authenticate=authenticate, once=once, judges_roles=True)


@api.post("/v1/healthcare/messages", summary="Hand a message over", status_code=201)
def receive(delivery: Annotated[Delivery, Body()]) -> Response[Acknowledgment]:
    """Store a message as it was received, then read it: 201 with how to acknowledge it, also when it was rejected.

    The same bytes again get the first one's answer.
    """
    who = api.principal()
    require(api, "receive", asking.MESSAGE, Scope.WRITE if who.may(Scope.WRITE) else Scope.INGEST)
    return _acknowledged(Messages(wiring.events()).receive(who.tenant, delivery.reception(utc_now), api.origin()))


@api.get("/v1/healthcare/messages", summary="List messages")
def browse(
    status: Annotated[Status | None, Query(description="Only those that stand there")] = None,
    message_type: Annotated[str | None, Query(alias="type", max_length=60, description="As ORU^R01")] = None,
    sender: Annotated[str | None, Query(max_length=120, description="The sending application")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[MessageSummary]:
    """Newest first, without what is in them. A change shows here a moment after it was made."""
    who = api.principal()
    require(api, "search-type", asking.MESSAGE, Scope.READ)
    index, prefix = listing(status, message_type, sender)
    found = wiring.views().list(who.tenant, "hl7_messages", index=index, prefix=prefix, limit=limit, cursor=cursor)
    return page(MessageSummary, found)


@api.get("/v1/healthcare/messages/<message>", summary="Read a message")
def read(message: MessageId) -> MessageView:
    """A message as it was received, as it was read, and what is wrong with it."""
    try:
        found = gate(api).read(asking.read(asking.MESSAGE, message), lambda: _message(message), _shown)
    except UnknownMessage:
        raise NotFound("message") from None
    return MessageView.of(found)


@api.post("/v1/healthcare/messages/<message>/resubmit", summary="Send a message in again", status_code=201)
def resubmit(
    message: MessageId, resubmission: Annotated[Resubmission | None, Body()] = None
) -> Response[Acknowledgment]:
    """Read it again, corrected or as it is: an accepted one starts what listens, each time anew."""
    who = api.principal()
    require(api, "resubmit", asking.MESSAGE, Scope.WRITE, message)
    given = resubmission or Resubmission()
    raw = decoded(given.raw) if given.raw else None
    try:
        again = Messages(wiring.events()).resubmit(who.tenant, message, api.origin(), raw, given.reason)
    except UnknownMessage:
        raise NotFound("message") from None
    return _acknowledged(again)


def _message(name: str) -> ReceivedMessage:
    return Messages(wiring.events()).get(api.principal().tenant, name)


def _shown(message: ReceivedMessage) -> Sequence[Shown]:
    contents = {message.content, decoded(message.original)}
    return [showing.received(message.id.key, *contents)]


def _acknowledged(message: ReceivedMessage) -> Response[Acknowledgment]:
    return Response(201, JSON, Acknowledgment.of(message))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An API Gateway request in, its answer out."""
    return api.resolve(event, context)
