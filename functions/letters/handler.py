"""Dead letters: list, inspect, edit, redrive and discard. Each of these is an event with its actor and reason."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body

from penstock.api.application import Api
from penstock.api.resources.letters import (
    ConsumerName,
    ConsumerView,
    DiscardReason,
    Edit,
    HandledLetter,
    LetterId,
    LetterPage,
    LetterView,
    Redrive,
    Redriven,
)
from penstock.api.resources.paging import Cursor, Limit, Page, page
from penstock.api.wiring import authenticate, once
from penstock.aws import wiring
from penstock.events.discovery import projections_of
from penstock.identity.model import Scope
from penstock.letters.diagnosis import Diagnosis, diagnose
from penstock.letters.service import Case

api = Api("Dead letters", authenticate=authenticate, once=once)


@api.get("/v1/dead-letters", summary="List consumers with how many dead letters each has")
def consumers() -> list[ConsumerView]:
    """Every consumer. The numbers are SQS's, about right, and count all tenants' letters."""
    api.require(Scope.ADMIN)
    queues = wiring.letters().queues
    return [ConsumerView(consumer=name, dead_letters=queues.depth(name)) for name in queues.consumers()]


@api.get("/v1/dead-letters/<consumer>", summary="List a consumer's dead letters")
def browse(consumer: ConsumerName, limit: Limit = 50) -> LetterPage:
    """Those of yours that wait. Looking hides them, for some seconds, from others who look."""
    who = api.require(Scope.ADMIN)
    return LetterPage.of(wiring.letters().browse(who.tenant, consumer, limit))


@api.get("/v1/dead-letters/<consumer>/handled", summary="List what was done with a consumer's dead letters")
def handled(consumer: ConsumerName, limit: Limit = 50, cursor: Cursor = None) -> Page[HandledLetter]:
    """What was done last comes first. All that was ever done with a letter is in its stream, `dead_letter`."""
    who = api.require(Scope.ADMIN)
    found = wiring.views().list(
        who.tenant, "dead_letters", index="consumer", prefix=f"{consumer} ", limit=limit, cursor=cursor
    )
    return page(HandledLetter, found)


@api.get("/v1/dead-letters/<consumer>/<letter>", summary="Inspect a dead letter")
def read(consumer: ConsumerName, letter: LetterId) -> LetterView:
    """Its body, how far its stream has come, how far those who read it have, and what would break them now."""
    who = api.require(Scope.ADMIN)
    case = wiring.letters().read(who.tenant, consumer, letter)
    return LetterView.of(case, _diagnosis(case))


@api.post("/v1/dead-letters/<consumer>/redrive", summary="Redrive all dead letters of a consumer")
def redrive_all(consumer: ConsumerName, order: Annotated[Redrive, Body()]) -> Redriven:
    """Send yours to the consumer again, as many as one look through the queue meets."""
    who = api.require(Scope.ADMIN)
    moved = wiring.letters().redrive_all(who.tenant, consumer, order.reason, api.origin())
    return Redriven(redriven=moved.count, is_complete=moved.is_complete)


@api.post("/v1/dead-letters/<consumer>/<letter>/redrive", summary="Redrive a dead letter", status_code=204)
def redrive(consumer: ConsumerName, letter: LetterId, order: Annotated[Redrive, Body()]) -> Response[None]:
    """Send it to the consumer again, also after it was discarded. If it fails again, it has another id."""
    who = api.require(Scope.ADMIN)
    wiring.letters().redrive(who.tenant, consumer, letter, order.reason, api.origin())
    return Response(204)


@api.put("/v1/dead-letters/<consumer>/<letter>", summary="Edit a dead letter and redrive it", status_code=204)
def edit(consumer: ConsumerName, letter: LetterId, order: Annotated[Edit, Body()]) -> Response[None]:
    """Send another body in its place. The one it had stays on record."""
    who = api.require(Scope.ADMIN)
    wiring.letters().edit(who.tenant, consumer, letter, order.body, order.reason, api.origin())
    return Response(204)


@api.delete("/v1/dead-letters/<consumer>/<letter>", summary="Discard a dead letter", status_code=204)
def discard(consumer: ConsumerName, letter: LetterId, reason: DiscardReason = None) -> Response[None]:
    """Take it out of the queue. Its body stays on record, and redriving it sends that."""
    who = api.require(Scope.ADMIN)
    wiring.letters().discard(who.tenant, consumer, letter, reason, api.origin())
    return Response(204)


def _diagnosis(case: Case) -> Diagnosis:
    projections = projections_of(case.stream.kind)
    return diagnose(wiring.events(), wiring.views(), wiring.checkpoints(), projections, case.stream, case.consumer)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An API Gateway request in, its answer out."""
    return api.resolve(event, context)
