"""The embedded index beyond the contract: copies, bounds, damage, and what is to leave no trace."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from penstock.search import Batch, DamagedIndex, Document, IndexTooLarge, Query, QueryTooSlow
from penstock.search.database import Database
from penstock.search.files import own_folder
from penstock.search.sqlite import SqliteReader
from penstock.search.stored import StoredIndex
from penstock.search.storing import MemoryIndexStore


class CountingStore(MemoryIndexStore):
    """Counts what it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.loads = self.etags = 0

    def load(self, name: str) -> tuple[bytes, str] | None:
        self.loads += 1
        return super().load(name)

    def etag(self, name: str) -> str | None:
        self.etags += 1
        return super().etag(name)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def flow(name: str, number: int = 1) -> Document:
    return Document(f"workflow:{number}", "workflow", name, "", f"/v1/workflows/{number}", 1)


def total(index: StoredIndex, text: str, tenant: str = "acme") -> int:
    return index.search(tenant, Query(text)).total


@pytest.fixture
def store() -> CountingStore:
    return CountingStore()


@pytest.fixture
def make(store: CountingStore, tmp_path: Path) -> Callable[..., StoredIndex]:
    def made(folder: str = "one", **more: object) -> StoredIndex:
        return StoredIndex(store, tmp_path / folder, 1, lambda: [], **more)  # type: ignore[arg-type]

    return made


def test_a_reader_asks_the_store_once_in_a_while_and_fetches_what_is_new(
    make: Callable[..., StoredIndex], store: CountingStore
) -> None:
    clock = Clock()
    writer, reader = make("writer"), make("reader", monotonic=clock, fresh_for=5)
    writer.apply("acme", Batch(0, 1, {"a": [flow("Lab")]}))
    store.loads = store.etags = 0
    assert [total(reader, "lab") for _ in range(3)] == [1, 1, 1]
    assert (store.loads, store.etags) == (1, 0)
    clock.now = 5
    total(reader, "lab")
    assert (store.loads, store.etags) == (1, 1)
    writer.apply("acme", Batch(1, 2, {"a": [flow("Radiology")]}))
    clock.now = 9
    assert total(reader, "radiology") == 0, "it is still fresh enough"
    clock.now = 10
    assert total(reader, "radiology") == 1


def test_only_a_few_files_lie_on_this_machines_disk(make: Callable[..., StoredIndex], tmp_path: Path) -> None:
    index = make()
    for number in range(5):
        index.apply(f"t{number}", Batch(0, 1, {"a": [flow("Lab")]}))
        assert total(index, "lab", f"t{number}") == 1
    assert len(list((tmp_path / "one").iterdir())) == 2
    assert total(index, "lab", "t0") == 1


def test_an_index_over_the_limit_is_refused_and_the_old_one_serves(
    make: Callable[..., StoredIndex], tmp_path: Path
) -> None:
    index = make(limit=200_000)
    assert index.apply("acme", Batch(0, 1, {"a": [flow("Lab")]}))
    many = {str(number): [flow(f"Word{number} " * 20, number)] for number in range(2_000)}
    with pytest.raises(IndexTooLarge, match="OpenSearch") as refusal:
        index.apply("acme", Batch(1, 2, many))
    assert (refusal.value.tenant, refusal.value.limit) == ("acme", 200_000)
    assert refusal.value.size > 200_000
    assert (index.position("acme"), total(index, "lab")) == (1, 1)
    assert len(list((tmp_path / "one").iterdir())) == 1, "the draft is taken off the disk"


@pytest.mark.parametrize("blob", [b"", b"no zstd", zstandard.compress(b"no SQLite" * 1_000), zstandard.compress(b"")])
def test_what_is_no_index_is_said_to_be_damaged(
    make: Callable[..., StoredIndex], store: CountingStore, blob: bytes
) -> None:
    store.save("indexes/acme.sqlite.zst", blob, None)
    for ask in (lambda: total(make(), "lab"), lambda: make().position("acme")):
        with pytest.raises(DamagedIndex):
            ask()


def test_an_index_of_another_layout_is_built_anew_and_not_misread(
    make: Callable[..., StoredIndex], store: CountingStore, tmp_path: Path
) -> None:
    old = Database.create(tmp_path / "old", 0)
    old.connection.executescript("DROP TABLE documents; PRAGMA user_version = 0")
    old.close()
    store.save("indexes/acme.sqlite.zst", zstandard.compress((tmp_path / "old").read_bytes()), None)
    index = make(fresh_for=0)
    with pytest.raises(DamagedIndex, match="layout 0"):
        total(index, "lab")
    assert index.apply("acme", Batch(0, 1, {"a": [flow("Lab")]}))
    index.caught_up("acme")
    assert total(index, "lab") == 1


def test_a_search_ends_when_its_time_is_up() -> None:
    database = Database.create(":memory:", 1)
    database.write(Batch(0, 1, {str(number): [flow("Lab results", number)] for number in range(5_000)}))
    with pytest.raises(QueryTooSlow):
        SqliteReader(database, seconds=0).search(Query("lab"))
    reader = SqliteReader(Database.create(":memory:", 1), seconds=5)
    assert reader.search(Query("lab")).total == 0


@pytest.mark.parametrize("leaves_no_trace", [True, False])
def test_what_is_forgotten_is_nowhere_in_the_file(tmp_path: Path, leaves_no_trace: bool) -> None:
    """And that is no accident: without being told so, the index keeps the word."""
    database = Database.create(tmp_path / "index", 1)
    secret = Document("error:1", "error", "Refused", "Zebedee was here", "/v1/executions/1", 1)
    database.write(Batch(0, 1, {"a": [secret], "b": [flow("Lab", 2)]}))
    database.write(Batch(1, 2, {"a": []}, leaves_no_trace))
    database.close()
    held = (tmp_path / "index").read_bytes().lower()
    assert (b"zebedee" in held) is not leaves_no_trace
    assert b"lab" in held


def test_an_index_survives_thousands_of_replacements(tmp_path: Path) -> None:
    database = Database.create(tmp_path / "index", 1)
    for round_ in range(30):
        batch = {str(number): [flow(f"Round{round_} flow", number)] for number in range(50)}
        database.write(Batch(round_, round_ + 1, batch))
    database.connection.execute("INSERT INTO texts (texts) VALUES ('integrity-check')")
    reader = SqliteReader(database)
    assert (reader.search(Query("round29")).total, reader.search(Query('"round28"')).total) == (50, 0)
    for table in ("contents", "documents"):
        assert database.connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (50,)
    assert database.connection.execute("SELECT count(*) FROM labelled").fetchone() == (100,)


def test_facets_are_the_same_whichever_way_they_are_counted() -> None:
    database = Database.create(":memory:", 1)
    batch = {
        str(number): [
            Document(
                f"e:{number}",
                "execution",
                "common" if number % 2 else "common rare" if number < 3 else "common",
                "",
                "/",
                1,
                {"status": ["done" if number % 3 else "failed"], "node": [f"n{number % 4}"]},
            )
        ]
        for number in range(40)
    }
    database.write(Batch(0, 1, batch))
    reader = SqliteReader(database)
    everything = reader.search(Query("common", facets=("status", "node")))
    assert everything.facets == {
        "status": [("done", 26), ("failed", 14)],
        "node": [("n0", 10), ("n1", 10), ("n2", 10), ("n3", 10)],
    }
    few = reader.search(Query("rare", facets=("status", "node")))
    assert few.facets == {"status": [("done", 1), ("failed", 1)], "node": [("n0", 1), ("n2", 1)]}


def test_a_readers_file_cannot_be_written(tmp_path: Path) -> None:
    Database.create(tmp_path / "index", 1).close()
    with pytest.raises(sqlite3.OperationalError):
        Database.open(tmp_path / "index").write(Batch(0, 1, {}))


def test_what_a_process_that_died_left_is_taken_away(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    for name in (str(gone.pid), "no-process", str(os.getppid())):
        (tmp_path / name).mkdir()
        (tmp_path / name / "index.sqlite").write_bytes(b"left")
    assert own_folder(tmp_path) == tmp_path / str(os.getpid())
    assert [folder.name for folder in tmp_path.iterdir()] == [str(os.getppid())]
