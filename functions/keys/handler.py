"""API keys: make, list and revoke."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.content_types import APPLICATION_JSON as JSON
from aws_lambda_powertools.event_handler.openapi.params import Body

from penstock.api.application import Api
from penstock.api.problems import InvalidRequest
from penstock.api.resources.keys import CreatedKey, KeyId, KeySummary, NewKey
from penstock.api.resources.paging import Cursor, Limit, Page, page
from penstock.api.wiring import authenticate
from penstock.aws import wiring
from penstock.identity.model import Scope

api = Api("API keys", authenticate=authenticate)


@api.post("/v1/keys", summary="Make an API key", status_code=201)
def create(wanted: Annotated[NewKey, Body()]) -> Response[CreatedKey]:
    """Make a key. Its secret is in this answer and nowhere else, so `Idempotency-Key` is refused here."""
    who = api.require(Scope.ADMIN)
    if api.idempotency_key() is not None:
        raise InvalidRequest("Idempotency-Key", "a key's secret is not kept, so this cannot be answered twice")
    key, text = wiring.keys().create(who.tenant, wanted.name, set(wanted.scopes), api.origin(), roles=set(wanted.roles))
    scopes, roles = sorted(key.scopes), sorted(key.roles)
    return Response(201, JSON, CreatedKey(id=key.id.key, name=key.name, scopes=scopes, roles=roles, key=text))


@api.get("/v1/keys", summary="List API keys")
def browse(limit: Limit = 50, cursor: Cursor = None) -> Page[KeySummary]:
    """Newest first, revoked ones too. A change shows here a moment after it was made."""
    who = api.require(Scope.ADMIN)
    return page(KeySummary, wiring.views().list(who.tenant, "keys", limit=limit, cursor=cursor))


@api.delete("/v1/keys/<key>", summary="Revoke an API key", status_code=204)
def revoke(key: KeyId) -> Response[None]:
    """End a key, at once and for good. Ending it twice is harmless."""
    who = api.require(Scope.ADMIN)
    wiring.keys().revoke(who.tenant, key, api.origin())
    return Response(204)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An API Gateway request in, its answer out."""
    return api.resolve(event, context)
