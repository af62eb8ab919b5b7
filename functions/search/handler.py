"""Search: workflows, node types, executions and errors, found by words."""

from typing import Any

from penstock.api.application import Api
from penstock.api.resources.search import Cursor, Facets, Found, Limit, Status, Text, Type, Workflow, asked
from penstock.api.wiring import authenticate
from penstock.aws import wiring
from penstock.identity.model import Scope

api = Api("Search", authenticate=authenticate)


@api.get("/v1/search", summary="Search")
def search(
    q: Text = "",
    kind: Type = None,
    status: Status = None,
    workflow: Workflow = None,
    facets: Facets = "",
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Found:
    """Workflows, node types, executions and their errors, the best first, slips of the finger forgiven.

    A change shows here some seconds after it was made.
    """
    who = api.require(Scope.READ)
    query = asked(q, {"type": kind, "status": status, "workflow": workflow}, facets, limit, cursor)
    return Found.of(query, wiring.search().search(who.tenant, query))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An API Gateway request in, its answer out."""
    return api.resolve(event, context)
