"""Webhooks and callbacks: how their requests are read, and what is answered."""

import base64
from collections.abc import Callable, Mapping
from secrets import compare_digest
from typing import Annotated, Any
from urllib.parse import parse_qsl

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.content_types import APPLICATION_JSON
from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import BaseModel, Field, ValidationError

from penstock.api.problems import ExecutionDidNotAnswer, InvalidRequest
from penstock.clock import from_millis, iso
from penstock.json import JSON, dumps, loads
from penstock.nodes.approval import Decision
from penstock.workflows.errors import UnknownCallback
from penstock.workflows.execution.state import Execution, Status, Waiting

LARGEST_PAYLOAD = 1_000_000
"""Characters of a callback's body."""

Tenant = Annotated[str, Path(min_length=1, max_length=200, description="Whose it is")]
HookPath = Annotated[str, Path(max_length=200, description="The webhook trigger's path: lab/results")]
Token = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,200}$", description="The run's token")]
ExecutionId = Annotated[str, Path(min_length=1, max_length=200, description="The execution's id")]


class Started(BaseModel):
    """The execution that a webhook started."""

    execution: str
    status: Status


class Asked(BaseModel):
    """What a callback is for."""

    execution: str
    node: str
    until: str | None = Field(description="Until when it waits")
    details: dict[str, Any] = Field(description="What is asked: kind, message …")


def body_of(text: str | None, content_type: str, *, is_base64: bool) -> JSON:
    """A request's body as an item holds it: JSON and forms parsed, other text as it is, bytes as `{"base64": …}`.

    Raises InvalidRequest.
    """
    if not text:
        return None
    try:
        decoded = base64.b64decode(text).decode() if is_base64 else text
    except UnicodeDecodeError:
        return {"base64": text}
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type == "application/x-www-form-urlencoded":
        return dict(parse_qsl(decoded, keep_blank_values=True))
    return _json(decoded) if media_type.endswith(("/json", "+json")) else decoded


def _json(text: str) -> JSON:
    try:
        return loads(text)
    except ValueError as error:
        raise InvalidRequest("body", f"is not JSON: {error}") from None


def answered(respond: str, execution: Execution) -> Response[Any]:
    """What the caller of a webhook is answered. Raises ExecutionDidNotAnswer.

    An execution that has not come to its answer in time is answered as if it were to respond immediately.
    """
    return _ANSWERS[respond](execution)


def _accepted(execution: Execution) -> Response[Any]:
    return _as_json(202, {"execution": execution.id.key, "status": execution.status})


def _items(execution: Execution) -> Response[Any]:
    if not execution.ended:
        return _accepted(execution)
    if execution.ended is not Status.DONE:
        raise ExecutionDidNotAnswer(execution.id.key, execution.ended)
    return _as_json(200, list(execution.result()))


def _response(execution: Execution) -> Response[Any]:
    response = execution.response
    if response is None:
        if not execution.ended:
            return _accepted(execution)
        raise ExecutionDidNotAnswer(execution.id.key, execution.ended)
    headers = {_HEADERS.get(name.lower(), name): value for name, value in response["headers"].items()}
    body = response["body"]
    if isinstance(body, str):
        return Response(response["status"], headers.pop("Content-Type", "text/plain; charset=utf-8"), body, headers)
    answer = _as_json(response["status"], body)
    answer.headers.update(headers)
    return answer


_HEADERS = {"content-type": "Content-Type"}
_ANSWERS: Mapping[str, Callable[[Execution], Response[Any]]] = {
    "immediately": _accepted,
    "when_done": _items,
    "respond_node": _response,
}


def _as_json(status: int, body: JSON) -> Response[Any]:
    return Response(status, APPLICATION_JSON, dumps(body).decode())


def waiting_for(execution: Execution, token: str) -> Waiting:
    """The run that waits for the callback. Raises UnknownCallback."""
    for waiting in execution.waiting.values():
        if waiting.token is not None and compare_digest(waiting.token, token) and not execution.ended:
            return waiting
    raise UnknownCallback()


def check(waiting: Waiting, payload: JSON) -> None:
    """Whether the payload is one that the run can use. Raises InvalidRequest, and the run still waits."""
    if waiting.details.get("kind") != "approval":
        return
    try:
        Decision.model_validate(payload)
    except ValidationError as invalid:
        raise InvalidRequest.of(invalid) from None


def asked(execution: Execution, waiting: Waiting) -> Asked:
    """What the callback is for."""
    until = None if waiting.until is None else iso(from_millis(waiting.until))
    return Asked(execution=execution.id.key, node=waiting.run.node, until=until, details=waiting.details)
