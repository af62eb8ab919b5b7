"""What a request sends and what a reply holds, as JSON values."""

import base64
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field, model_validator

from penstock.json import JSON, dumps, loads

if TYPE_CHECKING:
    from penstock.http.exchange import Reply

_TEXT_TYPES = ("text/", "application/xml", "application/xhtml", "application/javascript")
_CONTENT_TYPES: Mapping[str, str] = {
    "json": "application/json",
    "text": "text/plain; charset=utf-8",
    "form": "application/x-www-form-urlencoded",
}


class ResponseFormat(StrEnum):
    """How a reply's body is read."""

    AUTO = "auto"
    JSON = "json"
    TEXT = "text"
    BASE64 = "base64"


class Body(BaseModel):
    """What a request sends."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["json", "text", "form"] = Field(
        default="json", description="json: any value; text: a string, sent as UTF-8; form: an object of plain values"
    )
    content: JSON = Field(default=None, description="The value that is sent")

    @model_validator(mode="after")
    def _fits(self) -> "Body":
        if self.type == "text" and not isinstance(self.content, str):
            raise ValueError("content must be a string when the type is text")
        if self.type == "form" and not _is_flat(self.content):
            raise ValueError("content must be an object of texts and numbers when the type is form")
        return self


def _is_flat(content: JSON) -> bool:
    return isinstance(content, dict) and all(isinstance(value, str | int | float) for value in content.values())


def encoded(body: Body | None) -> tuple[bytes | None, str | None]:
    """The bytes to send, and their content type."""
    if body is None:
        return None, None
    return _ENCODE[body.type](body.content), _CONTENT_TYPES[body.type]


_ENCODE: Mapping[str, Callable[[Any], bytes]] = {
    "json": dumps,
    "text": lambda content: content.encode(errors="replace"),
    "form": lambda content: urlencode(content).encode(),
}


def parsed(reply: "Reply", wanted: ResponseFormat) -> JSON:
    """The reply's body as a JSON value; None when it is empty. Raises ValueError when it must be JSON and is not.

    By itself (`auto`) what says it is JSON and is, is JSON; texts are text; all else is base64.
    """
    if not reply.body:
        return None
    if wanted is ResponseFormat.JSON:
        return loads(reply.body)
    if wanted is ResponseFormat.TEXT:
        return _text(reply)
    return _base64(reply) if wanted is ResponseFormat.BASE64 else _by_type(reply)


def _by_type(reply: "Reply") -> JSON:
    media = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media.endswith(("/json", "+json")):
        try:
            return loads(reply.body)
        except ValueError:
            return _text(reply)
    return _text(reply) if media.startswith(_TEXT_TYPES) or media.endswith("+xml") else _base64(reply)


def _text(reply: "Reply") -> str:
    try:
        return reply.body.decode(reply.encoding, errors="replace")
    except LookupError:
        return reply.body.decode(errors="replace")


def _base64(reply: "Reply") -> str:
    return base64.b64encode(reply.body).decode()
