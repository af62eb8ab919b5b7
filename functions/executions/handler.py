"""Executions: start, read, list, follow, cancel and retry."""

from typing import Annotated, Any
from urllib.parse import unquote

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.content_types import APPLICATION_JSON as JSON
from aws_lambda_powertools.event_handler.openapi.params import Body, Query

from penstock.api.application import Api
from penstock.api.problems import NotFound
from penstock.api.resources.executions import (
    Cancellation,
    ExecutionId,
    ExecutionSummary,
    ExecutionView,
    NodeItems,
    NodeName,
    Standing,
    StartExecution,
    Timeline,
    Wait,
    execution_timeline,
    node_items,
)
from penstock.api.resources.paging import Cursor, Limit, Page, filtered, page
from penstock.api.wiring import authenticate, once, timeline
from penstock.api.wiring import execution as read_execution
from penstock.aws import wiring
from penstock.events import StreamId
from penstock.identity.model import Scope
from penstock.workflows.execution.events import EVENTS
from penstock.workflows.execution.ports import Start
from penstock.workflows.execution.ports import within as seconds
from penstock.workflows.execution.state import Execution, Status
from penstock.workflows.triggers import execution_id

api = Api("Executions", authenticate=authenticate, once=once)
Version = Annotated[int | None, Query(ge=1, description="As it was after that many events")]


@api.post("/v1/executions", summary="Start an execution", status_code=202)
def start(order: Annotated[StartExecution, Body()], wait: Wait = 0) -> Response[Standing]:
    """Run a workflow: 200 with what it came to when it ended within `wait`, else 202 with where it stands."""
    who = api.require(Scope.RUN)
    known = wiring.workflows()
    revision = (
        known.read(who.tenant, order.workflow).revision if order.draft else known.published(who.tenant, order.workflow)
    )
    key = api.idempotency_key()
    execution = wiring.engine().start(
        Start(who.tenant, order.workflow, revision, order.items, "manual", order.trigger),
        api.origin(),
        seconds(wait),
        execution_id(f"{key} {order.model_dump_json()}", order.workflow, "start") if key else None,
    )
    return _shown(execution)


@api.get("/v1/executions", summary="List executions")
def browse(
    workflow: Annotated[str | None, Query(max_length=120, description="Only this workflow's")] = None,
    status: Annotated[Status | None, Query(description="Only those that stand there")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ExecutionSummary]:
    """Newest first. A change shows here a moment after it was made."""
    who = api.require(Scope.READ)
    index, prefix = filtered(workflow=workflow, status=status)
    found = wiring.views().list(who.tenant, "executions", index=index, prefix=prefix, limit=limit, cursor=cursor)
    return page(ExecutionSummary, found)


@api.get("/v1/executions/<execution>", summary="Read an execution")
def read(execution: ExecutionId, version: Version = None) -> ExecutionView:
    """Where it stands, what it came to and what it waits for; or how it was after an earlier event."""
    who = api.require(Scope.READ)
    state, document = read_execution(_stream(who.tenant, execution), version)
    return ExecutionView.of_read(state, document, with_callbacks=who.may(Scope.RUN))


@api.get("/v1/executions/<execution>/timeline", summary="Read what happened in an execution")
def follow(
    execution: ExecutionId,
    after: Annotated[int, Query(ge=0, description="Only what happened after this event")] = 0,
    limit: Limit = 100,
) -> Timeline:
    """Every event, oldest first: which node ran when, how long, with how many items, and what went wrong."""
    who = api.require(Scope.READ)
    return execution_timeline(timeline(_stream(who.tenant, execution)), after, limit)


@api.get("/v1/executions/<execution>/items/<node>", summary="Read what a node sent out")
def sent(
    execution: ExecutionId,
    node: NodeName,
    run: Annotated[int | None, Query(ge=0, description="Which run of the node, from 0; the newest if left out")] = None,
    port: Annotated[str | None, Query(max_length=120, description="The first with items if left out")] = None,
    offset: Annotated[int, Query(ge=0, description="`next` of the page before")] = 0,
    limit: Limit = 50,
) -> NodeItems:
    """The items by run and port, page by page."""
    who = api.require(Scope.READ)
    name = unquote(node)
    runs = wiring.engine().load(_stream(who.tenant, execution)).outputs.get(name, {})
    chosen = max(runs, default=-1) if run is None else run
    if chosen not in runs:
        raise NotFound(f"run of {name} that has ended")
    return node_items(name, runs, chosen, port, offset, limit)


@api.post("/v1/executions/<execution>/cancel", summary="Cancel an execution")
def cancel(execution: ExecutionId, cancellation: Annotated[Cancellation, Body()]) -> Response[Standing]:
    """End it where it stands."""
    who = api.require(Scope.RUN)
    stream = _stream(who.tenant, execution)
    return _shown(wiring.engine().cancel(stream, cancellation.reason, api.origin()))


@api.post("/v1/executions/<execution>/retry", summary="Retry a failed execution", status_code=202)
def retry(execution: ExecutionId, wait: Wait = 0) -> Response[Standing]:
    """Go on from the node that failed, with all that was done before it."""
    who = api.require(Scope.RUN)
    return _shown(wiring.engine().retry(_stream(who.tenant, execution), api.origin(), seconds(wait)))


def _stream(tenant: str, execution: str) -> StreamId:
    return StreamId(tenant, EVENTS.kind, execution)


def _shown(execution: Execution) -> Response[Standing]:
    location = {"Location": f"/v1/executions/{execution.id.key}"}
    return Response(
        200 if execution.ended else 202, JSON, Standing.of(execution, with_callbacks=True), headers=location
    )


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An API Gateway request in, its answer out."""
    return api.resolve(event, context)
