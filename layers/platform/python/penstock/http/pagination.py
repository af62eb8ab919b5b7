"""The ways in which a reply says that there is more, and how the next page is asked for."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from penstock.fields import FieldPath, get
from penstock.json import JSON, loads

if TYPE_CHECKING:
    from penstock.http.exchange import Reply, Request


class _Pagination(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    def first(self, request: "Request") -> "Request":
        """The request for the first page."""
        return request


class NextUrl(_Pagination):
    """The body of each page holds the next one's URL; a page without one is the last."""

    kind: Literal["next_url"]
    path: FieldPath = Field(description="Where the URL stands, as a dotted path: links.next")

    def next(self, request: "Request", reply: "Reply", number: int) -> "Request | None":  # noqa: ARG002
        """The request for the page after `number` pages."""
        url = get(_json(reply), self.path)
        return follow(request, reply, url) if isinstance(url, str) and url else None


class LinkHeader(_Pagination):
    """The header Link of each page names the next one (RFC 8288, relation `next`)."""

    kind: Literal["link_header"]

    def next(self, request: "Request", reply: "Reply", number: int) -> "Request | None":  # noqa: ARG002
        """The request for the page after `number` pages."""
        url = reply.links.get("next")
        return follow(request, reply, url) if url else None


class PageParameter(_Pagination):
    """A query parameter counts the pages, or the records before the page; a page without records is the last."""

    kind: Literal["page"]
    parameter: str = Field(default="page", min_length=1, max_length=100, description="The query parameter that counts")
    start: int = Field(default=1, ge=0, le=1_000_000_000, description="Its value for the first page")
    step: int = Field(
        default=1, ge=1, le=1_000_000, description="What it grows by: 1, or the limit where it is an offset"
    )
    limit_parameter: str | None = Field(
        default=None, min_length=1, max_length=100, description="The query parameter for the size of a page"
    )
    limit: int | None = Field(
        default=None, ge=1, le=100_000, description="The size of a page; a page with fewer records is the last"
    )
    records: FieldPath | None = Field(
        default=None, description="Where the body holds the page's list; left out, the body is the list"
    )

    def first(self, request: "Request") -> "Request":
        """The request for the first page."""
        return self._page(request, 0)

    def next(self, request: "Request", reply: "Reply", number: int) -> "Request | None":
        """The request for the page after `number` pages."""
        body = _json(reply)
        records = get(body, self.records) if self.records else body
        is_last = not isinstance(records, list) or len(records) < (self.limit or 1)
        return None if is_last else self._page(request, number)

    def _page(self, request: "Request", number: int) -> "Request":
        size = {self.limit_parameter: str(self.limit)} if self.limit_parameter and self.limit else {}
        count = {self.parameter: str(self.start + number * self.step)}
        return replace(request, query={**request.query, **size, **count})


Pagination: TypeAlias = NextUrl | PageParameter | LinkHeader


def next_page(pagination: Pagination | None, request: "Request", reply: "Reply", number: int) -> "Request | None":
    """The request for the page after `number` pages; None when the reply was the last."""
    return None if pagination is None else pagination.next(request, reply, number)


def follow(request: "Request", reply: "Reply", url: str) -> "Request":
    """The request sent to a URL that a reply names. To another origin it goes without the headers that users set."""
    import httpx

    from penstock.http.exchange import origin

    try:
        target = httpx.URL(reply.url).join(url)
        is_abroad = origin(target) != origin(httpx.URL(request.url))
    except (httpx.InvalidURL, ValueError):
        return replace(request, url=url, query={})
    headers: Mapping[str, str] = {} if is_abroad else request.headers
    return replace(request, url=str(target), query={}, headers=headers)


def _json(reply: "Reply") -> JSON:
    try:
        return loads(reply.body)
    except ValueError:
        return None
