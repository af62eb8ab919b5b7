"""Sagas: start, read, list, send on and resolve by hand."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.content_types import APPLICATION_JSON as JSON
from aws_lambda_powertools.event_handler.openapi.params import Body, Query

from penstock.api.application import Api
from penstock.api.resources.paging import Cursor, Limit, Page, page
from penstock.api.resources.sagas import (
    DefinitionView,
    Resolution,
    Resumption,
    RunId,
    RunSummary,
    RunView,
    SagaId,
    StartSaga,
    listing,
)
from penstock.api.wiring import authenticate, once
from penstock.aws import wiring
from penstock.identity.model import Scope
from penstock.sagas.state import Status

api = Api("Sagas", authenticate=authenticate, once=once)


@api.get("/v1/sagas/definitions", summary="List the sagas that can be started")
def definitions() -> list[DefinitionView]:
    """Every one that is deployed, with its steps and what undoes them."""
    api.require(Scope.READ)
    return [DefinitionView.of(saga) for saga in wiring.sagas().library.values()]


@api.get("/v1/sagas/definitions/<saga>", summary="Read a saga's definition")
def definition(saga: SagaId) -> DefinitionView:
    """Its steps, what undoes them, and the schema of its input."""
    api.require(Scope.READ)
    return DefinitionView.of(wiring.sagas().definition(saga))


@api.post("/v1/sagas", summary="Start a saga", status_code=202)
def start(order: Annotated[StartSaga, Body()]) -> Response[RunView]:
    """Begin a run; its machine carries it on. With an `Idempotency-Key` there is one run, however often it is sent."""
    who = api.require(Scope.RUN)
    run = wiring.sagas().start(who.tenant, order.saga, order.input, api.origin(), api.idempotency_key())
    return _shown(who.tenant, run.id.key)


@api.get("/v1/sagas", summary="List runs of sagas")
def browse(
    saga: Annotated[str | None, Query(max_length=120, description="Only this saga's")] = None,
    status: Annotated[Status | None, Query(description="Only those that stand there")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[RunSummary]:
    """Newest first. A change shows here a moment after it was made."""
    who = api.require(Scope.READ)
    index, prefix = listing(saga, status)
    found = wiring.views().list(who.tenant, "sagas", index=index, prefix=prefix, limit=limit, cursor=cursor)
    return page(RunSummary, found)


@api.get("/v1/sagas/<run>", summary="Read a run of a saga")
def read(run: RunId) -> RunView:
    """Where it stands, step by step. What happened when is in its events."""
    who = api.require(Scope.READ)
    return RunView.of(wiring.sagas().read(who.tenant, run))


@api.post("/v1/sagas/<run>/resume", summary="Send a run on", status_code=202)
def resume(run: RunId, order: Annotated[Resumption, Body()]) -> Response[RunView]:
    """Try again what is stuck, and go on the way it was going."""
    who = api.require(Scope.RUN)
    wiring.sagas().resume(who.tenant, run, order.reason, api.origin())
    return _shown(who.tenant, run)


@api.post("/v1/sagas/<run>/resolve", summary="Say what was done by hand", status_code=202)
def resolve(run: RunId, order: Annotated[Resolution, Body()]) -> Response[RunView]:
    """A stuck step was taken care of outside; the run goes on from there. The reason stays on record."""
    who = api.require(Scope.RUN)
    wiring.sagas().resolve(
        who.tenant,
        run,
        order.step,
        has_happened=order.outcome == "done",
        reason=order.reason,
        result=order.result,
        origin=api.origin(),
    )
    return _shown(who.tenant, run)


def _shown(tenant: str, run: str) -> Response[RunView]:
    return Response(202, JSON, RunView.of(wiring.sagas().read(tenant, run)))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An API Gateway request in, its answer out."""
    return api.resolve(event, context)
