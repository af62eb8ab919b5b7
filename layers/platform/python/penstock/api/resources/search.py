"""Searching as the API shows it."""

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query as Parameter
from pydantic import BaseModel, Field

from penstock.clock import from_millis
from penstock.events.errors import BadCursor
from penstock.json import canonical, loads
from penstock.search.language import LONGEST_TEXT
from penstock.search.model import FIELDS, FURTHEST, LARGEST_PAGE, Hit, Parts, Query, Result

Text = Annotated[
    str,
    Parameter(
        max_length=LONGEST_TEXT, description='Words, "a phrase", -without, field:value. A word may be a beginning'
    ),
]
Type = Annotated[
    str | None, Parameter(alias="type", max_length=60, description="workflow, node_type, execution, error")
]
Status = Annotated[str | None, Parameter(max_length=60, description="Only what stands there")]
Workflow = Annotated[str | None, Parameter(max_length=200, description="The id of the workflow that it is about")]
Facets = Annotated[
    str, Parameter(max_length=200, description=f"Fields to count, separated by commas: {', '.join(FIELDS)}")
]
Limit = Annotated[int, Parameter(ge=1, le=LARGEST_PAGE, description="How many at most")]
Cursor = Annotated[str | None, Parameter(max_length=200, description="`next` of the page before")]


class PartView(BaseModel):
    """A piece of a text: plain, never markup."""

    text: str
    match: bool


class HitView(BaseModel):
    """What was found."""

    id: str
    type: str
    url: str = Field(description="Where the API has it")
    time: datetime | None
    score: float = Field(description="Higher is better, within one answer")
    title: list[PartView]
    snippet: list[PartView]
    fields: dict[str, list[str]]

    @classmethod
    def of(cls, hit: Hit) -> "HitView":
        """The hit as it is shown."""
        return cls(
            id=hit.id,
            type=hit.type,
            url=hit.url,
            time=from_millis(hit.time) if hit.time else None,
            score=hit.score,
            title=_parts(hit.title),
            snippet=_parts(hit.body),
            fields={name: list(values) for name, values in hit.fields.items()},
        )


class FacetValue(BaseModel):
    """How many of all that was found have a value."""

    value: str
    count: int


class Found(BaseModel):
    """An answer, the best first."""

    items: list[HitView]
    total: int
    facets: dict[str, list[FacetValue]]
    corrected: dict[str, list[str]] = Field(description="Words that stood in for one that nothing has")
    position: int = Field(description="How far in the tenant's feed the index was")
    next: str | None = Field(description="Give it back as `cursor`")

    @classmethod
    def of(cls, query: Query, result: Result) -> "Found":
        """The answer as it is shown."""
        facets = {
            name: [FacetValue(value=value, count=count) for value, count in counts]
            for name, counts in result.facets.items()
        }
        return cls(
            items=[HitView.of(hit) for hit in result.hits],
            total=result.total,
            facets=facets,
            corrected={word: list(near) for word, near in result.corrected.items()},
            position=result.position,
            next=_next(query, result),
        )


def asked(text: str, filters: Mapping[str, str | None], facets: str, limit: int, cursor: str | None) -> Query:
    """The query that a request stands for. Raises InvalidQuery, BadCursor."""
    given = {name: frozenset({value}) for name, value in filters.items() if value}
    names = tuple(dict.fromkeys(name.strip() for name in facets.split(",") if name.strip()))
    query = Query(text, given, names, limit)
    return Query(text, given, names, limit, _offset(query, cursor)) if cursor else query


def _next(query: Query, result: Result) -> str | None:
    after = query.offset + len(result.hits)
    if after >= min(result.total, FURTHEST) or not result.hits:
        return None
    return base64.urlsafe_b64encode(canonical([_digest(query), after])).decode().rstrip("=")


def _offset(query: Query, cursor: str) -> int:
    try:
        digest, offset = loads(base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))
    except (ValueError, TypeError, binascii.Error) as error:
        raise BadCursor("not one of ours") from error
    if digest != _digest(query) or not isinstance(offset, int):
        raise BadCursor("belongs to another search")
    return offset


def _digest(query: Query) -> str:
    filters = {name: sorted(values) for name, values in query.filters.items()}
    return sha256(canonical([query.text, filters])).hexdigest()[:16]


def _parts(parts: Parts) -> list[PartView]:
    return [PartView(text=text, match=is_match) for text, is_match in parts]
