"""Listings: how a page is asked for, and what it is."""

from typing import Annotated, Generic, TypeVar

from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import BaseModel, Field

from penstock.events.views import LARGEST_PAGE
from penstock.events.views import Page as Listing

T = TypeVar("T", bound=BaseModel)

Limit = Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="How many at most")]
Cursor = Annotated[str | None, Query(max_length=4_096, description="`next` of the page before")]


class Page(BaseModel, Generic[T]):
    """Some of a listing, newest first; `next` asks for what follows, null at the end."""

    items: list[T]
    next: str | None = Field(default=None, description="Give it back as `cursor`")


def filtered(mark: str = " ", /, **filters: str | None) -> tuple[str, str]:
    """The index that a listing by these filters has, and the prefix within it: `workflow_status`, `w-1 failed `.

    `mark` ends each value. Filters that are not given are left out; without any, it is the plain listing.
    """
    given = {name: value for name, value in filters.items() if value}
    return "_".join(given), "".join(f"{value}{mark}" for value in given.values())


def page(model: type[T], listing: Listing) -> Page[T]:
    """A listing of documents as a page of the model."""
    return Page(items=[model.model_validate(view.document) for view in listing.items], next=listing.cursor)
