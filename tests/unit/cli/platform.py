"""The real endpoints behind an httpx transport: what the command line gets is what the handlers answer."""

import json
from collections.abc import Mapping
from typing import Any

import httpx

from tests.functions.cloud import Cloud

URL = "http://platform.test"
FUNCTIONS: Mapping[str, str] = {
    "/v1/workflows": "workflows",
    "/v1/executions": "executions",
    "/v1/events": "events",
    "/v1/callbacks": "hooks",
    "/v1/healthcare/messages": "hl7_messages",
    "/v1/healthcare/fhir": "fhir",
    "/v1/keys": "keys",
    "/v1/dead-letters": "letters",
}


def transport(cloud: Cloud) -> httpx.MockTransport:
    """Hands each request to the function that its path belongs to, after the projector has caught up."""

    def handle(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        function = next(name for prefix, name in FUNCTIONS.items() if path.startswith(prefix))
        cloud.catch_up()
        answer = cloud.request(
            function,
            request.method,
            path,
            json.loads(request.content) if request.content else None,
            key=request.headers.get("x-api-key", ""),
            query=dict(request.url.params) or None,
            headers={name: value for name, value in request.headers.items() if name == "idempotency-key"},
        )
        return httpx.Response(answer.status, headers=_plain(answer.headers), content=answer.text.encode())

    return httpx.MockTransport(handle)


def _plain(headers: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in headers.items() if name.lower() != "content-length"}
