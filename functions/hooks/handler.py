"""Webhooks that start workflows, and callbacks that carry waiting executions on; their URLs let callers in."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body

from penstock.api.application import Api
from penstock.api.problems import TooLarge
from penstock.api.resources.hooks import (
    LARGEST_PAYLOAD,
    Asked,
    ExecutionId,
    HookPath,
    Started,
    Tenant,
    Token,
    answered,
    asked,
    body_of,
    check,
    waiting_for,
)
from penstock.api.wiring import authenticate
from penstock.aws import wiring
from penstock.events import StreamId
from penstock.identity.model import Scope, Unauthenticated
from penstock.json import JSONObject
from penstock.nodes.webhook_trigger import request_item
from penstock.workflows.errors import UnknownCallback, UnknownExecution
from penstock.workflows.execution.events import EVENTS
from penstock.workflows.execution.ports import within
from penstock.workflows.execution.state import Execution
from penstock.workflows.triggers import execution_id
from penstock.workflows.webhooks import Webhook, find

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
LONGEST_WAIT = 20
CALLBACK_WAIT = 5
"""Seconds that an execution is carried on within the request; the queue does the rest."""

api = Api("Webhooks and callbacks", authenticate=authenticate, is_public=True)


@api.route("/v1/hooks/<tenant>/<path>", METHODS, summary="Call a webhook", enable_validation=True)
def receive(tenant: Tenant, path: HookPath) -> Response[Any]:
    """Start the published workflow whose webhook trigger has this path; the trigger says how it answers."""
    webhook = find(wiring.views(), tenant, api.current_event.http_method, path)
    actor = _caller(webhook)
    key = api.idempotency_key()
    execution = wiring.engine().start(
        webhook.start(_item(path)),
        api.origin(actor),
        within(0 if webhook.parameters.respond == "immediately" else LONGEST_WAIT),
        execution_id(key, webhook.workflow, webhook.node) if key else None,
    )
    return answered(webhook.parameters.respond, execution)


@api.get("/v1/callbacks/<tenant>/<execution>/<token>", summary="Read what a callback is for")
def read(tenant: Tenant, execution: ExecutionId, token: Token) -> Asked:
    """What is asked, and until when. Nothing happens."""
    state = _load(StreamId(tenant, EVENTS.kind, execution))
    return asked(state, waiting_for(state, token))


@api.post("/v1/callbacks/<tenant>/<execution>/<token>", summary="Call back")
def call_back(
    tenant: Tenant,
    execution: ExecutionId,
    token: Token,
    payload: Annotated[
        list[Any] | dict[str, Any] | str | float | bool | None,
        Body(description="What the waiting run is given; of an approval the decision"),
    ] = None,
) -> Started:
    """Carry the waiting run on with a payload. It can be done once."""
    if len(api.current_event.body or "") > LARGEST_PAYLOAD:
        raise TooLarge(LARGEST_PAYLOAD)
    stream = StreamId(tenant, EVENTS.kind, execution)
    waiting = waiting_for(_load(stream), token)
    check(waiting, payload)
    origin = api.origin(f"callback:{waiting.run.node}")
    state = wiring.engine().signal(stream, token, payload, origin, within(CALLBACK_WAIT))
    return Started(execution=execution, status=state.status)


def _caller(webhook: Webhook) -> str:
    """Who calls. A key of another tenant is no key here. Raises Unauthenticated, Forbidden."""
    if webhook.parameters.authentication == "none":
        return f"webhook:{webhook.node}"
    who = api.require(Scope.RUN)
    if who.tenant != webhook.tenant:
        raise Unauthenticated("the API key does not hold")
    return who.actor


def _item(path: str) -> JSONObject:
    request = api.current_event
    content_type = api.headers().get("content-type", "")
    body = body_of(request.body, content_type, is_base64=bool(request.is_base64_encoded))
    return request_item(request.http_method, path, api.headers(), request.query_string_parameters or {}, body)


def _load(stream: StreamId) -> Execution:
    try:
        return wiring.engine().load(stream)
    except UnknownExecution:
        raise UnknownCallback() from None


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An API Gateway request in, its answer out."""
    return api.resolve(event, context)
