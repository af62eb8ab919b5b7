"""core.trigger.webhook"""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from penstock.json import JSON, JSONObject
from penstock.workflows.node import Call, Emit, Kind, NodeParameters, Outcome, node_type

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "x-api-key", "cookie"})


class Parameters(NodeParameters):
    """Where it listens, and how it answers."""

    path: str = Field(
        max_length=120,
        pattern=r"^[a-z0-9]+(?:[-_/][a-z0-9]+)*$",
        description="The last part of the webhook's URL: lab/results. Small letters and digits, - _ / between them",
    )
    methods: frozenset[Method] = Field(
        default=frozenset({"POST"}), min_length=1, description="The HTTP methods that it answers to"
    )
    respond: Literal["immediately", "when_done", "respond_node"] = Field(
        default="immediately",
        description="immediately: 202 with the execution's id; when_done: the last node's items, when the execution "
        "has ended; respond_node: what a respond node says",
    )
    authentication: Literal["none", "api_key"] = Field(
        default="api_key", description="none: anyone who knows the URL may call it; api_key: callers need an API key"
    )


def accepts(parameters: Parameters, method: str, path: str) -> bool:
    """Whether the trigger is meant by a request; `path` is what follows the webhooks' common prefix."""
    return path.strip("/") == parameters.path and method.upper() in parameters.methods


def request_item(
    method: str, path: str, headers: Mapping[str, str], query: Mapping[str, str], body: JSON
) -> JSONObject:
    """The item that a request becomes. Header names are in lower case; credentials are left out of it."""
    lower = {name.lower(): value for name, value in headers.items()}
    kept = {name: value for name, value in lower.items() if name not in SECRET_HEADERS}
    return {"method": method.upper(), "path": path.strip("/"), "headers": kept, "query": dict(query), "body": body}


@node_type("core.trigger.webhook", kind=Kind.TRIGGER, parameters=Parameters, per_item=False)
def webhook_trigger(call: Call[Parameters]) -> Outcome:
    """Start when an HTTP request comes in.

    Emits one item with the request's `method`, `path`, `headers`, `query` and `body`. Credentials are not in it.
    """
    return Emit.main(call.items)
