"""Sagas: write, publish, start, read, list, send on and resolve by hand."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.content_types import APPLICATION_JSON as JSON
from aws_lambda_powertools.event_handler.openapi.params import Body, Query

from penstock.api.application import Api
from penstock.api.resources.paging import Cursor, Limit, Page, filtered, page
from penstock.api.resources.sagas import (
    DefinitionSummary,
    DefinitionView,
    NewSaga,
    Resolution,
    Resumption,
    RunId,
    RunSummary,
    RunView,
    SagaDocument,
    SagaId,
    StartSaga,
)
from penstock.api.resources.workflows import Verdict, VersionView
from penstock.api.wiring import authenticate, once
from penstock.aws import wiring
from penstock.documents.lifecycle import Standing
from penstock.documents.lifecycle import Status as DefinitionStatus
from penstock.identity.model import Scope
from penstock.library import BuiltIn
from penstock.sagas.lifecycle import OwnSaga
from penstock.sagas.state import Status
from penstock.sagas.validation import validate

api = Api("Sagas", authenticate=authenticate, once=once)
Document = Annotated[SagaDocument, Body(description="The saga's steps, and what undoes them")]


@api.get("/v1/sagas/definitions", summary="List sagas")
def definitions(
    status: Annotated[Standing | None, Query(description="Only those that stand there")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[DefinitionSummary]:
    """Yours, newest first; before them, on the first page and beyond its limit, those that are built in."""
    who = api.require(Scope.READ)
    index, prefix = filtered(status=status)
    found = wiring.views().list(who.tenant, "saga_definitions", index=index, prefix=prefix, limit=limit, cursor=cursor)
    own = page(DefinitionSummary, found)
    has_built_in = cursor is None and status in (None, DefinitionStatus.PUBLISHED)
    built_in = map(DefinitionSummary.of, wiring.own_sagas().library.values() if has_built_in else ())
    return Page(items=[*built_in, *own.items], next=own.next)


@api.post("/v1/sagas/definitions", summary="Write a saga of your own", status_code=201)
def write(new: Annotated[NewSaga, Body()]) -> Response[DefinitionView]:
    """Begin a draft. Every problem of the definition is told at once."""
    who = api.require(Scope.WRITE)
    return _defined(wiring.own_sagas().create(who.tenant, new.id, new.definition, api.origin(), api.command_id()), 201)


@api.post("/v1/sagas/definitions/validate", summary="Check a saga's definition")
def check(definition: Document) -> Verdict:
    """All that is wrong with a definition, without storing it."""
    api.require(Scope.READ)
    return Verdict.of(validate(definition, wiring.own_sagas().catalogue))


@api.get("/v1/sagas/definitions/<saga>", summary="Read a saga's definition")
def definition(saga: SagaId) -> Response[DefinitionView]:
    """Its steps, what undoes them, and the schema of its input."""
    who = api.require(Scope.READ)
    return _defined(wiring.own_sagas().read(who.tenant, saga))


@api.put("/v1/sagas/definitions/<saga>", summary="Change a saga of your own")
def change(saga: SagaId, definition: Document) -> Response[DefinitionView]:
    """Replace the draft; with `If-Match`, only if nobody else has changed it."""
    who = api.require(Scope.WRITE)
    return _defined(
        wiring.own_sagas().change(who.tenant, saga, definition, api.origin(), api.revision(), api.command_id())
    )


@api.post("/v1/sagas/definitions/<saga>/publish", summary="Publish a saga of your own")
def publish(saga: SagaId) -> Response[DefinitionView]:
    """Make the draft a version with a state machine of its own. What runs on an older version goes on there."""
    who = api.require(Scope.WRITE)
    return _defined(wiring.own_sagas().publish(who.tenant, saga, api.origin(), api.revision(), api.command_id()))


@api.post("/v1/sagas/definitions/<saga>/archive", summary="Archive a saga of your own")
def archive(saga: SagaId) -> Response[DefinitionView]:
    """Let no run start from it any more; those under way go on. It can be published again."""
    who = api.require(Scope.WRITE)
    return _defined(wiring.own_sagas().archive(who.tenant, saga, api.origin(), api.command_id()))


@api.get("/v1/sagas/definitions/<saga>/versions/<number>", summary="Read a published version of a saga")
def version(saga: SagaId, number: int) -> VersionView:
    """One version with its definition; they count from 1 to the newest."""
    who = api.require(Scope.READ)
    return VersionView.of(wiring.own_sagas().version(who.tenant, saga, number))


@api.post("/v1/sagas", summary="Start a saga", status_code=202)
def start(order: Annotated[StartSaga, Body()]) -> Response[RunView]:
    """Begin a run; its machine carries it on. With an `Idempotency-Key` there is one run, however often it is sent."""
    who = api.require(Scope.RUN)
    key = api.idempotency_key()
    run = wiring.sagas().start(who.tenant, order.saga, order.input, api.origin(), key, order.version)
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
    index, prefix = filtered(saga=saga, status=status)
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


def _defined(saga: OwnSaga | BuiltIn, status: int = 200) -> Response[DefinitionView]:
    view = DefinitionView.of(saga)
    return Response(status, JSON, view, headers={"ETag": f'"{view.revision}"'} if view.revision else {})


def _shown(tenant: str, run: str) -> Response[RunView]:
    return Response(202, JSON, RunView.of(wiring.sagas().read(tenant, run)))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An API Gateway request in, its answer out."""
    return api.resolve(event, context)
