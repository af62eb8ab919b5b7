"""Documents indexed and found, beside PyPI `tantivy` (Lucene's way in Rust) in the same run on the same documents.

    python -m benchmarks.search [--documents 10000 100000]

Ours goes the whole way: batches written to a SQLite file, packed, stored under a condition, fetched, unpacked, opened;
then queries with highlights of the page of twenty, the number of all matches, and where a kind says so four facets.
The peer gets the same fields, ranks, counts, marks twenty, and counts the same facets by an aggregation. Its fuzzy
queries take any word within the distance; beginnings are fuzzy queries with none.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import tantivy  # type: ignore[import-not-found,unused-ignore]

from benchmarks.measuring import machine
from benchmarks.payloads import Dice, new_id
from penstock.search import Batch, Document, Query
from penstock.search.stored import StoredIndex
from penstock.search.storing import FolderIndexStore

DOCUMENTS = (10_000, 100_000)
A_BATCH = 1_000
QUERIES = 40
LIMIT = 20
FAILED = {"status": frozenset({"failed"})}
FACETS = ("type", "status", "error", "workflow")
_TEXT = """
    admission allergy approval archive balance batch bearing billing booking cancel carrier certificate checksum
    claim clamp clinician connection consent customer dataset debtor delivery device discharge dispatch dosage
    duplicate encounter escalation expired export filter forbidden gateway glucose hemoglobin identifier import
    inspection inventory invoice laboratory ledger malformed mandate message missing observation operator order
    outbox patient payment permission pharmacy portal potassium preauthorisation pressure printer quality
    quantity radiology receipt refused registration rejected release reminder reservation result sample schedule
    screening segment sensor settlement shipment signature sodium specimen supplier temperature theatre
    threshold timeout transfer transfusion triage turbine unknown update vaccine valve validation vendor
    vibration warehouse ward wristband
"""
WORDS = _TEXT.split()
ERRORS = ("UnknownPatient", "ConnectionRefused", "CertificateExpired", "ChecksumMismatch", "Timeout", "Forbidden")


@dataclass(frozen=True)
class Kind:
    """Queries of one kind: what is typed, and what the peer is given for the same."""

    name: str
    make: Callable[[Dice], str]
    filters: Mapping[str, frozenset[str]]
    facets: Sequence[str] = ()
    distance: int = 0
    is_prefix: bool = False


def main() -> None:
    """Print one table a number of documents."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, nargs="+", default=DOCUMENTS)
    for count in parser.parse_args().documents:
        with tempfile.TemporaryDirectory() as folder:
            print(table(count, Path(folder)))
    print(machine())


def table(count: int, folder: Path) -> str:
    """Markdown: indexing and size, then each kind of query."""
    index, ours = indexed(count, folder)
    peer, theirs = peer_indexed(count, folder)
    lines = [
        f"| {count:,} documents | Penstock | tantivy {version('tantivy')} |",
        "| --- | ---: | ---: |",
        f"| indexed, documents/s | {ours:,.0f} | {theirs:,.0f} |",
        f"| on disk, MB | {_size(folder / 'one'):.1f} | {_size(folder / 'peer'):.1f} |",
        f"| in S3, packed, MB | {_size(folder / 'store'):.1f} | |",
        f"| fetched, unpacked and opened, ms | {_opening(folder) * 1e3:,.0f} | |",
        "| *queries: p50 / p95 in ms (found)* | | |",
    ]
    lines += [_row(index, peer, kind) for kind in KINDS]
    return "\n".join(lines) + "\n"


def _row(index: StoredIndex, peer: "Peer", kind: Kind) -> str:
    dice = Dice(kind.name)
    queries = [kind.make(dice) for _ in range(QUERIES)]

    def ours(text: str) -> int:
        return index.search("acme", Query(text, kind.filters, kind.facets, LIMIT)).total

    def theirs(text: str) -> int:
        return peer.search(text, kind)

    return f"| {kind.name} | {_timed(ours, queries)} | {_timed(theirs, queries)} |"


def documents(count: int) -> Iterator[Document]:
    """Executions and their errors, of two hundred workflows; common words are commoner, as in a language."""
    dice = Dice(7)
    for number in range(count):
        identifier, workflow = new_id(dice), dice.randrange(200)
        error = dice.choice(ERRORS) if dice.random() < 0.2 else ""
        name = f"{WORDS[workflow % len(WORDS)]} {WORDS[workflow * 7 % len(WORDS)]}".capitalize()
        yield Document(
            id=f"execution:{identifier}",
            type="error" if error else "execution",
            title=f"{error} in {name}" if error else name,
            body=" ".join([*(_word(dice) for _ in range(20)), identifier]),
            url=f"/v1/executions/{identifier}",
            time=1_760_000_000_000 + number * 60_000,
            fields={
                "status": ["failed" if error else dice.choice(["done", "done", "done", "running"])],
                "workflow": [f"workflow-{workflow}"],
                "error": [error],
            },
        )


def _word(dice: Dice) -> str:
    return WORDS[min(int(dice.paretovariate(0.6)) - 1, len(WORDS) - 1)]


def _two(dice: Dice) -> str:
    return " ".join(dice.sample(WORDS[20:], 2))


def _misspelt(dice: Dice) -> str:
    word = dice.choice([word for word in WORDS if len(word) > 6])
    place = dice.randrange(1, len(word) - 2)
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]


KINDS = (
    Kind("a word", lambda dice: dice.choice(WORDS), {}, is_prefix=True),
    Kind("two words", _two, {}, is_prefix=True),
    Kind("a beginning of three letters", lambda dice: dice.choice(WORDS)[:3], {}, is_prefix=True),
    Kind("a phrase", lambda dice: f'"{_word(dice)} {dice.choice(WORDS)}"', {}),
    Kind("a misspelt word", _misspelt, {}, distance=2),
    Kind("two words, failed, four facets", _two, FAILED, FACETS, is_prefix=True),
    Kind("no words, failed, four facets", lambda _: "", FAILED, FACETS),
)


def indexed(count: int, folder: Path) -> tuple[StoredIndex, float]:
    """Our index, and how many documents a second went into it."""
    index = StoredIndex(FolderIndexStore(folder / "store"), folder / "one", 1, lambda: (), limit=2**32, fresh_for=3_600)
    found = list(documents(count))
    begun = time.perf_counter()
    for after in range(0, count, A_BATCH):
        batch = {document.id: [document] for document in found[after : after + A_BATCH]}
        if not index.apply("acme", Batch(after, after + A_BATCH, batch)):
            raise RuntimeError("somebody else writes to the benchmark's index")
    return index, count / (time.perf_counter() - begun)


class Peer:
    """The peer's index, asked as ours is."""

    def __init__(self, folder: Path) -> None:
        builder = tantivy.SchemaBuilder()
        for name in ("title", "body"):
            builder.add_text_field(name, stored=True)
        for name in ("id", "type", "status", "workflow", "error", "url"):
            builder.add_text_field(name, stored=True, fast=True, tokenizer_name="raw", index_option="basic")
        self._schema = builder.build()
        folder.mkdir()
        self._index = tantivy.Index(self._schema, str(folder))

    def write(self, batch: Sequence[Document]) -> None:
        """Add the documents, and have them found."""
        writer = self._index.writer(num_threads=1)
        for document in batch:
            fields: dict[str, Any] = {name: list(values) for name, values in document.fields.items()}
            texts = {name: [getattr(document, name)] for name in ("id", "type", "url", "title", "body")}
            writer.add_document(tantivy.Document(**fields, **texts))
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()

    def search(self, text: str, kind: Kind) -> int:
        """How much is found; the best twenty are fetched with their texts, and marked; facets are counted."""
        names, slips = ["title", "body"], (kind.is_prefix, kind.distance, True)
        filters = [f"{name}:{value}" for name, values in kind.filters.items() for value in values]
        query = self._index.parse_query(
            " ".join([text, *filters]),
            names,
            field_boosts={"title": 8.0},
            fuzzy_fields=dict.fromkeys(names, slips) if any(slips[:2]) else {},
            conjunction_by_default=True,
        )
        searcher = self._index.searcher()
        marks = [tantivy.SnippetGenerator.create(searcher, query, self._schema, name) for name in names]
        found = searcher.search(query, LIMIT)
        for _, address in found.hits:
            document = searcher.doc(address)
            for mark in marks:
                mark.snippet_from_doc(document).highlighted()
        if kind.facets:
            searcher.aggregate(query, {name: {"terms": {"field": name, "size": LIMIT}} for name in kind.facets})
        return int(found.count)  # type: ignore[attr-defined]


def peer_indexed(count: int, folder: Path) -> tuple[Peer, float]:
    """The peer's index, and how many documents a second went into it."""
    peer, found = Peer(folder / "peer"), list(documents(count))
    begun = time.perf_counter()
    for after in range(0, count, A_BATCH):
        peer.write(found[after : after + A_BATCH])
    return peer, count / (time.perf_counter() - begun)


def _timed(search: Callable[[str], int], queries: Sequence[str]) -> str:
    """Milliseconds at the median and at the 95th percentile, and how much was found at the median."""
    for text in queries[:5]:
        search(text)
    took, found = [], []
    for text in queries:
        begun = time.perf_counter()
        found.append(search(text))
        took.append((time.perf_counter() - begun) * 1e3)
    p95 = statistics.quantiles(took, n=20)[-1]
    return f"{statistics.median(took):.1f} / {p95:.1f} ({statistics.median(found):,.0f})"


def _opening(folder: Path) -> float:
    """Seconds until a process that has nothing yet has answered."""
    fresh = StoredIndex(FolderIndexStore(folder / "store"), folder / "two", 1, lambda: ())
    begun = time.perf_counter()
    fresh.search("acme", Query('"zzz"'))
    return time.perf_counter() - begun


def _size(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6


if __name__ == "__main__":
    main()
