"""Event types as JSON Schemas: draft 4 for the registry, and what is told of old versions."""

from dataclasses import dataclass
from datetime import UTC, datetime

import jsonschema
import pytest

from penstock.api.resources.event_types import shown
from penstock.events import Event, Origin, StreamId
from penstock.events.publishing import message
from penstock.events.schemas import bus_schema, draft_4, example
from penstock.events.shapes import known_types
from penstock.events.types import EventTypes
from penstock.json import JSONObject, loads

ALL = [(types, name) for types in known_types() for name in sorted(types.types)]
ORDER = EventTypes("order")


@dataclass(frozen=True, slots=True)
class Line:
    """A line."""

    sku: str


@ORDER.type
@dataclass(frozen=True, slots=True)
class OrderPlaced:
    """Somebody ordered.

    More about it.
    """

    lines: list[Line]
    quantity: int | None = None


@ORDER.upcaster("OrderPlaced", 1)
def _(data: JSONObject) -> JSONObject:
    """One article became lines."""
    return {"lines": [{"sku": data["sku"]}]}


@pytest.mark.parametrize(("types", "name"), ALL, ids=[f"{types.kind}.{name}" for types, name in ALL])
def test_every_type_has_a_schema_of_draft_4_for_the_bus(types: EventTypes, name: str) -> None:
    schema = bus_schema(types, name)
    jsonschema.Draft4Validator.check_schema(schema)
    assert not {"$defs", "const", "prefixItems"} & _words(schema)


def _words(schema: object) -> set[str]:
    if isinstance(schema, list):
        return {word for each in schema for word in _words(each)}
    if not isinstance(schema, dict):
        return set()
    return {*schema, *(word for each in schema.values() for word in _words(each))}


def test_what_is_put_on_the_bus_fits_and_another_type_does_not() -> None:
    data = {"lines": [{"sku": "pump"}]}
    event = Event(
        StreamId("acme", "order", "o-1"),
        1,
        "OrderPlaced",
        2,
        datetime(2026, 11, 24, tzinfo=UTC),
        data,
        Origin("a", "c"),
    )
    validator = jsonschema.Draft4Validator(bus_schema(ORDER, "OrderPlaced"))
    around = {"version": "0", "id": "1", "account": "0", "time": "2026-11-24T00:00:00Z", "region": "x", "resources": []}
    sent = {**around, "detail-type": "OrderPlaced", "source": "penstock", "detail": loads(message(event).detail)}
    validator.validate(sent)
    assert not validator.is_valid({**sent, "detail-type": "OrderGone"})
    assert not validator.is_valid({**sent, "detail": {**sent["detail"], "version": "one"}})
    assert not validator.is_valid({**sent, "detail": {**sent["detail"], "data": {"lines": ["pump"]}}})


@pytest.mark.parametrize(
    ("newer", "older"),
    [
        ({"const": 1}, {"enum": [1]}),
        ({"exclusiveMinimum": 0}, {"minimum": 0, "exclusiveMinimum": True}),
        ({"exclusiveMaximum": 9}, {"maximum": 9, "exclusiveMaximum": True}),
        ({"prefixItems": [{"const": 1}]}, {"items": [{"enum": [1]}], "additionalItems": False}),
        ({"properties": {"const": {"type": "string"}}}, {"properties": {"const": {"type": "string"}}}),
    ],
)
def test_newer_words_are_said_in_older_ones(newer: JSONObject, older: JSONObject) -> None:
    assert draft_4(newer) == older


def test_a_type_is_shown_with_the_versions_that_are_stored_and_what_lies_between() -> None:
    found = shown(ORDER, "OrderPlaced", {"order": {"OrderPlaced": {"1": {"sku": "str"}}}})
    assert [(each.version, each.fields.keys()) for each in found.versions] == [(1, {"sku"}), (2, {"lines", "quantity"})]
    assert [(each.from_version, each.to_version, each.description) for each in found.upcasters] == [
        (1, 2, "One article became lines.")
    ]
    assert (found.summary, found.description, found.schema_version) == ("Somebody ordered.", "More about it.", 2)
    assert found.example == {"lines": [{"sku": "text"}], "quantity": 1}


def test_an_example_takes_the_default_and_the_first_choice() -> None:
    schema = {"type": "object", "properties": {"a": {"default": 7}, "b": {"enum": ["x", "y"]}, "c": {"type": "array"}}}
    assert example(schema) == {"a": 7, "b": "x", "c": []}
