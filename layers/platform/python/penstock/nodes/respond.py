"""core.respond"""

import re
from enum import StrEnum

from pydantic import Field, field_validator

from penstock.json import JSON
from penstock.workflows.node import Call, Emit, Kind, NodeParameters, Outcome, Response, node_type

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,200}\Z")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]{0,4000}\Z")


class Content(StrEnum):
    """What the answer holds."""

    BODY = "body"
    FIRST_ITEM = "first_item"
    ITEMS = "items"


class Parameters(NodeParameters):
    """The answer."""

    status: int = Field(default=200, ge=200, le=599, description="The HTTP status")
    headers: dict[str, str] = Field(default_factory=dict, max_length=50, description="The headers, by name")
    content: Content = Field(
        default=Content.BODY, description="body: what stands in `body`; first_item; items: all of them, as a list"
    )
    body: JSON = Field(
        default=None, description="What is sent where `content` is body: text as it is, all else as JSON"
    )

    @field_validator("headers")
    @classmethod
    def _are_headers(cls, headers: dict[str, str]) -> dict[str, str]:
        for name, value in headers.items():
            if not _HEADER_NAME.match(name):
                raise ValueError(f"{name!r} is not a header name (RFC 9110, section 5.6.2)")
            if not _HEADER_VALUE.match(value):
                raise ValueError(f"the value of {name} holds control characters, or is longer than 4000")
        return headers


@node_type("core.respond", kind=Kind.CONTROL, parameters=Parameters, per_item=False)
def respond_to_webhook(call: Call[Parameters]) -> Outcome:
    """Answer the caller of the webhook that started the execution.

    The webhook trigger's `respond` must be respond_node. Where several of these run, the last one's answer counts;
    the workflow goes on behind it, with the items unchanged.
    """
    parameters = call.parameters
    contents = {Content.BODY: parameters.body, Content.FIRST_ITEM: next(iter(call.items), None)}
    body = contents.get(parameters.content, list(call.items))
    return Emit({"main": call.items}, response=Response(parameters.status, parameters.headers, body))
