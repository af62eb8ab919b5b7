"""FHIR R4's RESTful API: read, history, search, create, update, delete, batches and transactions."""

from typing import Annotated, Any
from urllib.parse import parse_qsl

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path

from penstock.api.wiring import authenticate
from penstock.aws import wiring
from penstock.identity.model import Principal, Scope
from penstock.json import JSONObject
from penstock_healthcare.api.fhir import MEDIA_TYPE, FhirApi, answer, shown
from penstock_healthcare.api.fhir_bundles import history
from penstock_healthcare.api.fhir_capabilities import capabilities
from penstock_healthcare.api.fhir_exchange import Exchange
from penstock_healthcare.api.fhir_searching import Searches
from penstock_healthcare.fhir.accepting import addressed, checked, known
from penstock_healthcare.fhir.errors import InvalidBundle
from penstock_healthcare.fhir.interactions import Interactions
from penstock_healthcare.fhir.resources import Resources
from penstock_healthcare.fhir.search.finding import Finder
from penstock_healthcare.fhir.subscriptions.headers import ChannelHeaders
from penstock_healthcare.fhir.subscriptions.keeping import Keeping
from penstock_healthcare.fhir.transactions import entries

api = FhirApi("FHIR", authenticate=authenticate)
TypeName = Annotated[str, Path(pattern=r"^[A-Z][A-Za-z]{1,63}$", description="The resource type: Observation")]
Id = Annotated[str, Path(pattern=r"^[A-Za-z0-9.-]{1,64}$", description="The resource's id")]
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
    if any(entry.method == "GET" for entry in entries(sent)):
        api.require(Scope.READ)
    return answer(Exchange(_interactions(who), lambda url: _read_at(who, url), api.refused).answer(sent))


@api.get("/v1/healthcare/fhir/<resource_type>", summary="Search resources of a type")
def search(resource_type: TypeName) -> Response[str]:
    """A searchset Bundle by R4's search parameters of the type, changed last first without `_sort`.

    `_count`, `_sort`, `_include`, `_revinclude`, `_total` and `_summary=count` too; `Prefer: handling=strict` refuses
    parameters that are not known. A change shows here a moment after it was made.
    """
    return answer(_searches(api.require(Scope.READ)).search(resource_type, api.pairs(), strict=_is_strict()))


@api.post("/v1/healthcare/fhir/<resource_type>/_search", summary="Search resources of a type by a form")
def search_by_form(resource_type: TypeName) -> Response[str]:
    """As a search by URL, with parameters in the body too, so that they are in no log of URLs."""
    who = api.require(Scope.READ)
    return answer(_searches(who).search(resource_type, [*api.pairs(), *api.form()], strict=_is_strict()))


@api.post("/v1/healthcare/fhir/<resource_type>", summary="Create a resource", status_code=201)
def create(resource_type: TypeName) -> Response[str]:
    """Keep a resource under an id of its own; with `If-None-Exist`, only if none meets that search."""
    interactions = _interactions(api.require(Scope.WRITE))
    resource = checked(addressed(api.resource(), known(resource_type), None))
    return api.written(interactions.create(resource, api.headers().get("if-none-exist")))


@api.put("/v1/healthcare/fhir/<resource_type>", summary="Update the resource that meets a search")
def update_where(resource_type: TypeName) -> Response[str]:
    """Update the one that the query finds, create it where there is none; several are refused (412)."""
    interactions = _interactions(api.require(Scope.WRITE))
    resource = checked(addressed(api.resource(), known(resource_type), None))
    return api.written(interactions.update_where(resource, api.condition(), api.revision()))


@api.get("/v1/healthcare/fhir/<resource_type>/<resource_id>", summary="Read a resource")
def read(resource_type: TypeName, resource_id: Id) -> Response[str]:
    """Its newest version."""
    who = api.require(Scope.READ)
    return shown(_resources().get(who.tenant, resource_type, resource_id))


@api.put("/v1/healthcare/fhir/<resource_type>/<resource_id>", summary="Update a resource")
def update(resource_type: TypeName, resource_id: Id) -> Response[str]:
    """Keep it as the newest version, the first where there is none; with `If-Match`, only after that version."""
    interactions = _interactions(api.require(Scope.WRITE))
    resource = checked(addressed(api.resource(), known(resource_type), resource_id))
    return api.written(interactions.update(resource, resource_id, api.revision()))


@api.delete("/v1/healthcare/fhir/<resource_type>/<resource_id>", summary="Delete a resource", status_code=204)
def delete(resource_type: TypeName, resource_id: Id) -> Response[str]:
    """Let there be no newest version; its history stays."""
    interactions = _interactions(api.require(Scope.WRITE))
    interactions.delete(known(resource_type), resource_id, api.revision())
    return Response(204, MEDIA_TYPE, "")


@api.get("/v1/healthcare/fhir/<resource_type>/<resource_id>/_history", summary="Read a resource's history")
def versions(resource_type: TypeName, resource_id: Id) -> Response[str]:
    """A history Bundle of every version, newest first."""
    who = api.require(Scope.READ)
    return answer(history(api.base(), _resources().history(who.tenant, resource_type, resource_id)))


@api.get("/v1/healthcare/fhir/<resource_type>/<resource_id>/_history/<version>", summary="Read a version of a resource")
def version(resource_type: TypeName, resource_id: Id, version: Annotated[int, Path(ge=1)]) -> Response[str]:
    """One version."""
    who = api.require(Scope.READ)
    return shown(_resources().get(who.tenant, resource_type, resource_id, version))


@api.get("/v1/healthcare/fhir/Patient/<resource_id>/<operation>", summary="Read all that there is about a patient")
def everything(resource_id: Id, operation: Operation) -> Response[str]:  # noqa: ARG001 - the path's pattern says which
    """The patient, what is filed under them, and what that refers to, in pages of `_count`; `_type` selects types."""
    return answer(_searches(api.require(Scope.READ)).everything(resource_id, api.pairs()))


def _resources() -> Resources:
    return Resources(wiring.events())


def _searches(who: Principal) -> Searches:
    return Searches(_resources(), Finder(wiring.views(), who.tenant), api.base())


def _interactions(who: Principal) -> Interactions:
    finder = Finder(wiring.views(), who.tenant)
    return Interactions(_resources(), finder, api.origin(), api.command_id(), keeper=_keeping(who, finder))


def _keeping(who: Principal, finder: Finder) -> Keeping:
    webhooks = wiring.webhooks()
    headers = ChannelHeaders(wiring.events(), webhooks.seal)
    return Keeping(headers, finder, webhooks.guard, api.origin(), may_send=who.may(Scope.ADMIN))


def _read_at(who: Principal, url: str) -> JSONObject:
    """What a relative URL of a Bundle reads: a resource, or a search. Raises InvalidBundle."""
    path, _, query = url.partition("?")
    match path.split("/"):
        case [kind]:
            return _searches(who).search(kind, parse_qsl(query, keep_blank_values=True), strict=_is_strict())
        case [kind, name]:
            return _resources().get(who.tenant, kind, name).resource
    raise InvalidBundle("Bundle.entry.request.url", "is none that GET is served for in a Bundle")


def _is_strict() -> bool:
    return api.preference("handling") == "strict"


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An API Gateway request in, its answer out."""
    return api.resolve(event, context)
