"""Webhooks: create, change, test, rotate their secrets, and see how deliveries go."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.content_types import APPLICATION_JSON as JSON
from aws_lambda_powertools.event_handler.openapi.params import Body

from penstock.api.application import Api
from penstock.api.problems import InvalidRequest
from penstock.api.resources.paging import Cursor, Limit, Page
from penstock.api.resources.webhooks import (
    AttemptList,
    AttemptView,
    Disabling,
    WebhookId,
    WebhookSecret,
    WebhookSummary,
    WebhookTarget,
    WebhookView,
    webhook_page,
)
from penstock.api.wiring import authenticate, once
from penstock.aws import wiring
from penstock.identity.model import Scope
from penstock.routing.webhook import Webhook

api = Api("Webhooks", authenticate=authenticate, once=once)


@api.post("/v1/webhooks", summary="Create a webhook", status_code=201)
def create(wanted: Annotated[WebhookTarget, Body()]) -> Response[WebhookSecret]:
    """Send events from now on. Its secret is in this answer and in no other, so `Idempotency-Key` is refused here."""
    who = api.require(Scope.ADMIN)
    _once_only()
    webhook, secret = wiring.webhooks().create(who.tenant, wanted.target(), api.origin())
    return Response(201, JSON, WebhookSecret.of(webhook, secret))


@api.get("/v1/webhooks", summary="List webhooks")
def browse(limit: Limit = 50, cursor: Cursor = None) -> Page[WebhookSummary]:
    """Newest first, disabled ones too. A change shows here a moment after it was made."""
    who = api.require(Scope.READ)
    return webhook_page(wiring.views().list(who.tenant, "webhooks", limit=limit, cursor=cursor), who)


@api.get("/v1/webhooks/<webhook>", summary="Read a webhook")
def read(webhook: WebhookId) -> WebhookView:
    """What it sends where, and how its endpoint stands."""
    return _view(wiring.webhooks().read(api.require(Scope.READ).tenant, webhook))


@api.put("/v1/webhooks/<webhook>", summary="Change a webhook")
def change(webhook: WebhookId, wanted: Annotated[WebhookTarget, Body()]) -> WebhookView:
    """Replace its URL, description and pattern. What is under way goes to the URL that it has then."""
    who = api.require(Scope.ADMIN)
    return _view(wiring.webhooks().change(who.tenant, webhook, wanted.target(), api.origin()))


@api.delete("/v1/webhooks/<webhook>", summary="Delete a webhook", status_code=204)
def delete(webhook: WebhookId) -> Response[None]:
    """Send no more, for good. What is under way is dropped."""
    who = api.require(Scope.ADMIN)
    wiring.webhooks().delete(who.tenant, webhook, api.origin())
    return Response(204)


@api.post("/v1/webhooks/<webhook>/rotate-secret", summary="Rotate a webhook's secret")
def rotate_secret(webhook: WebhookId) -> WebhookSecret:
    """Sign by a new secret, which is in this answer and in no other. For a day the one before signs beside it."""
    who = api.require(Scope.ADMIN)
    _once_only()
    changed, secret = wiring.webhooks().rotate_secret(who.tenant, webhook, api.origin())
    return WebhookSecret.of(changed, secret)


@api.post("/v1/webhooks/<webhook>/enable", summary="Enable a webhook")
def enable(webhook: WebhookId) -> WebhookView:
    """Send again. What happened while it was disabled is not sent."""
    who = api.require(Scope.ADMIN)
    return _view(wiring.webhooks().enable(who.tenant, webhook, api.origin()))


@api.post("/v1/webhooks/<webhook>/disable", summary="Disable a webhook")
def disable(webhook: WebhookId, why: Annotated[Disabling, Body()]) -> WebhookView:
    """Send no more until it is enabled. What is under way becomes a dead letter."""
    who = api.require(Scope.ADMIN)
    return _view(wiring.webhooks().disable(who.tenant, webhook, why.reason, api.origin()))


@api.post("/v1/webhooks/<webhook>/test", summary="Test a webhook")
def test(webhook: WebhookId) -> AttemptView:
    """Send it an event of type `webhook.test`, signed as any other, once, and tell what came of it."""
    who = api.require(Scope.ADMIN)
    return AttemptView.of(wiring.webhook_sender().test(wiring.webhooks().read(who.tenant, webhook)))


@api.get("/v1/webhooks/<webhook>/deliveries", summary="List a webhook's last attempts")
def deliveries(webhook: WebhookId, limit: Limit = 50) -> AttemptList:
    """Newest first, tests too. What was given up waits as a dead letter of `webhook_deliveries`."""
    found = wiring.webhooks().read(api.require(Scope.READ).tenant, webhook)
    return AttemptList.of(wiring.webhook_attempts().last(found.id, limit))


def _view(webhook: Webhook) -> WebhookView:
    return WebhookView.of(webhook, wiring.webhook_circuits().load(webhook.id), api.principal())


def _once_only() -> None:
    if api.idempotency_key() is not None:
        raise InvalidRequest("Idempotency-Key", "a secret is shown once, so this cannot be answered twice")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An API Gateway request in, its answer out."""
    return api.resolve(event, context)
