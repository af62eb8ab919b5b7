"""Event types: what is stored, every version of it, what turns an old one into a new one, and an example."""

from pathlib import Path
from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Query

from penstock.api.application import Api
from penstock.api.problems import NotFound
from penstock.api.resources.event_types import EventTypeName, EventTypes, EventTypeView, KindName, listed, shown
from penstock.api.wiring import authenticate
from penstock.events.shapes import known_types
from penstock.identity.model import Scope
from penstock.json import loads

api = Api("Event types", authenticate=authenticate)
STORED = Path(__file__).with_name("shapes.json")


@api.get("/v1/event-types", summary="List event types")
def browse(
    kind: Annotated[str | None, Query(max_length=200, description="Only of this kind of stream")] = None,
) -> EventTypes:
    """Everything that is ever stored, by kind of stream and name."""
    api.require(Scope.READ)
    return listed(known_types(), kind)


@api.get("/v1/event-types/<kind>/<event_type>", summary="Read an event type")
def read(kind: KindName, event_type: EventTypeName) -> EventTypeView:
    """The fields of each version that was ever stored, the JSON Schema of the newest, and an example of its data."""
    api.require(Scope.READ)
    for types in known_types():
        if types.kind == kind and event_type in types.types:
            return shown(types, event_type, loads(STORED.read_bytes()))
    raise NotFound(f"event type {kind} {event_type}")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An API Gateway request in, its answer out."""
    return api.resolve(event, context)
