"""The embedded index: one SQLite file a tenant, kept in an IndexStore, changed by conditional writes.

    indexes/<tenant>.sqlite.zst    what answers
    rebuilds/<tenant>.sqlite.zst   what code of a newer edition builds anew, until that has caught up

A rebuild that a person asks for has files of its own: `search.generations` says how they are named.

How far the feed was followed lies inside the file: index and checkpoint change in one write.
"""

import shutil
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import astuple, dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from penstock.json import canonical
from penstock.search.database import Database
from penstock.search.errors import IndexTooLarge
from penstock.search.files import LARGEST_INDEX, File, Files, packed
from penstock.search.model import Batch, Document, Query, Result
from penstock.search.sqlite import SqliteReader
from penstock.search.storing import IndexStore

CATALOGUE = "catalogue"
FRESH_FOR = 5.0
"""Seconds that a reader trusts its copy without asking the store."""


@dataclass(frozen=True, slots=True)
class _Target:
    """The file that is to be written: what stands there, what to begin from, and what it will take the place of."""

    name: str
    etag: str | None
    base: File | None
    serving: File | None

    @property
    def position(self) -> int:
        return self.base.database.position if self.base else 0


class StoredIndex:
    """A SearchIndex in an IndexStore. `catalogue` makes the documents that no stream tells, the same for every tenant.

    `edition` rises when what documents say changes: an index of an older one is then built anew. `folder` takes the
    copies on this machine; `limit` is in bytes. Also raises DamagedIndex, and what the store raises. Safe for threads.
    """

    def __init__(
        self,
        store: IndexStore,
        folder: Path,
        edition: int,
        catalogue: Callable[[], Sequence[Document]],
        *,
        fresh_for: float = FRESH_FOR,
        limit: int = LARGEST_INDEX,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._edition, self._make_catalogue = store, edition, catalogue
        self._fresh_for, self._limit = fresh_for, limit
        self._files = Files(store, folder, monotonic)
        self._lock = threading.RLock()

    def position(self, tenant: str) -> int | None:
        """See SearchIndex.position."""
        with self._lock:
            target = self._target(tenant)
            return target.position if target else None

    def apply(self, tenant: str, batch: Batch) -> bool:
        """See SearchIndex.apply."""
        with self._lock, self._files.draft() as draft:
            target = self._target(tenant)
            if target is None or target.position != batch.after:
                return False
            with closing(self._begun(target.base, draft)) as database:
                database.write(batch)
                self._complete(database)
            if draft.stat().st_size > self._limit:
                raise IndexTooLarge(tenant, draft.stat().st_size, self._limit)
            etag = self._store.save(target.name, packed(draft), target.etag)
            if etag is None:
                draft.unlink()
                return False
            self._files.adopt(target.name, draft, etag)
            return True

    def caught_up(self, tenant: str) -> None:
        """See SearchIndex.caught_up. When a rival was first with it, there is nothing left to do."""
        with self._lock:
            target = self._target(tenant)
            if target and target.serving and target.base:
                self._store.save(_serving(tenant), packed(target.base.path), target.serving.etag)

    def search(self, tenant: str, query: Query) -> Result:
        """See SearchIndex.search."""
        with self._lock:
            file = self._files.current(_serving(tenant), self._fresh_for)
            return (file.reader if file else self._nothing_yet).search(query)

    def remove(self, tenant: str) -> None:
        """See SearchIndex.remove."""
        with self._lock:
            for name in (_building(tenant), _serving(tenant)):
                self._store.remove(name)
                self._files.forget(name)

    @cached_property
    def _catalogue(self) -> Sequence[Document]:
        return tuple(self._make_catalogue())

    @cached_property
    def _digest(self) -> str:
        return digest(self._catalogue)

    @cached_property
    def _nothing_yet(self) -> SqliteReader:
        """Answers for tenants without an index."""
        return catalogue_alone(self._edition, self._catalogue)

    def _target(self, tenant: str) -> _Target | None:
        """None when newer code's index serves or is being built."""
        serving = self._files.current(_serving(tenant))
        if serving is None or serving.database.edition == self._edition:
            return _Target(_serving(tenant), serving.etag if serving else None, serving, None)
        building = self._files.current(_building(tenant))
        editions = [file.database.edition for file in (serving, building) if file]
        if max(editions) > self._edition:
            return None
        is_begun = building and building.database.edition == self._edition
        return _Target(_building(tenant), building.etag if building else None, building if is_begun else None, serving)

    def _begun(self, base: File | None, draft: Path) -> Database:
        if base is None:
            return Database.create(draft, self._edition)
        shutil.copyfile(base.path, draft)
        return Database.open(draft, is_written=True)

    def _complete(self, database: Database) -> None:
        """Bring the documents that no stream tells up to this code's."""
        if database.catalogue != self._digest:
            database.write_catalogue(CATALOGUE, self._catalogue, self._digest)


def catalogue_alone(edition: int, documents: Sequence[Document]) -> SqliteReader:
    """Finds what no stream tells, and nothing else."""
    database = Database.create(":memory:", edition)
    database.write_catalogue(CATALOGUE, documents, "")
    return SqliteReader(database)


def digest(documents: Sequence[Document]) -> str:
    """Tells two states of the documents that no stream tells apart."""
    return sha256(canonical([astuple(document) for document in documents])).hexdigest()


def _serving(tenant: str) -> str:
    return f"indexes/{quote(tenant, safe='')}.sqlite.zst"


def _building(tenant: str) -> str:
    return f"rebuilds/{quote(tenant, safe='')}.sqlite.zst"
