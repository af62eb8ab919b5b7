"""Node types: the catalogue with its JSON Schemas."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Query

from penstock.api.application import Api
from penstock.api.problems import NotFound
from penstock.api.resources.node_types import NodeTypes, NodeTypeView, TypeName, chosen
from penstock.api.wiring import authenticate
from penstock.identity.model import Scope
from penstock.workflows.catalogue import catalogue
from penstock.workflows.node import Kind

api = Api("Node types", authenticate=authenticate)


@api.get("/v1/node-types", summary="List node types")
def browse(
    kind: Annotated[Kind | None, Query(description="Only this kind")] = None,
    wing: Annotated[str | None, Query(max_length=60, description="Only this wing's: core, healthcare …")] = None,
    q: Annotated[str | None, Query(max_length=200, description="Only those that mention this text")] = None,
) -> NodeTypes:
    """What workflows are made of, by name; each with the JSON Schema of its parameters."""
    api.require(Scope.READ)
    return chosen(catalogue().values(), kind, wing, q)


@api.get("/v1/node-types/<name>", summary="Read a node type")
def read(name: TypeName) -> NodeTypeView:
    """One type of the catalogue."""
    api.require(Scope.READ)
    if name not in catalogue():
        raise NotFound(f"node type {name}")
    return NodeTypeView.of(catalogue()[name])


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An API Gateway request in, its answer out."""
    return api.resolve(event, context)
