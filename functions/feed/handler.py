"""The feed: every commit in one order, read from anywhere, and subscriptions that keep a consumer's place."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.content_types import APPLICATION_JSON as JSON
from aws_lambda_powertools.event_handler.openapi.params import Body, Query

from penstock.api.application import Api
from penstock.api.resources.feed import (
    Acknowledgement,
    Claiming,
    ClaimView,
    FeedPage,
    NewSubscription,
    PartitionView,
    SubscriptionName,
    SubscriptionSummary,
    SubscriptionView,
    visible,
)
from penstock.api.resources.paging import Cursor, Limit, Page, page
from penstock.api.wiring import authenticate, once
from penstock.aws import wiring
from penstock.identity.model import Scope
from penstock.subscriptions.reading import Selection, end_of, read

api = Api("Feed", authenticate=authenticate, once=once)
Names = Annotated[list[str] | None, Query(max_length=50)]


@api.get("/v1/feed", summary="Read the feed")
def browse(
    after: Annotated[int, Query(ge=0, description="`next` of the page before; 0 begins with the oldest")] = 0,
    kinds: Names = None,
    types: Names = None,
    limit: Limit = 50,
    events: Annotated[bool, Query(description="Give the events themselves, where they fit")] = False,
) -> FeedPage:
    """What happened in any stream, in the order in which it became known. A page may be empty before the end is."""
    who = api.require(Scope.READ)
    selection = Selection(frozenset(kinds or ()), frozenset(types or ()))
    part = read(wiring.feed(), who.tenant, lambda span: visible(span, who) and selection.wants(span), after, limit)
    return FeedPage.of(part, who, wiring.events() if events else None)


@api.post("/v1/subscriptions", summary="Make a subscription", status_code=201)
def create(order: Annotated[NewSubscription, Body()]) -> Response[SubscriptionView]:
    """Keep a place in the feed for consumers that compete, or for one alone."""
    who, service = api.require(Scope.WRITE), wiring.subscriptions()
    after = end_of(wiring.feed(), who.tenant) if order.start == "now" else order.after
    made = service.create(who.tenant, order.name, order.command(after), api.origin())
    location = {"Location": f"/v1/subscriptions/{order.name}"}
    return Response(201, JSON, SubscriptionView.of(made, service.partitions(made)), headers=location)


@api.get("/v1/subscriptions", summary="List subscriptions")
def subscriptions(limit: Limit = 50, cursor: Cursor = None) -> Page[SubscriptionSummary]:
    """By name, the last one first. A change shows here a moment after it was made."""
    who = api.require(Scope.READ)
    return page(SubscriptionSummary, wiring.views().list(who.tenant, "subscriptions", limit=limit, cursor=cursor))


@api.get("/v1/subscriptions/<subscription>", summary="Read a subscription")
def subscription(subscription: SubscriptionName) -> SubscriptionView:
    """What it reads, who holds which partition, and how far each is."""
    who, service = api.require(Scope.READ), wiring.subscriptions()
    found = service.read(who.tenant, subscription)
    return SubscriptionView.of(found, service.partitions(found))


@api.delete("/v1/subscriptions/<subscription>", summary="Delete a subscription", status_code=204)
def delete(subscription: SubscriptionName) -> Response[None]:
    """Its consumers lose their places; the feed loses nothing."""
    wiring.subscriptions().delete(api.require(Scope.WRITE).tenant, subscription, api.origin())
    return Response(204)


@api.post("/v1/subscriptions/<subscription>/claim", summary="Claim a partition of a subscription")
def claim(subscription: SubscriptionName, order: Annotated[Claiming, Body()]) -> ClaimView | None:
    """What follows a free partition's place, held for a while; null when there is nothing now."""
    who = api.require(Scope.RUN)
    found = wiring.subscriptions().claim(
        who.tenant,
        subscription,
        order.consumer,
        seconds=order.lease_seconds,
        limit=order.limit,
        wanted=lambda span: visible(span, who),
    )
    return ClaimView.of_claim(found, who, wiring.events() if order.events else None) if found else None


@api.post("/v1/subscriptions/<subscription>/acknowledge", summary="Acknowledge what was claimed")
def acknowledge(subscription: SubscriptionName, order: Annotated[Acknowledgement, Body()]) -> PartitionView:
    """Everything up to a position is done. The lease is renewed, or given back."""
    who = api.require(Scope.RUN)
    held = (order.partition, order.token)
    known = wiring.subscriptions().acknowledge(who.tenant, subscription, held, order.position, order.lease_seconds)
    return PartitionView.of(order.partition, known)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An API Gateway request in, its answer out."""
    return api.resolve(event, context)
