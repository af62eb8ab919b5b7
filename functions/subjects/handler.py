"""Data subjects: what is linked with a person, and making it unreadable for good.

A person is asked for in a request's body only: paths end in the logs of whoever they pass.
"""

from typing import Annotated, Any, Literal

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.content_types import APPLICATION_JSON as JSON
from aws_lambda_powertools.event_handler.openapi.params import Body, Query

from penstock.api.application import Api
from penstock.api.resources.paging import Cursor, Limit, Page, filtered, page
from penstock.api.resources.subjects import Forget, SubjectId, SubjectQuery, SubjectSummary, SubjectView
from penstock.api.wiring import authenticate
from penstock.aws import wiring
from penstock.identity.model import Scope

api = Api("Data subjects", authenticate=authenticate)


@api.post("/v1/subjects/find", summary="Find a data subject")
def find(query: Annotated[SubjectQuery, Body()]) -> SubjectView:
    """What is linked with the person, and the pseudonym to ask by later. What came in just now may be missing."""
    who = api.require(Scope.ADMIN)
    return SubjectView.of(wiring.subjects().find(who.tenant, query.identifier))


@api.post("/v1/subjects/forget", summary="Forget a data subject")
def forget(order: Annotated[Forget, Body()]) -> Response[SubjectView]:
    """End the keys of all that is linked with the person: what is personal in it is unreadable, for good.

    Within a minute no function can read it any more, within some more no copy of it is left. Asking twice is harmless.
    """
    who = api.require(Scope.ADMIN)
    forgotten = wiring.subjects().forget(who.tenant, order.identifier, order.reason, api.origin())
    return Response(200, JSON, SubjectView.of(wiring.subjects().read(who.tenant, forgotten.id.key)))


@api.get("/v1/subjects", summary="List data subjects")
def browse(
    standing: Annotated[
        Literal["linked", "forgotten"] | None, Query(description="Only those with which something is linked, or not")
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[SubjectSummary]:
    """By pseudonym, the last changed first. A change shows here a moment after it was made."""
    who = api.require(Scope.ADMIN)
    index, prefix = filtered(standing=standing)
    found = wiring.views().list(who.tenant, "subjects", index=index, prefix=prefix, limit=limit, cursor=cursor)
    return page(SubjectSummary, found)


@api.get("/v1/subjects/<subject>", summary="Read a data subject")
def read(subject: SubjectId) -> SubjectView:
    """What is linked with the person of a pseudonym, and whether it was forgotten."""
    who = api.require(Scope.ADMIN)
    return SubjectView.of(wiring.subjects().read(who.tenant, subject))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An API Gateway request in, its answer out."""
    return api.resolve(event, context)
