"""Retention: how long the archive keeps what, and what is held beyond that. Each change is an event with its reason."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.content_types import APPLICATION_JSON as JSON
from aws_lambda_powertools.event_handler.openapi.params import Body

from penstock.api.application import Api
from penstock.api.resources.retention import HoldId, Holds, HoldView, NewHold, Reason, RetentionView, RuleKind, Term
from penstock.api.wiring import authenticate, once
from penstock.aws import wiring
from penstock.identity.model import Scope

api = Api("Retention", authenticate=authenticate, once=once)


@api.get("/v1/retention", summary="Read how long what is kept")
def read() -> RetentionView:
    """Your rules, and what holds where no rule does. The holds in force are listed by themselves."""
    who = api.require(Scope.ADMIN)
    return RetentionView.of(wiring.retention().load(who.tenant).state, wiring.retention().floor)


@api.put("/v1/retention/rules/<kind>", summary="Set how long a kind of stream is kept", status_code=204)
def set_rule(kind: RuleKind, term: Annotated[Term, Body()]) -> Response[None]:
    """A longer time counts for what is archived already, within minutes; a shorter one for what comes from now on.

    What has been kept as long as its rule says, and as its own lock does, is deleted from the archive.
    """
    who = api.require(Scope.ADMIN)
    wiring.retention().set(who.tenant, kind, term.total(), term.reason, api.origin())
    return Response(204)


@api.delete("/v1/retention/rules/<kind>", summary="Clear the rule of a kind of stream", status_code=204)
def clear_rule(kind: RuleKind, reason: Reason = None) -> Response[None]:
    """What is archived keeps the lock that it has. Clearing a rule that is not there is harmless."""
    who = api.require(Scope.ADMIN)
    wiring.retention().clear(who.tenant, kind, reason, api.origin())
    return Response(204)


@api.get("/v1/retention/holds", summary="List legal holds")
def holds() -> Holds:
    """Those in force. What was ever placed and lifted is in the stream `retention`, `policy`."""
    who = api.require(Scope.ADMIN)
    return Holds.of(wiring.retention().load(who.tenant).state)


@api.post("/v1/retention/holds", summary="Place a legal hold", status_code=201)
def place(wanted: Annotated[NewHold, Body()]) -> Response[HoldView]:
    """From now on nothing in its scope is deleted; the archive's objects themselves are held within minutes."""
    who = api.require(Scope.ADMIN)
    hold = wiring.retention().place(who.tenant, wanted.kind, wanted.key, wanted.reason, api.origin())
    return Response(201, JSON, HoldView.of(hold))


@api.delete("/v1/retention/holds/<hold>", summary="Lift a legal hold", status_code=204)
def lift(hold: HoldId, reason: Reason = None) -> Response[None]:
    """What another hold covers stays held. What has been kept long enough may then be deleted."""
    who = api.require(Scope.ADMIN)
    wiring.retention().lift(who.tenant, hold, reason, api.origin())
    return Response(204)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An API Gateway request in, its answer out."""
    return api.resolve(event, context)
