"""The AsyncAPI 3 document of all stored events, made from their types: one channel a kind of stream.

`python -m penstock.events.asyncapi FILE` writes it; a test says when what is committed has drifted from the code.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

import orjson

from penstock.events.schemas import ENVELOPE, data_schema, summary
from penstock.events.shapes import known_types
from penstock.events.types import EventTypes
from penstock.json import JSONObject


def document(types: Iterable[EventTypes]) -> JSONObject:
    """The document. Every message is an event as the bus tells it; it carries the `data` of some kinds only."""
    known = list(types)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Penstock events",
            "version": "1",
            "description": "What is stored, in order, for ever. The EventBridge bus tells of every event as it is "
            "stored, under its type as detail-type and without its data; the data is read from the stream.",
        },
        "defaultContentType": "application/json",
        "channels": {each.kind: _channel(each) for each in known},
        "operations": {f"hear_{each.kind}": _operation(each.kind) for each in known},
        "components": {
            "messages": {f"{each.kind}.{name}": _message(each, name) for each in known for name in sorted(each.types)}
        },
    }


def rendered(found: JSONObject) -> bytes:
    """The document as it is committed."""
    return orjson.dumps(found, option=orjson.OPT_INDENT_2) + b"\n"


def _channel(types: EventTypes) -> JSONObject:
    messages = {name: {"$ref": f"#/components/messages/{types.kind}.{name}"} for name in sorted(types.types)}
    return {"address": "penstock-{stage}", "parameters": {"stage": {}}, "messages": messages}


def _operation(kind: str) -> JSONObject:
    return {"action": "receive", "channel": {"$ref": f"#/channels/{kind}"}, "summary": f"Hear what happens to {kind}s"}


def _message(types: EventTypes, name: str) -> JSONObject:
    told, details = summary(types.types[name])
    data = data_schema(types, name, f"#/components/messages/{types.kind}.{name}/$defs/{{model}}")
    properties = {**ENVELOPE, "type": {"const": name}, "kind": {"const": types.kind}, "data": data}
    return {
        "name": name,
        "title": f"{name}, schema version {types.schema(name)}",
        "summary": told,
        **({"description": details} if details else {}),
        "payload": {"type": "object", "required": list(ENVELOPE), "properties": properties},
    }


def main() -> None:
    """Write the document to the file named on the command line."""
    Path(sys.argv[1]).write_bytes(rendered(document(known_types())))


if __name__ == "__main__":
    main()
