"""FHIR R4's RESTful API: read, history, search, create, update, delete, batches and transactions."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any
from urllib.parse import parse_qsl

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path

from penstock.api.wiring import authenticate
from penstock.aws import wiring
from penstock.identity.model import Principal, Scope
from penstock.json import JSONObject
from penstock_healthcare.access import asking, showing
from penstock_healthcare.access.asking import Asked
from penstock_healthcare.api.fhir import MEDIA_TYPE, FhirApi, answer
from penstock_healthcare.api.fhir_bundles import history
from penstock_healthcare.api.fhir_capabilities import capabilities
from penstock_healthcare.api.fhir_exchange import Exchange
from penstock_healthcare.api.fhir_searching import Searches
from penstock_healthcare.api.fhir_validation import validated
from penstock_healthcare.api.gate import gate, require
from penstock_healthcare.fhir.accepting import addressed, changeable, checked, known
from penstock_healthcare.fhir.errors import InvalidBundle
from penstock_healthcare.fhir.interactions import Interactions, Written
from penstock_healthcare.fhir.patching import patched
from penstock_healthcare.fhir.resources import Resource, Resources
from penstock_healthcare.fhir.search.finding import Finder
from penstock_healthcare.fhir.subscriptions.headers import ChannelHeaders
from penstock_healthcare.fhir.subscriptions.keeping import Keeping
from penstock_healthcare.fhir.transactions import entries

api = FhirApi("FHIR", authenticate=authenticate, judges_roles=True)
TypeName = Annotated[str, Path(pattern=r"^[A-Z][A-Za-z]{1,63}$", description="The resource type: Observation")]
Id = Annotated[str, Path(pattern=r"^[A-Za-z0-9.-]{1,64}$", description="The resource's id")]
METHODS = {"POST": "create", "PUT": "update", "DELETE": "delete"}
Validation = Annotated[str, Path(pattern=r"^\$validate$", description="`$validate`")]
Operation = Annotated[str, Path(pattern=r"^\$everything$", description="`$everything`")]


@api.get("/v1/healthcare/fhir/metadata", summary="Read what this FHIR endpoint can do")
def metadata() -> Response[str]:
    """The CapabilityStatement."""
    return answer(capabilities(wiring.settings().stage, api.base()))


@api.post("/v1/healthcare/fhir", summary="Send a batch or a transaction")
def exchange() -> Response[str]:
    """A Bundle of requests. A batch's stand alone; a transaction's are all done or none.

    All of a transaction is checked before any of it is written; only a rival who writes in between can cut it off.
    Sent again under its `Idempotency-Key`, it goes on from there.
    """
    who = api.require(Scope.WRITE)
    sent = api.resource()
    for entry in entries(sent):
        if entry.method == "GET":
            gate(api).require(_asked(entry.url), Scope.READ)
        else:
            require(api, METHODS[entry.method], entry.kind, Scope.WRITE, entry.name or "")
    return answer(Exchange(_interactions(who), _read_at, api.refused).answer(sent))


@api.get("/v1/healthcare/fhir/<resource_type>", summary="Search resources of a type")
def search(resource_type: TypeName) -> Response[str]:
    """A searchset Bundle by R4's search parameters of the type, changed last first without `_sort`.

    `_count`, `_sort`, `_include`, `_revinclude`, `_total` and `_summary=count` too; `Prefer: handling=strict` refuses
    parameters that are not known. A change shows here a moment after it was made.
    """
    return answer(_found(resource_type, api.pairs()))


@api.post("/v1/healthcare/fhir/<resource_type>/_search", summary="Search resources of a type by a form")
def search_by_form(resource_type: TypeName) -> Response[str]:
    """As a search by URL, with parameters in the body too, so that they are in no log of URLs."""
    return answer(_found(resource_type, [*api.pairs(), *api.form()]))


@api.post("/v1/healthcare/fhir/<resource_type>", summary="Create a resource", status_code=201)
def create(resource_type: TypeName) -> Response[str]:
    """Keep a resource under an id of its own; with `If-None-Exist`, only if none meets that search."""
    interactions = _writing("create", resource_type)
    resource = checked(addressed(api.resource(), known(resource_type), None))
    return api.written(_met(interactions.create(resource, api.headers().get("if-none-exist"))))


@api.put("/v1/healthcare/fhir/<resource_type>", summary="Update the resource that meets a search")
def update_where(resource_type: TypeName) -> Response[str]:
    """Update the one that the query finds, create it where there is none; several are refused (412)."""
    interactions = _writing("update", resource_type)
    resource = checked(addressed(api.resource(), changeable(resource_type), None))
    return api.written(interactions.update_where(resource, api.condition(), api.revision()))


@api.get("/v1/healthcare/fhir/<resource_type>/<resource_id>", summary="Read a resource")
def read(resource_type: TypeName, resource_id: Id) -> Response[str]:
    """Its newest version; 304 where `If-None-Match` or `If-Modified-Since` says that it is known."""
    return api.shown(_one(asking.read(resource_type, resource_id)))


@api.put("/v1/healthcare/fhir/<resource_type>/<resource_id>", summary="Update a resource")
def update(resource_type: TypeName, resource_id: Id) -> Response[str]:
    """Keep it as the newest version, the first where there is none; with `If-Match`, only after that version."""
    interactions = _writing("update", resource_type, resource_id)
    resource = checked(addressed(api.resource(), changeable(resource_type), resource_id))
    return api.written(interactions.update(resource, resource_id, api.revision()))


@api.patch("/v1/healthcare/fhir/<resource_type>/<resource_id>", summary="Change parts of a resource")
def patch(resource_type: TypeName, resource_id: Id) -> Response[str]:
    """A JSON Patch (RFC 6902): all of its operations are done, or none; with `If-Match`, only on that version."""
    interactions, operations = _writing("patch", resource_type, resource_id), api.operations()
    change = partial(patched, operations=operations)
    return api.written(interactions.change(changeable(resource_type), resource_id, change, api.revision()))


@api.delete("/v1/healthcare/fhir/<resource_type>", summary="Delete the resource that meets a search", status_code=204)
def delete_where(resource_type: TypeName) -> Response[str]:
    """Delete the one that the query finds; nothing happens where there is none, several are refused (412)."""
    interactions = _writing("delete", resource_type)
    interactions.delete_where(changeable(resource_type), api.condition(), api.revision())
    return Response(204, MEDIA_TYPE, "")


@api.post("/v1/healthcare/fhir/<resource_type>/<check>", summary="Validate a resource")
def validation(resource_type: TypeName, check: Validation) -> Response[str]:  # noqa: ARG001 - the path's pattern says which
    """What R4 finds wrong with a resource, as an OperationOutcome; nothing is kept.

    The body is the resource, or Parameters with `resource` and, if wanted, `profile`.
    """
    api.require(Scope.READ)
    return answer(validated(api.resource(), known(resource_type)))


@api.delete("/v1/healthcare/fhir/<resource_type>/<resource_id>", summary="Delete a resource", status_code=204)
def delete(resource_type: TypeName, resource_id: Id) -> Response[str]:
    """Let there be no newest version; its history stays."""
    interactions = _writing("delete", resource_type, resource_id)
    interactions.delete(changeable(resource_type), resource_id, api.revision())
    return Response(204, MEDIA_TYPE, "")


@api.get("/v1/healthcare/fhir/<resource_type>/<resource_id>/_history", summary="Read a resource's history")
def versions(resource_type: TypeName, resource_id: Id) -> Response[str]:
    """A history Bundle of every version, newest first."""

    def act() -> JSONObject:
        return history(api.base(), _resources().history(api.principal().tenant, resource_type, resource_id))

    asked = asking.read(resource_type, resource_id, "history-instance")
    return answer(gate(api).read(asked, act, showing.bundle))


@api.get("/v1/healthcare/fhir/<resource_type>/<resource_id>/_history/<version>", summary="Read a version of a resource")
def version(resource_type: TypeName, resource_id: Id, version: Annotated[int, Path(ge=1)]) -> Response[str]:
    """One version."""
    return api.shown(_one(asking.read(resource_type, resource_id, "vread"), version))


@api.get("/v1/healthcare/fhir/Patient/<resource_id>/<operation>", summary="Read all that there is about a patient")
def everything(resource_id: Id, operation: Operation) -> Response[str]:  # noqa: ARG001 - the path's pattern says which
    """The patient, what is filed under them, and what that refers to, in pages of `_count`; `_type` selects types."""

    def act() -> JSONObject:
        return _searches().everything(resource_id, api.pairs())

    return answer(gate(api).read(asking.read("Patient", resource_id, "operation"), act, showing.bundle))


def _resources() -> Resources:
    return Resources(wiring.events())


def _searches() -> Searches:
    return Searches(_resources(), Finder(wiring.views(), api.principal().tenant), api.base())


def _one(asked: Asked, version: int | None = None) -> Resource:
    def act() -> Resource:
        return _resources().get(api.principal().tenant, asked.kind, asked.name, version)

    return gate(api).read(asked, act, lambda found: [showing.resource(found.resource)])


def _found(kind: str, pairs: Sequence[tuple[str, str]]) -> JSONObject:
    def act() -> JSONObject:
        return _searches().search(kind, pairs, strict=api.preference("handling") == "strict")

    return gate(api).read(asking.searched(kind, pairs), act, showing.bundle, leave_out=showing.without)


def _interactions(who: Principal) -> Interactions:
    finder = Finder(wiring.views(), who.tenant)
    return Interactions(_resources(), finder, api.origin(), api.command_id(), keeper=_keeping(who, finder))


def _keeping(who: Principal, finder: Finder) -> Keeping:
    webhooks = wiring.webhooks()
    headers = ChannelHeaders(wiring.events(), webhooks.seal)
    return Keeping(headers, finder, webhooks.guard, api.origin(), may_send=who.may(Scope.ADMIN))


def _writing(interaction: str, kind: str, name: str = "") -> Interactions:
    require(api, interaction, kind, Scope.WRITE, name)
    return _interactions(api.principal())


def _met(done: Written) -> Written:
    """What was created; what a condition found instead was read. Raises AccessRefused."""
    if done.is_created:
        return done
    asked = asking.read(done.resource.stream.key.partition("-")[0], done.resource.name)
    return gate(api).read(asked, lambda: done, lambda found: [showing.resource(found.resource.resource)], Scope.WRITE)


def _read_at(url: str) -> JSONObject:
    """What a relative URL of a Bundle reads: a resource, or a search. Raises InvalidBundle."""
    asked = _asked(url)
    return _one(asked).resource if asked.name else _found(asked.kind, _query(url))


def _asked(url: str) -> Asked:
    match url.partition("?")[0].split("/"):
        case [kind]:
            return asking.searched(kind, _query(url))
        case [kind, name]:
            return asking.read(kind, name)
    raise InvalidBundle("Bundle.entry.request.url", "is none that GET is served for in a Bundle")


def _query(url: str) -> Sequence[tuple[str, str]]:
    return parse_qsl(url.partition("?")[2], keep_blank_values=True)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An API Gateway request in, its answer out."""
    return api.resolve(event, context)
