"""Event types as the API shows them."""

import inspect
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import BaseModel, Field

from penstock.events import types as events
from penstock.events.publishing import PUBLISHED_KINDS
from penstock.events.schemas import data_schema, example, summary
from penstock.events.shapes import Shapes, merged, shapes

KindName = Annotated[str, Path(max_length=200, description="The kind of stream: workflow, execution …")]
EventTypeName = Annotated[str, Path(max_length=200, description="The type's name: WorkflowPublished")]


class EventTypeSummary(BaseModel):
    """An event type as it is listed."""

    kind: str
    name: str
    summary: str
    schema_version: int = Field(description="Of the events that are stored now")


class EventTypes(BaseModel):
    """All of them, or those of one kind of stream."""

    items: list[EventTypeSummary]


class VersionView(BaseModel):
    """A version of a type's shape."""

    version: int
    fields: dict[str, str] = Field(description="The fields that it has, with their types")


class UpcasterView(BaseModel):
    """What turns an event of a version into one of the next, when it is read."""

    from_version: int
    to_version: int
    description: str


class EventTypeView(EventTypeSummary):
    """An event type with all of its versions."""

    description: str
    is_published: bool = Field(description="Whether the bus carries its data, and not its envelope only")
    versions: list[VersionView]
    upcasters: list[UpcasterView]
    data_schema: dict[str, Any] = Field(description="The JSON Schema of the data in the newest version")
    example: dict[str, Any] = Field(description="Data that fits it")


def listed(known: Iterable[events.EventTypes], kind: str | None) -> EventTypes:
    """The types of a kind, or all of them."""
    return EventTypes(
        items=[
            EventTypeSummary(**_told(types, name))
            for types in known
            if kind in (None, types.kind)
            for name in sorted(types.types)
        ]
    )


def shown(types: events.EventTypes, name: str, stored: Shapes) -> EventTypeView:
    """One type, with the versions of it that are stored."""
    versions = merged(stored, shapes([types]))[types.kind][name]
    schema = data_schema(types, name)
    return EventTypeView(
        **_told(types, name),
        description=summary(types.types[name])[1],
        is_published=types.kind in PUBLISHED_KINDS,
        versions=[VersionView(version=int(each), fields=dict(versions[each])) for each in sorted(versions, key=int)],
        upcasters=[
            UpcasterView(from_version=each, to_version=each + 1, description=inspect.getdoc(upcaster) or "")
            for each, upcaster in sorted(types.upcasters(name).items())
        ],
        data_schema=schema,
        example=example(schema),
    )


def _told(types: events.EventTypes, name: str) -> Mapping[str, Any]:
    return {
        "kind": types.kind,
        "name": name,
        "summary": summary(types.types[name])[0],
        "schema_version": types.schema(name),
    }
