"""The real endpoints behind an httpx transport: what the command line gets is what the handlers answer."""

import json
from collections.abc import Mapping
from typing import Any

import httpx

from infra.definition import ApiTrigger
from infra.functions import discover
from tests.functions.cloud import ROOT, Cloud

URL = "http://platform.test"
FUNCTIONS: Mapping[str, str] = {
    path: function.name
    for function in discover(ROOT / "functions")
    if isinstance(function.trigger, ApiTrigger)
    for path in function.trigger.paths
}


def transport(cloud: Cloud) -> httpx.MockTransport:
    """Hands each request to the function that its path belongs to, after the projector has caught up."""

    def handle(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        function = FUNCTIONS[max((known for known in FUNCTIONS if path.startswith(known)), key=len)]
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
