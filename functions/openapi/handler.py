"""The API's description, and whether it is up."""

import os
from pathlib import Path
from typing import Any

from penstock.api.application import Api
from penstock.api.wiring import authenticate
from penstock.json import JSONObject, loads

DOCUMENT = Path(__file__).with_name("openapi.json")
api = Api("About", authenticate=authenticate, is_public=True)


@api.get("/v1/openapi.json", summary="Read this description")
def describe() -> JSONObject:
    """The description of the whole API, as OpenAPI 3.1."""
    found: JSONObject = loads(DOCUMENT.read_bytes())
    return found


@api.get("/v1/health", summary="Ask whether the API is up")
def health() -> dict[str, str]:
    """It is, when this answers."""
    return {"status": "ok", "stage": os.environ.get("PENSTOCK_STAGE", "")}


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An API Gateway request in, its answer out."""
    return api.resolve(event, context)
