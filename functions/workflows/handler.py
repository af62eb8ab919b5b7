"""Workflows: create, change, publish, archive, restore, export and import."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.content_types import APPLICATION_JSON as JSON
from aws_lambda_powertools.event_handler.openapi.params import Body, Query

from penstock.api.application import Api
from penstock.api.resources.paging import Cursor, Limit, Page, filtered, page
from penstock.api.resources.workflows import (
    Export,
    Verdict,
    VersionView,
    WorkflowId,
    WorkflowSummary,
    WorkflowView,
)
from penstock.api.wiring import authenticate, once
from penstock.aws import wiring
from penstock.documents.lifecycle import Status
from penstock.identity.model import Scope
from penstock.json import JSONObject
from penstock.workflows.lifecycle import Workflow
from penstock.workflows.validation import validate

api = Api("Workflows", authenticate=authenticate, once=once)
Definition = Annotated[JSONObject, Body(description="The workflow's nodes and connections")]


@api.post("/v1/workflows", summary="Create a workflow", status_code=201)
def create(definition: Definition) -> Response[WorkflowView]:
    """Begin a draft. Every problem of the definition is told at once."""
    who = api.require(Scope.WRITE)
    return _shown(wiring.workflows().create(who.tenant, definition, api.origin(), command_id=api.command_id()), 201)


@api.get("/v1/workflows", summary="List workflows")
def browse(
    status: Annotated[Status | None, Query(description="Only those that stand there")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[WorkflowSummary]:
    """Newest first. A change shows here a moment after it was made."""
    who = api.require(Scope.READ)
    index, prefix = filtered(status=status)
    listing = wiring.views().list(who.tenant, "workflows", index=index, prefix=prefix, limit=limit, cursor=cursor)
    return page(WorkflowSummary, listing)


@api.post("/v1/workflows/validate", summary="Check a definition")
def check(definition: Definition) -> Verdict:
    """All that is wrong with a definition, without storing it."""
    api.require(Scope.READ)
    return Verdict.of(validate(definition, wiring.workflows().catalogue))


@api.post("/v1/workflows/import", summary="Import a workflow", status_code=201)
def take_in(export: Annotated[Export, Body()]) -> Response[WorkflowView]:
    """Create a workflow from an export."""
    who = api.require(Scope.WRITE)
    return _shown(
        wiring.workflows().create(who.tenant, export.definition, api.origin(), command_id=api.command_id()), 201
    )


@api.get("/v1/workflows/<workflow>", summary="Read a workflow")
def read(
    workflow: WorkflowId, revision: Annotated[int | None, Query(ge=1, description="As it was then")] = None
) -> Response[WorkflowView]:
    """A workflow with its draft, as it is or as it was."""
    who = api.require(Scope.READ)
    return _shown(wiring.workflows().read(who.tenant, workflow, revision=revision))


@api.put("/v1/workflows/<workflow>", summary="Change a workflow")
def change(workflow: WorkflowId, definition: Definition) -> Response[WorkflowView]:
    """Replace the draft; with `If-Match`, only if nobody else has changed it."""
    who = api.require(Scope.WRITE)
    return _shown(
        wiring.workflows().update(who.tenant, workflow, definition, api.origin(), api.revision(), api.command_id())
    )


@api.delete("/v1/workflows/<workflow>", summary="Delete a workflow", status_code=204)
def delete(workflow: WorkflowId) -> Response[None]:
    """Take it away. What it did stays on record."""
    who = api.require(Scope.WRITE)
    wiring.workflows().delete(who.tenant, workflow, api.origin(), api.command_id())
    return Response(204)


@api.post("/v1/workflows/<workflow>/publish", summary="Publish a workflow")
def publish(workflow: WorkflowId) -> Response[WorkflowView]:
    """Make the draft a version: executions start from it."""
    who = api.require(Scope.WRITE)
    return _shown(wiring.workflows().publish(who.tenant, workflow, api.origin(), api.revision(), api.command_id()))


@api.post("/v1/workflows/<workflow>/archive", summary="Archive a workflow")
def archive(workflow: WorkflowId) -> Response[WorkflowView]:
    """Stop it from starting. It can be published again."""
    who = api.require(Scope.WRITE)
    return _shown(wiring.workflows().archive(who.tenant, workflow, api.origin(), api.command_id()))


@api.get("/v1/workflows/<workflow>/versions", summary="List published versions")
def versions(workflow: WorkflowId) -> list[VersionView]:
    """Every published version, newest first."""
    who = api.require(Scope.READ)
    return [VersionView.of(version) for version in reversed(wiring.workflows().read(who.tenant, workflow).versions)]


@api.get("/v1/workflows/<workflow>/versions/<number>", summary="Read a published version")
def version(workflow: WorkflowId, number: int) -> VersionView:
    """One version with its definition."""
    who = api.require(Scope.READ)
    return VersionView.of(wiring.workflows().read(who.tenant, workflow).version(number))


@api.post("/v1/workflows/<workflow>/versions/<number>/restore", summary="Restore a version")
def restore(workflow: WorkflowId, number: int) -> Response[WorkflowView]:
    """Make a version's definition the draft again."""
    who = api.require(Scope.WRITE)
    return _shown(wiring.workflows().restore(who.tenant, workflow, number, api.origin(), api.command_id()))


@api.get("/v1/workflows/<workflow>/export", summary="Export a workflow")
def export(workflow: WorkflowId) -> Export:
    """The draft as a file that another account can import."""
    who = api.require(Scope.READ)
    return Export(definition=wiring.workflows().read(who.tenant, workflow).definition)


def _shown(workflow: Workflow, status: int = 200) -> Response[WorkflowView]:
    return Response(status, JSON, WorkflowView.of(workflow), headers={"ETag": f'"{workflow.revision}"'})


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An API Gateway request in, its answer out."""
    return api.resolve(event, context)
