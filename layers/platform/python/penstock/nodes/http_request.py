"""core.http.request"""

import os
from collections.abc import Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from pydantic import Field, field_validator, model_validator

from penstock.http.content import Body, ResponseFormat, encoded, parsed
from penstock.http.errors import ExchangeError
from penstock.http.guard import Guard
from penstock.http.pagination import LinkHeader, NextUrl, PageParameter, next_page
from penstock.json import JSON, JSONObject
from penstock.workflows.node import Call, Emit, Kind, NodeFailure, NodeParameters, Outcome, node_type

if TYPE_CHECKING:
    from penstock.http.exchange import Reply, Request, Session

_LARGEST_REPLY = 5_000_000
_AGAIN = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
_OWN_HEADERS = frozenset({"host", "content-length", "transfer-encoding", "connection", "accept-encoding"})


class Parameters(NodeParameters):
    """What is asked, and what is made of the reply."""

    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] = Field(default="GET", description="The method")
    url: str = Field(min_length=1, max_length=8_000, description="http or https; an address that is public or allowed")
    query: dict[str, str | int | float | bool] = Field(
        default_factory=dict, max_length=100, description="Query parameters, added to those of the URL"
    )
    headers: dict[str, str] = Field(default_factory=dict, max_length=100, description="Headers, by name")
    body: Body | None = Field(default=None, description="What is sent")
    response: ResponseFormat = Field(
        default=ResponseFormat.AUTO,
        description="How the reply's body is read: json, text, base64; auto goes by its content type",
    )
    output: Literal["body", "response"] = Field(
        default="body",
        description="body: an object is the item, a list one item an element, all else is put in the field `body`; "
        "response: one item with `status`, `headers` and `body`",
    )
    timeout_seconds: float = Field(default=30, gt=0, le=300, description="For the whole reply of one request")
    redirects: int = Field(default=5, ge=0, le=20, description="How many redirects are followed; each one is checked")
    max_response_bytes: int = Field(
        default=1_000_000,
        ge=1,
        le=_LARGEST_REPLY,
        description="The most that the replies to one item may hold, all pages together",
    )
    pagination: NextUrl | PageParameter | LinkHeader | None = Field(
        default=None, discriminator="kind", description="How the next page is found; left out, there is one page"
    )
    max_pages: int = Field(default=10, ge=1, le=1_000, description="At most this many pages are fetched for an item")

    @field_validator("headers")
    @classmethod
    def _may_be_set(cls, headers: dict[str, str]) -> dict[str, str]:
        for name, value in headers.items():
            if name.lower() in _OWN_HEADERS:
                raise ValueError(f"the header {name} is set by the platform")
            if not (name.isascii() and name.isprintable() and " " not in name and name and value.isprintable()):
                raise ValueError(f"the header {name!r} holds characters that a header cannot have")
        return headers

    @model_validator(mode="after")
    def _has_no_body_to_get(self) -> "Parameters":
        if self.body is not None and self.method in ("GET", "HEAD"):
            raise ValueError(f"{self.method} sends no body")
        return self


@node_type("core.http.request", kind=Kind.ACTION, parameters=Parameters)
def http_request(call: Call[Parameters]) -> Outcome:
    """Send an HTTP request for every item.

    A status of 400 or more is a failure; it is tried again, as the node's retry says, unless it is a 4xx that will
    stay as it is. Requests that change something carry an `Idempotency-Key`, the same when a crash makes the node run
    again. Addresses inside the network are refused unless the operator allows them.
    """
    from penstock.http.exchange import Session

    items: list[JSONObject] = []
    with Session(Guard.from_environment(os.environ)) as session:
        for index, (_, parameters) in enumerate(call.each()):
            items.extend(_fetched(session, parameters, _key(call, index)))
    return Emit.main(items)


def _key(call: Call[Parameters], index: int) -> str:
    """The run's key, as a header can carry it; with the item's number where there are several."""
    key = quote(call.key, safe="/#")
    return key if len(call.items) <= 1 else f"{key}/{index}"


def _fetched(session: "Session", parameters: Parameters, key: str) -> Iterator[JSONObject]:
    for reply in _pages(session, parameters, key):
        try:
            body = parsed(reply, parameters.response)
        except ValueError:
            reason = f"{_what(parameters)} replied with something that is not JSON"
            raise NodeFailure("UnreadableReply", reason) from None
        yield from _items(reply, body, parameters)


def _pages(session: "Session", parameters: Parameters, key: str) -> Iterator["Reply"]:
    from penstock.http.exchange import Limits

    request: Request | None = _first(parameters, key)
    left = parameters.max_response_bytes
    for number in range(parameters.max_pages):
        if request is None:
            return
        limits = Limits(parameters.timeout_seconds, left, parameters.redirects)
        try:
            reply = session.exchange(request, limits)
        except ExchangeError as failed:
            raise NodeFailure(type(failed).__name__, str(failed), permanent=failed.permanent) from None
        _check(reply, parameters)
        yield reply
        left -= len(reply.body)
        request = next_page(parameters.pagination, request, reply, number + 1)


def _first(parameters: Parameters, key: str) -> "Request":
    from penstock.http.exchange import Request

    body, content_type = encoded(parameters.body)
    headers = {"Content-Type": content_type} if content_type else {}
    if parameters.method not in ("GET", "HEAD"):
        headers["Idempotency-Key"] = key
    own = {name.lower() for name in parameters.headers}
    headers = {name: value for name, value in headers.items() if name.lower() not in own} | parameters.headers
    query = {name: _text(value) for name, value in parameters.query.items()}
    request = Request(parameters.method, parameters.url, headers, query, body)
    return parameters.pagination.first(request) if parameters.pagination else request


def _text(value: str | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _check(reply: "Reply", parameters: Parameters) -> None:
    if reply.status >= HTTPStatus.BAD_REQUEST:
        is_permanent = reply.status < HTTPStatus.INTERNAL_SERVER_ERROR and reply.status not in _AGAIN
        reason = f"{_what(parameters)} was answered {reply.status} {reply.reason}".rstrip()
        raise NodeFailure(f"HTTP {reply.status}", reason, permanent=is_permanent)


def _what(parameters: Parameters) -> str:
    from penstock.http.exchange import shown

    return f"{parameters.method} {shown(parameters.url)}"


def _items(reply: "Reply", body: JSON, parameters: Parameters) -> Iterator[JSONObject]:
    if parameters.output == "response":
        yield {"status": reply.status, "headers": dict(reply.headers), "body": body}
        return
    for entry in body if isinstance(body, list) else [body]:
        yield entry if isinstance(entry, dict) else {"body": entry}
