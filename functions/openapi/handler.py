"""The API's description, and whether it is up."""

import os
from pathlib import Path
from typing import Any

from penstock.api.application import Api
from penstock.api.wiring import authenticate
from penstock.json import JSONObject, loads

OPENAPI, ASYNCAPI = (Path(__file__).with_name(name) for name in ("openapi.json", "asyncapi.json"))
api = Api("About", authenticate=authenticate, is_public=True)


@api.get("/v1/openapi.json", summary="Read this description")
def describe() -> JSONObject:
    """The description of the whole API, as OpenAPI 3.1."""
    return _read(OPENAPI)


@api.get("/v1/asyncapi.json", summary="Read the description of all events")
def describe_events() -> JSONObject:
    """The types of all stored events, as AsyncAPI 3."""
    return _read(ASYNCAPI)


@api.get("/v1/health", summary="Ask whether the API is up")
def health() -> dict[str, str]:
    """It is, when this answers."""
    return {"status": "ok", "stage": os.environ.get("PENSTOCK_STAGE", "")}


def _read(file: Path) -> JSONObject:
    found: JSONObject = loads(file.read_bytes())
    return found


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An API Gateway request in, its answer out."""
    return api.resolve(event, context)
