"""A SearchIndex in OpenSearch Serverless, for tenants who have outgrown the embedded one.

Documents lie in one OpenSearch index a tenant and edition. How far each edition has come, and which of them serves, is
a small file in the IndexStore, changed by conditional writes: OpenSearch shows what was written some seconds later, and
a place in a feed must be read as it is.

A document's `_id` follows from its source and its place there, and its version is the feed's position: writing it again
is harmless, and a slow rival overwrites nothing newer.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from urllib.parse import quote

from penstock.aws.search_client import Action, OpenSearch
from penstock.aws.search_query import INDEX, can_be_fuzzy, corrections, facets, hit, request, source
from penstock.json import dumps, loads
from penstock.search.errors import QueryTooSlow
from penstock.search.language import Parsed, parse
from penstock.search.model import Batch, Document, Query, Result
from penstock.search.sqlite import SqliteReader
from penstock.search.stored import CATALOGUE, FRESH_FOR, catalogue_alone, digest
from penstock.search.storing import IndexStore

MOST_DOCUMENTS = 4
"""Of one source: so many places are written or cleared, since what stood there cannot be read at once."""

_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Edition:
    """How far an edition's index has come; `catalogue` is the digest of the documents that no stream tells."""

    position: int = 0
    catalogue: str = ""
    catalogued: int = 0


@dataclass(frozen=True, slots=True)
class State:
    """The indexes of a tenant: which edition serves, and how each stands."""

    serving: int
    editions: Mapping[int, Edition] = field(default_factory=dict)


class OpenSearchIndex:
    """See the module. `store` keeps the state; the rest is as in StoredIndex. Also raises AwsError."""

    def __init__(
        self,
        client: OpenSearch,
        store: IndexStore,
        edition: int,
        catalogue: Callable[[], Sequence[Document]],
        *,
        fresh_for: float = FRESH_FOR,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client, self._store, self._edition = client, store, edition
        self._make_catalogue, self._fresh_for, self._monotonic = catalogue, fresh_for, monotonic
        self._seen: dict[str, tuple[float, State | None]] = {}

    def position(self, tenant: str) -> int | None:
        """See SearchIndex.position."""
        state, _ = self._load(tenant)
        return self._place(state)

    def apply(self, tenant: str, batch: Batch) -> bool:
        """See SearchIndex.apply. The service takes what was replaced out of its segments in its own time."""
        state, etag = self._load(tenant)
        if self._place(state) != batch.after:
            return False
        before = (state.editions.get(self._edition) if state else None) or Edition()
        index = index_name(tenant, self._edition)
        if not before.position:
            self._client.create(index, INDEX)
        self._client.bulk(index, self._actions(batch, before))
        after = Edition(batch.position, self._digest, len(self._catalogue))
        known = state or State(self._edition)
        changed = replace(known, editions={**known.editions, self._edition: after})
        return self._save(tenant, changed, etag)

    def caught_up(self, tenant: str) -> None:
        """See SearchIndex.caught_up. The indexes of older editions are then taken away."""
        state, etag = self._load(tenant)
        if state is None or state.serving >= self._edition or self._edition not in state.editions:
            return
        if self._place(state) is None:
            return
        if self._save(tenant, State(self._edition, {self._edition: state.editions[self._edition]}), etag):
            for older in state.editions.keys() - {self._edition}:
                self._client.delete(index_name(tenant, older))

    def search(self, tenant: str, query: Query) -> Result:
        """See SearchIndex.search."""
        parsed = parse(query.text)
        state = self._recent(tenant)
        if state is None:
            return self._nothing_yet.search(query)
        index, position = index_name(tenant, state.serving), state.editions[state.serving].position
        found = self._ask(index, query, parsed, position, is_fuzzy=False)
        if found.total or not can_be_fuzzy(parsed):
            return found
        return self._ask(index, query, parsed, position, is_fuzzy=True)

    def remove(self, tenant: str) -> None:
        """See SearchIndex.remove. The state goes last: what is cut off before is done again."""
        state, _ = self._load(tenant)
        for edition in {*(state.editions if state else ()), self._edition}:
            self._client.delete(index_name(tenant, edition))
        self._store.remove(_state_name(tenant))
        self._seen.pop(tenant, None)

    def _ask(self, index: str, query: Query, parsed: Parsed, position: int, *, is_fuzzy: bool) -> Result:
        answer = self._client.search(index, request(query, parsed, is_fuzzy=is_fuzzy))
        if answer["timed_out"]:
            raise QueryTooSlow(_SECONDS)
        hits = [hit(each) for each in answer["hits"]["hits"]]
        corrected = corrections(parsed, hits) if is_fuzzy else {}
        return Result(hits, answer["hits"]["total"]["value"], facets(answer), corrected, position)

    @cached_property
    def _catalogue(self) -> Sequence[Document]:
        return tuple(self._make_catalogue())

    @cached_property
    def _digest(self) -> str:
        return digest(self._catalogue)

    @cached_property
    def _nothing_yet(self) -> SqliteReader:
        return catalogue_alone(self._edition, self._catalogue)

    def _actions(self, batch: Batch, before: Edition) -> Iterator[Action]:
        for name, documents in batch.replaced.items():
            if len(documents) > MOST_DOCUMENTS:
                raise ValueError(f"{name} has more than {MOST_DOCUMENTS} documents")
            yield from _replaced(name, documents, MOST_DOCUMENTS, batch.position)
        if before.catalogue != self._digest:
            places = max(before.catalogued, len(self._catalogue))
            yield from _replaced(CATALOGUE, self._catalogue, places, batch.position)

    def _place(self, state: State | None) -> int | None:
        if state is None:
            return 0
        if state.serving == self._edition:
            return state.editions[self._edition].position
        if max((state.serving, *state.editions)) > self._edition:
            return None
        return state.editions.get(self._edition, Edition()).position

    def _recent(self, tenant: str) -> State | None:
        checked, state = self._seen.get(tenant, (float("-inf"), None))
        if checked + self._fresh_for > self._monotonic():
            return state
        return self._load(tenant)[0]

    def _load(self, tenant: str) -> tuple[State | None, str | None]:
        found = self._store.load(_state_name(tenant))
        state = _state(found[0]) if found else None
        self._seen[tenant] = (self._monotonic(), state)
        return state, found[1] if found else None

    def _save(self, tenant: str, state: State, etag: str | None) -> bool:
        return self._store.save(_state_name(tenant), dumps(_stored(state)), etag) is not None


def index_name(tenant: str, edition: int) -> str:
    """The OpenSearch index of a tenant and edition; a tenant's name need not be one that OpenSearch takes."""
    return f"penstock-{sha256(tenant.encode()).hexdigest()[:24]}-{edition}"


def _replaced(name: str, documents: Sequence[Document], places: int, version: int) -> Iterator[Action]:
    """Fill the source's places from the first on, and clear the others."""
    home = sha256(name.encode()).hexdigest()[:32]
    for place in range(places):
        about = {"_id": f"{home}-{place}", "version": version, "version_type": "external_gte"}
        if place < len(documents):
            yield {"index": about}, source(documents[place])
        else:
            yield {"delete": about}, None


def _state_name(tenant: str) -> str:
    return f"opensearch/{quote(tenant, safe='')}.json"


def _stored(state: State) -> dict[str, object]:
    return {
        "serving": state.serving,
        "editions": {str(number): asdict(edition) for number, edition in state.editions.items()},
    }


def _state(blob: bytes) -> State:
    stored = loads(blob)
    return State(stored["serving"], {int(number): Edition(**each) for number, each in stored["editions"].items()})
