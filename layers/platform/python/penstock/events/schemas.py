"""The shapes of events as JSON Schemas: for documents, for the bus's schema registry, and for whoever asks.

An event on the bus is what EventBridge makes of it: the envelope is its `detail`, the type its `detail-type`.
"""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import TypeAdapter

from penstock.events.types import EventTypes
from penstock.json import JSON, JSONObject

DRAFT_4 = "http://json-schema.org/draft-04/schema#"
SOURCE = "penstock"
_TEXT = {"type": "string"}
ENVELOPE: JSONObject = {
    "id": {**_TEXT, "description": "tenant#kind#key@version: derived, unique"},
    "stream": {**_TEXT, "description": "tenant#kind#key"},
    "tenant": _TEXT,
    "kind": _TEXT,
    "key": _TEXT,
    "version": {"type": "integer", "minimum": 1, "description": "Counts from 1 within the stream"},
    "type": _TEXT,
    "schema": {"type": "integer", "minimum": 1, "description": "The version of the shape of `data`"},
    "time": {**_TEXT, "format": "date-time"},
    "actor": {**_TEXT, "description": "Who did it"},
    "correlation": {**_TEXT, "description": "The business transaction that it belongs to"},
    "causation": {"type": ["string", "null"], "description": "The event or request that caused it"},
}
"""An event without its data, as the bus and the archive tell it."""

_BY_EVENTBRIDGE: JSONObject = {
    "version": _TEXT,
    "id": _TEXT,
    "account": _TEXT,
    "time": {**_TEXT, "format": "date-time"},
    "region": _TEXT,
    "resources": {"type": "array", "items": _TEXT},
}
_EXAMPLES: Mapping[str, JSON] = {"integer": 1, "number": 1.5, "boolean": True, "string": "text", "null": None}


def data_schema(types: EventTypes, name: str, refs: str = "#/$defs/{model}") -> JSONObject:
    """The JSON Schema (2020-12) of the data of an event type; `refs` is where its definitions are found."""
    return TypeAdapter(types.types[name]).json_schema(ref_template=refs)


def summary(event_type: type) -> tuple[str, str]:
    """What the type's docstring says first, and the rest."""
    first, _, rest = (inspect.getdoc(event_type) or "").partition("\n")
    return first, rest.strip()


def schema_name(kind: str, name: str) -> str:
    """What the registry calls the schema of an event type."""
    return f"{SOURCE}.{kind}@{name}"


def bus_schema(types: EventTypes, name: str) -> JSONObject:
    """The JSON Schema (draft 4) of an event of the type as the bus hands it over. Only some kinds carry `data`."""
    data = data_schema(types, name, "#/definitions/{model}")
    definitions = data.pop("$defs", {})
    detail = {
        "type": "object",
        "required": list(ENVELOPE),
        "properties": {**ENVELOPE, "type": {"enum": [name]}, "kind": {"enum": [types.kind]}, "data": data},
    }
    known = {"detail-type": {"type": "string", "enum": [name]}, "source": {"type": "string", "enum": [SOURCE]}}
    properties = {**_BY_EVENTBRIDGE, **known, "detail": detail}
    document = {
        "$schema": DRAFT_4,
        "title": schema_name(types.kind, name),
        "description": summary(types.types[name])[0],
        "type": "object",
        "required": list(properties),
        "properties": properties,
        **({"definitions": definitions} if definitions else {}),
    }
    found: JSONObject = draft_4(document)
    return found


def draft_4(schema: JSON) -> JSON:
    """A schema of draft 2020-12, as pydantic makes them, in the words of draft 4."""
    if isinstance(schema, list):
        return [draft_4(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    renamed = {name: draft_4(value) for name, value in schema.items()}
    for name, rename in _OLDER.items():
        if name in schema and not isinstance(schema[name], dict):
            renamed.pop(name)
            renamed.update(rename(schema[name]))
    return renamed


_OLDER: Mapping[str, Callable[[Any], JSONObject]] = {
    "const": lambda value: {"enum": [value]},
    "exclusiveMinimum": lambda value: {"minimum": value, "exclusiveMinimum": True},
    "exclusiveMaximum": lambda value: {"maximum": value, "exclusiveMaximum": True},
    "prefixItems": lambda value: {"items": draft_4(value), "additionalItems": False},
    "examples": lambda _: {},
}
"""Keywords by what draft 4 says instead; a property that has such a name is an object, and is left alone."""


def example(schema: JSONObject, root: JSONObject | None = None) -> JSON:
    """A value that fits a schema of `data_schema`: the default where there is one, and one of each list."""
    whole = root if root is not None else schema
    if "$ref" in schema:
        return example(whole["$defs"][schema["$ref"].rpartition("/")[2]], whole)
    given = [schema[name] for name in ("default", "const") if schema.get(name) is not None]
    if given:
        return given[0]
    if choices := schema.get("anyOf"):
        return example(choices[0], whole)
    if values := schema.get("enum"):
        return values[0]
    return _of_type(schema, whole)


def _of_type(schema: JSONObject, whole: JSONObject) -> JSON:
    match schema.get("type"):
        case "object":
            return {name: example(each, whole) for name, each in schema.get("properties", {}).items()}
        case "array":
            return [example(schema["items"], whole)] if schema.get("items") else []
        case kind:
            return _EXAMPLES.get(str(kind))
