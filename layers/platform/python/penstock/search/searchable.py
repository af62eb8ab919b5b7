"""What becomes a document. One kind of thing is one module of a `searchables` folder, the platform's or a wing's.

def documents(stream, read): yield Document(...)

ORDERS = Searchable("orders", "order", documents)
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TypeAlias

from penstock.discovery import declared
from penstock.events.model import Commit, StreamId
from penstock.events.store import EventStore
from penstock.search.database import LAYOUT
from penstock.search.model import Document

Read: TypeAlias = Callable[[StreamId], Iterable[Commit]]
"""A stream's commits, all of them: its own, and those of streams that it names."""

_MOST_KEPT = 64


@dataclass(frozen=True)
class Searchable:
    """What the streams of one `kind` are found as: pure, all documents of a stream at once, none to hide it.

    Documents hold no items and no parameters: what workflows work on is not searched. `revision` rises when `documents`
    changes: indexes are then built anew.
    """

    name: str
    kind: str
    documents: Callable[[StreamId, Read], Iterable[Document]]
    revision: int = 1


@dataclass(frozen=True)
class Catalogue:
    """Documents that no stream tells, the same for every tenant."""

    name: str
    documents: Callable[[], Iterable[Document]]


@cache
def searchables() -> Mapping[str, Searchable]:
    """Every searchable, by the kind of its streams. Raises ValueError when two share a name or a kind."""
    found = declared("searchables", Searchable).values()
    by_kind = {searchable.kind: searchable for searchable in found}
    if len(by_kind) != len(found):
        raise ValueError("two searchables are of the same kind of stream")
    return by_kind


def catalogued() -> tuple[Document, ...]:
    """The documents of every catalogue."""
    found = declared("searchables", Catalogue).values()
    return tuple(document for catalogue in found for document in catalogue.documents())


def edition() -> int:
    """Rises with the layout, with every revision, and with every searchable more."""
    return LAYOUT * 10_000 + sum(searchable.revision for searchable in searchables().values())


def reading(store: EventStore) -> Read:
    """Reads streams, and keeps those that were read last: a thousand executions name the same workflow."""
    return lru_cache(_MOST_KEPT)(lambda stream: tuple(store.commits(stream)))
