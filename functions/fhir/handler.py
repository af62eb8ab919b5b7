"""FHIR R4 resources: read, history, search."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from penstock.api.problems import NotFound
from penstock.api.resources.paging import Cursor
from penstock.api.wiring import authenticate
from penstock.aws import wiring
from penstock.events.views import LARGEST_PAGE
from penstock.identity.model import Scope
from penstock.json import JSONObject
from penstock_healthcare.api.fhir import MEDIA_TYPE, FhirApi, capabilities, history, searchset, shown
from penstock_healthcare.fhir.errors import UnknownResource
from penstock_healthcare.fhir.resources import Resources
from penstock_healthcare.fhir.text import write

api = FhirApi("FHIR", authenticate=authenticate)
TypeName = Annotated[str, Path(pattern=r"^[A-Z][A-Za-z]{1,63}$", description="The resource type: Observation")]
Id = Annotated[str, Path(pattern=r"^[A-Za-z0-9.-]{1,64}$", description="The resource's id")]


@api.get("/v1/healthcare/fhir/metadata", summary="Read what this FHIR endpoint can do")
def metadata() -> Response[str]:
    """The CapabilityStatement."""
    return _answer(capabilities(wiring.settings().stage))


@api.get("/v1/healthcare/fhir/<resource_type>", summary="Search resources of a type")
def search(
    resource_type: TypeName,
    patient: Annotated[str | None, Query(max_length=73, description="Only those about this patient")] = None,
    count: Annotated[int, Query(alias="_count", ge=1, le=LARGEST_PAGE, description="How many at most")] = 50,
    cursor: Cursor = None,
) -> Response[str]:
    """A searchset Bundle, changed last first. A change shows here a moment after it was made."""
    who = api.require(Scope.READ)
    about = f"Patient/{patient.removeprefix('Patient/')}" if patient else None
    index, prefix = ("patient", f"{resource_type}|{about}|") if about else ("type", f"{resource_type}|")
    found = wiring.views().list(who.tenant, "fhir_resources", index=index, prefix=prefix, limit=count, cursor=cursor)
    return _answer(searchset(api.base(), resource_type, {"patient": about, "_count": count}, found))


@api.get("/v1/healthcare/fhir/<resource_type>/<resource_id>", summary="Read a resource")
def read(resource_type: TypeName, resource_id: Id) -> Response[str]:
    """Its newest version."""
    who = api.require(Scope.READ)
    try:
        return shown(_resources().get(who.tenant, resource_type, resource_id))
    except UnknownResource as error:
        raise NotFound(error.reference) from None


@api.get("/v1/healthcare/fhir/<resource_type>/<resource_id>/_history", summary="Read a resource's history")
def versions(resource_type: TypeName, resource_id: Id) -> Response[str]:
    """A history Bundle of every version, newest first."""
    who = api.require(Scope.READ)
    try:
        return _answer(history(api.base(), _resources().history(who.tenant, resource_type, resource_id)))
    except UnknownResource as error:
        raise NotFound(error.reference) from None


@api.get("/v1/healthcare/fhir/<resource_type>/<resource_id>/_history/<version>", summary="Read a version of a resource")
def version(resource_type: TypeName, resource_id: Id, version: Annotated[int, Path(ge=1)]) -> Response[str]:
    """One version."""
    who = api.require(Scope.READ)
    try:
        return shown(_resources().get(who.tenant, resource_type, resource_id, version))
    except UnknownResource as error:
        raise NotFound(error.reference) from None


def _resources() -> Resources:
    return Resources(wiring.events())


def _answer(resource: JSONObject) -> Response[str]:
    return Response(200, MEDIA_TYPE, write(resource))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An API Gateway request in, its answer out."""
    return api.resolve(event, context)
