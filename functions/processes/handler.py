"""Processes: write, publish and adopt definitions; watch, cancel and mend instances."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.content_types import APPLICATION_JSON as JSON
from aws_lambda_powertools.event_handler.openapi.params import Body, Query

from penstock.api.application import Api
from penstock.api.resources.paging import Cursor, Limit, Page, filtered, page
from penstock.api.resources.processes import (
    BuiltInId,
    BuiltInView,
    Decision,
    DefinitionSummary,
    DefinitionView,
    InstanceId,
    InstanceSummary,
    InstanceView,
    ProcessId,
    Undone,
    VersionView,
)
from penstock.api.resources.workflows import Verdict
from penstock.api.wiring import authenticate, once
from penstock.aws import wiring
from penstock.documents.lifecycle import Standing
from penstock.events.aggregate import Loaded
from penstock.identity.model import Scope
from penstock.json import JSONObject
from penstock.processes.lifecycle import Definition
from penstock.processes.state import Process, Status
from penstock.processes.validation import validate

api = Api("Processes", authenticate=authenticate, once=once)
Document = Annotated[JSONObject, Body(description="What starts it, its states and what it reacts to")]


@api.post("/v1/processes", summary="Create a process", status_code=201)
def create(document: Document) -> Response[DefinitionView]:
    """Begin a draft. It starts nothing before it is published."""
    who = api.require(Scope.WRITE)
    return _shown(wiring.processes().create(who.tenant, document, api.origin(), api.command_id()), 201)


@api.get("/v1/processes", summary="List processes")
def browse(
    status: Annotated[Standing | None, Query(description="Only those that stand there")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[DefinitionSummary]:
    """Newest first. A change shows here a moment after it was made."""
    who = api.require(Scope.READ)
    index, prefix = filtered(status=status)
    found = wiring.views().list(
        who.tenant, "process_definitions", index=index, prefix=prefix, limit=limit, cursor=cursor
    )
    return page(DefinitionSummary, found)


@api.post("/v1/processes/validate", summary="Check a process")
def check(document: Document) -> Verdict:
    """What is wrong with a definition, without storing it."""
    api.require(Scope.READ)
    return Verdict.of(validate(document, wiring.processes().catalogue))


@api.get("/v1/processes/library", summary="List the processes that can be adopted")
def library() -> list[BuiltInView]:
    """Those that come with the platform and its wings."""
    api.require(Scope.READ)
    return [BuiltInView.of(process) for process in wiring.processes().library.values()]


@api.post("/v1/processes/library/<built_in>/adopt", summary="Adopt a process of the library")
def adopt(built_in: BuiltInId) -> Response[DefinitionView]:
    """Have it as your own, published as it stands in the library now, and start instances of it."""
    who = api.require(Scope.WRITE)
    return _shown(wiring.processes().adopt(who.tenant, built_in, api.origin(), api.command_id()))


@api.get("/v1/processes/instances", summary="List instances of processes")
def instances(
    process: Annotated[str | None, Query(max_length=200, description="Only this process's")] = None,
    status: Annotated[Status | None, Query(description="Only those that stand there")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[InstanceSummary]:
    """Newest first. A change shows here a moment after it was made."""
    who = api.require(Scope.READ)
    index, prefix = filtered(process=process, status=status)
    found = wiring.views().list(who.tenant, "processes", index=index, prefix=prefix, limit=limit, cursor=cursor)
    return page(InstanceSummary, found)


@api.get("/v1/processes/instances/<instance>", summary="Read an instance of a process")
def instance(instance: InstanceId) -> InstanceView:
    """Where it stands, and what it has done. What happened when is in its events."""
    who = api.require(Scope.READ)
    return InstanceView.of(wiring.processes().read(who.tenant, instance))


@api.post("/v1/processes/instances/<instance>/cancel", summary="Cancel an instance", status_code=202)
def cancel(instance: InstanceId, order: Annotated[Decision, Body()]) -> Response[InstanceView]:
    """Undo what it has done, the last first, and end it."""
    who = api.require(Scope.RUN)
    return _told(wiring.processes().cancel(who.tenant, instance, order.reason, api.origin()))


@api.post("/v1/processes/instances/<instance>/resume", summary="Send an instance on", status_code=202)
def resume(instance: InstanceId, order: Annotated[Decision, Body()]) -> Response[InstanceView]:
    """Let one that waits for a person go on the way it was going; what is stuck is tried again."""
    who = api.require(Scope.RUN)
    return _told(wiring.processes().resume(who.tenant, instance, order.reason, api.origin()))


@api.post("/v1/processes/instances/<instance>/resolve", summary="Say what was undone by hand", status_code=202)
def resolve(instance: InstanceId, order: Annotated[Undone, Body()]) -> Response[InstanceView]:
    """A stuck action was undone outside; the instance goes on from there. The reason stays on record."""
    who = api.require(Scope.RUN)
    return _told(wiring.processes().resolve(who.tenant, instance, order.action, order.reason, api.origin()))


@api.get("/v1/processes/<process>", summary="Read a process")
def read(process: ProcessId) -> Response[DefinitionView]:
    """A definition with its draft."""
    who = api.require(Scope.READ)
    return _shown(wiring.processes().definition(who.tenant, process))


@api.put("/v1/processes/<process>", summary="Change a process")
def change(process: ProcessId, document: Document) -> Response[DefinitionView]:
    """Replace the draft. What is published, and what runs, stays as it is."""
    who = api.require(Scope.WRITE)
    return _shown(
        wiring.processes().change(who.tenant, process, document, api.origin(), api.revision(), api.command_id())
    )


@api.post("/v1/processes/<process>/publish", summary="Publish a process")
def publish(process: ProcessId) -> Response[DefinitionView]:
    """Make the draft a version: from now on events start instances of it. Those that run keep theirs."""
    who = api.require(Scope.WRITE)
    return _shown(wiring.processes().publish(who.tenant, process, api.origin(), api.revision(), api.command_id()))


@api.post("/v1/processes/<process>/archive", summary="Archive a process")
def archive(process: ProcessId) -> Response[DefinitionView]:
    """Start no more. What runs goes on, and it can be published again."""
    who = api.require(Scope.WRITE)
    return _shown(wiring.processes().archive(who.tenant, process, api.origin(), api.command_id()))


@api.get("/v1/processes/<process>/versions", summary="List published versions of a process")
def versions(process: ProcessId) -> list[VersionView]:
    """Every published version, newest first."""
    who = api.require(Scope.READ)
    known = wiring.processes().definition(who.tenant, process).versions
    return [VersionView.of(version) for version in reversed(known)]


def _shown(known: Definition, status: int = 200) -> Response[DefinitionView]:
    return Response(status, JSON, DefinitionView.of(known), headers={"ETag": f'"{known.revision}"'})


def _told(loaded: Loaded[Process]) -> Response[InstanceView]:
    return Response(202, JSON, InstanceView.of(loaded))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An API Gateway request in, its answer out."""
    return api.resolve(event, context)
