"""Read models as they are kept: one JSON document for each stream and projection, listed and looked up.

A `Row` is what a projection makes of one stream: the document, where the fold stands, and how the document
is found. Saving a row names the row it replaces, so of two rivals one loses and harms nothing.
"""

import base64
import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import zstandard

from penstock.events.errors import BadCursor, ViewTooLarge
from penstock.events.model import Position, StreamId
from penstock.json import JSONObject, dumps, loads

LARGEST_PAGE = 100
LARGEST_ROW = 350 * 1024  # bytes, compressed; DynamoDB's item ends at 400 KB
DEFAULT_INDEX = ""
_LARGEST_JSON = 64 * 1024 * 1024
SEPARATOR = "\x1f"  # sorts before every printable character, and no stream key holds it
_LONGEST_INDEX_TEXT = 900  # bytes; DynamoDB takes 1024 in a sort key
_LONGEST_CURSOR = 4096
_LONGEST_PREFIX = 200  # characters; at 4 bytes each still within the index text


@dataclass(frozen=True, slots=True)
class Row:
    """A projection of one stream. `document` None: the projection has nothing to show, but stands at `position`.

    `index` maps an index's name to the text that it sorts by; DEFAULT_INDEX is the one without a name.
    `lookups` are (name, key) pairs. `revision` is that of the projection that made the row.
    """

    projection: str
    stream: StreamId
    position: Position
    revision: int
    document: JSONObject | None
    index: Mapping[str, str] = field(default_factory=dict)
    lookups: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class View:
    """A document as readers get it: the stream's key, and the version of the last event that is folded in."""

    key: str
    document: JSONObject
    version: int


@dataclass(frozen=True, slots=True)
class Page:
    """Some of a listing; `cursor` asks for what follows, None at the end."""

    items: Sequence[View]
    cursor: str | None


Among = Callable[[str], bool]
"""Which projections count, by name."""


def everything(_: str) -> bool:
    """Every projection counts."""
    return True


class ViewStore(Protocol):
    """Keeps rows, finds documents. A tenant's documents are found only by naming that tenant."""

    def load(self, projection: str, stream: StreamId) -> Row | None:
        """The row to fold on from."""
        ...

    def save(self, row: Row, replaces: Row | None) -> bool:
        """Keep the row; False, and nothing changed for readers, when `replaces` is no longer what is kept.

        Raises ViewTooLarge.
        """
        ...

    def remove(self, row: Row) -> None:
        """Take the row away, if it is still what is kept."""
        ...

    def get(self, tenant: str, projection: str, key: str) -> View | None:
        """The document of the stream named `key`."""
        ...

    def list(
        self,
        tenant: str,
        projection: str,
        *,
        index: str = DEFAULT_INDEX,
        prefix: str = "",
        newest_first: bool = True,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page:
        """The documents whose text in `index` starts with `prefix`, in the order of that text.

        `limit` is 1 to 100. May lag behind `save`. Raises BadCursor, ValueError for `limit` or `prefix`.
        """
        ...

    def lookup(self, tenant: str, name: str, key: str, among: Among = everything) -> Sequence[str]:
        """The keys of the documents that answer to `key`, sorted. Names are shared by all projections.

        `among` says of which projections the documents count.
        """
        ...


class MemoryViewStore:
    """A ViewStore in memory. Safe for threads."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str, str], bytes] = {}
        self._lock = threading.RLock()

    def load(self, projection: str, stream: StreamId) -> Row | None:
        """See ViewStore.load."""
        return self._load(stream.tenant, projection, stream.key)

    def save(self, row: Row, replaces: Row | None) -> bool:
        """See ViewStore.save."""
        blob = pack(row)
        with self._lock:
            if mark(self.load(row.projection, row.stream)) != mark(replaces):
                return False
            self._rows[row.stream.tenant, row.projection, row.stream.key] = blob
            return True

    def remove(self, row: Row) -> None:
        """See ViewStore.remove."""
        with self._lock:
            if mark(self.load(row.projection, row.stream)) == mark(row):
                del self._rows[row.stream.tenant, row.projection, row.stream.key]

    def get(self, tenant: str, projection: str, key: str) -> View | None:
        """See ViewStore.get."""
        row = self._load(tenant, projection, key)
        return view(row) if row else None

    def list(
        self,
        tenant: str,
        projection: str,
        *,
        index: str = DEFAULT_INDEX,
        prefix: str = "",
        newest_first: bool = True,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page:
        """See ViewStore.list."""
        listing = Listing(tenant, projection, index, prefix, newest_first)
        after = start(listing, limit, cursor)
        rows = self._found(lambda owner, name: (owner, name) == (tenant, projection))
        texts = ((index_text(row, index), row) for row in rows if index in row.index)
        found = sorted(
            (each for each in texts if each[0].startswith(prefix)), key=lambda each: each[0], reverse=newest_first
        )
        rest = [each for each in found if after is None or (each[0] < after if newest_first else each[0] > after)]
        return page(listing, limit, rest)

    def lookup(self, tenant: str, name: str, key: str, among: Among = everything) -> Sequence[str]:
        """See ViewStore.lookup."""
        rows = self._found(lambda owner, projection: owner == tenant and among(projection))
        return sorted({row.stream.key for row in rows if (name, key) in row.lookups})

    def _load(self, tenant: str, projection: str, key: str) -> Row | None:
        blob = self._rows.get((tenant, projection, key))
        return unpack(blob) if blob else None

    def _found(self, wanted: Callable[[str, str], bool]) -> Sequence[Row]:
        with self._lock:
            kept = tuple(self._rows.items())
        return [unpack(blob) for (tenant, projection, _), blob in kept if wanted(tenant, projection)]


@dataclass(frozen=True, slots=True)
class Listing:
    """What a listing was asked for; a cursor only continues the listing that it came from."""

    tenant: str
    projection: str
    index: str
    prefix: str
    newest_first: bool


def pack(row: Row) -> bytes:
    """The row as stores keep it: JSON through zstd. Raises ViewTooLarge."""
    position = [row.position.commit, row.position.version]
    parts = [row.projection, str(row.stream), position, row.revision, row.document, row.index, sorted(row.lookups)]
    blob = zstandard.compress(dumps(parts))
    if len(blob) > LARGEST_ROW:
        raise ViewTooLarge(row.projection, str(row.stream), len(blob), LARGEST_ROW)
    return blob


def unpack(blob: bytes) -> Row:
    """The inverse of `pack`."""
    parts = loads(zstandard.decompress(blob, max_output_size=_LARGEST_JSON))
    projection, stream, position, revision, document, index, lookups = parts
    pairs = frozenset((name, key) for name, key in lookups)
    return Row(projection, StreamId.parse(stream), Position(*position), revision, document, index, pairs)


def mark(row: Row | None) -> tuple[int, int] | None:
    """What tells two states of one row apart."""
    return (row.position.commit, row.revision) if row else None


def view(row: Row) -> View | None:
    """The row as its readers get it."""
    return None if row.document is None else View(row.stream.key, row.document, row.position.version)


def index_text(row: Row, index: str) -> str:
    """What the row sorts by, its key last, cut to fit a DynamoDB sort key: long texts sort by their beginning."""
    room = _LONGEST_INDEX_TEXT - len(row.stream.key.encode())
    text = row.index[index].encode()[: max(room, 0)].decode(errors="ignore")
    return f"{text}{SEPARATOR}{row.stream.key}"


def page(listing: Listing, limit: int, found: Sequence[tuple[str, Row]]) -> Page:
    """The first `limit` of what was found, (index text, row) each; more than that means that a cursor follows."""
    items = [each for each in (view(row) for _, row in found[:limit]) if each]
    return Page(items, _cursor(listing, found[limit - 1][0]) if len(found) > limit else None)


def start(listing: Listing, limit: int, cursor: str | None) -> str | None:
    """The index text after which the page starts. Raises BadCursor, ValueError for `limit` or `prefix`."""
    if not 1 <= limit <= LARGEST_PAGE:
        raise ValueError(f"limit: must be 1 to {LARGEST_PAGE}, not {limit}")
    if len(listing.prefix) > _LONGEST_PREFIX:
        raise ValueError(f"prefix: is longer than {_LONGEST_PREFIX} characters")
    if cursor is None:
        return None
    if len(cursor) > _LONGEST_CURSOR:
        raise BadCursor("too long")
    try:
        digest, after = loads(base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))
    except (ValueError, TypeError) as error:
        raise BadCursor("not one of ours") from error
    if digest != _digest(listing) or not isinstance(after, str) or SEPARATOR not in after:
        raise BadCursor("belongs to another listing")
    if not after.startswith(listing.prefix):
        raise BadCursor("lies outside the listing")
    return after


def _cursor(listing: Listing, after: str) -> str:
    return base64.urlsafe_b64encode(dumps([_digest(listing), after])).decode().rstrip("=")


def _digest(listing: Listing) -> str:
    parts = [listing.tenant, listing.projection, listing.index, listing.prefix, listing.newest_first]
    return hashlib.sha256(dumps(parts)).hexdigest()[:16]
