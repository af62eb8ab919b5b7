"""The nouns of searching, and the index's port. Every implementation passes `tests/contract/test_search_index.py`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from penstock.clock import from_millis
from penstock.search.errors import InvalidQuery

FIELDS = (
    "type",
    "status",
    "workflow",
    "node",
    "node_type",
    "error",
    "trigger",
    "wing",
    "kind",
    "tag",
    "day",
)
"""What documents are filtered and counted by."""

TITLE_WEIGHT, BODY_WEIGHT, NAMES_WEIGHT = 8.0, 1.0, 3.0
WEIGHTS: Mapping[str, float] = {"workflow": 1.6, "node_type": 1.3, "error": 1.0, "execution": 0.8}
"""How much a type counts beside others: there are a thousand executions to a workflow of the same name."""

LARGEST_PAGE = 100
FURTHEST = 1_000
"""Hits that can be paged to: who looks further asks for something narrower."""

FACET_VALUES = 20
_LONGEST = {"title": 300, "body": 20_000, "value": 200}
_MOST_VALUES = 100
_PRIVATE = {0xE000: None, 0xE001: None, 0: None}

Parts: TypeAlias = Sequence[tuple[str, bool]]
"""A text cut where matches begin and end; True where it matches. Nothing in it is markup."""


@dataclass(frozen=True, slots=True)
class Document:
    """What one thing is found as. `id` is unique within the tenant, `url` the API's path, `time` in ms UTC (0: none).

    `fields` are values by FIELDS; `type` and `day` are added. Texts over their bounds are cut.
    """

    id: str
    type: str
    title: str
    body: str
    url: str
    time: int = 0
    fields: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def weight(self) -> float:
        """How much it counts beside documents of other types."""
        return WEIGHTS.get(self.type, 1.0)

    def text(self, name: str) -> str:
        """`title` or `body` as it is indexed: bounded, without what marks matches."""
        text: str = getattr(self, name)
        return text.translate(_PRIVATE)[: _LONGEST[name]]

    def facets(self) -> Iterator[tuple[str, str]]:
        """Every field with each of its values once. Raises ValueError for a name that is none of FIELDS."""
        yield "type", self.type
        if self.time:
            yield "day", from_millis(self.time).date().isoformat()
        for name, values in self.fields.items():
            if name not in FIELDS:
                raise ValueError(f"a document has no field {name}")
            cut = dict.fromkeys(value.translate(_PRIVATE)[: _LONGEST["value"]] for value in values if value)
            yield from ((name, value) for value in list(cut)[:_MOST_VALUES])


@dataclass(frozen=True, slots=True)
class Batch:
    """What following the feed from entry `after` to entry `position` changed: the documents of each source, whole.

    A source is a stream's id; one that has nothing to show has no documents. With `leaves_no_trace`, nothing of what
    is replaced may stay in the index's storage, where that can be told.
    """

    after: int
    position: int
    replaced: Mapping[str, Sequence[Document]]
    leaves_no_trace: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for. Within a field of `filters` any value will do; every field must hold."""

    text: str = ""
    filters: Mapping[str, frozenset[str]] = field(default_factory=dict)
    facets: Sequence[str] = ()
    limit: int = 20
    offset: int = 0

    def __post_init__(self) -> None:
        if not self.text.strip() and not self.filters:
            raise InvalidQuery("q", "is empty, and there is no filter: ask for something")
        for path, names in (("filters", self.filters), ("facets", self.facets)):
            for name in names:
                if name not in FIELDS:
                    raise InvalidQuery(path, f"{name[:40]!r} is not one of {', '.join(FIELDS)}")
        if not 1 <= self.limit <= LARGEST_PAGE:
            raise InvalidQuery("limit", f"must be 1 to {LARGEST_PAGE}")
        if not 0 <= self.offset < FURTHEST:
            raise InvalidQuery("cursor", f"goes no further than {FURTHEST} hits: ask for something narrower")


@dataclass(frozen=True, slots=True)
class Hit:
    """A document that was found. A higher `score` is better; only scores of one answer compare."""

    id: str
    type: str
    title: Parts
    body: Parts
    url: str
    time: int
    score: float
    fields: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Result:
    """An answer. `total` counts all that was found; `facets` the values of those, the most frequent first.

    `corrected` says which words stood in for one that nothing has; `position` how far in the feed the index was.
    """

    hits: Sequence[Hit]
    total: int
    facets: Mapping[str, Sequence[tuple[str, int]]]
    corrected: Mapping[str, Sequence[str]]
    position: int


class SearchIndex(Protocol):
    """The documents of all tenants. A tenant's are found only by naming that tenant.

    Several generations of a tenant's index may be there: see `search.generations` for what they are named by.
    """

    def position(self, tenant: str) -> int | None:
        """The feed's entry that the index is to go on after; None when it is newer code's, and to be left alone."""
        ...

    def apply(self, tenant: str, batch: Batch) -> bool:
        """Replace the documents of the batch's sources and stand at its position: all of it or nothing.

        False when the index does not stand at `batch.after`: a rival was first. Raises IndexTooLarge.
        """
        ...

    def caught_up(self, tenant: str) -> None:
        """The feed has no more now: an index that was built anew beside the one that serves takes its place."""
        ...

    def search(self, tenant: str, query: Query) -> Result:
        """What is found, the best first. Raises InvalidQuery, QueryTooSlow."""
        ...

    def remove(self, tenant: str) -> None:
        """Take the documents away, and the place in the feed; also those of an index that is damaged."""
        ...
