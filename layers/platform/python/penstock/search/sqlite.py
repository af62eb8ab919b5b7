"""Asking an SQLite index: ranked by bm25, words by their beginnings, slips of the finger forgiven, facets counted."""

import sqlite3
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import groupby, islice
from typing import Any

from penstock.search.database import LAYOUT, Database
from penstock.search.errors import DamagedIndex, QueryTooSlow
from penstock.search.language import Clause, Parsed, parse
from penstock.search.model import (
    BODY_WEIGHT,
    FACET_VALUES,
    FURTHEST,
    NAMES_WEIGHT,
    TITLE_WEIGHT,
    Hit,
    Parts,
    Query,
    Result,
)
from penstock.search.spelling import LONGEST, SHORTEST, Vocabulary

SECONDS = 5.0
_STEPS = 20_000
"""SQLite's instructions between two looks at the clock."""

_BEGIN, _END = "\ue000", "\ue001"
_SNIPPET = 24
_LAST = "\U0010ffff"
_RANKED = """
    INSERT INTO temp.found SELECT number, -bm25(texts, ?, ?, ?) * weight, time
    FROM texts CROSS JOIN documents ON number = texts.rowid WHERE texts MATCH ?
"""
_COLUMN_WEIGHTS = (TITLE_WEIGHT, BODY_WEIGHT, NAMES_WEIGHT)
_NEWEST = "INSERT INTO temp.found SELECT number, 0, time FROM documents WHERE true"
_PAGE = """
    SELECT number, score, id, type, url, documents.time, title, substr(body, 1, 160)
    FROM temp.found JOIN documents USING (number) JOIN contents USING (number)
    ORDER BY score DESC, documents.time DESC, number LIMIT ? OFFSET ?
"""
_MARKED = """
    SELECT rowid, highlight(texts, 0, ?, ?), snippet(texts, 1, ?, ?, '…', ?)
    FROM texts WHERE texts MATCH ? AND +rowid IN ({numbers})
"""
_OF_FOUND = """
    SELECT label, count(*) AS found FROM temp.found CROSS JOIN labelled USING (number)
    WHERE +label IN (SELECT label FROM labels WHERE name IN ({names})) GROUP BY label
"""
_OF_LABELS = """
    SELECT label, (
        SELECT count(*) FROM labelled CROSS JOIN temp.found USING (number) WHERE labelled.label = labels.label
    ) AS found FROM labels WHERE name IN ({names})
"""
_COUNTED = "SELECT name, value, found FROM ({counts}) JOIN labels USING (label) WHERE found ORDER BY name, 3 DESC, 2"
_MANY = 1 / 3
"""The part of all documents from which on it is quicker to count what has a label than the labels of what was found."""

_LABELLED = "SELECT name, value FROM labelled JOIN labels USING (label) WHERE number = ? ORDER BY name, value"
_WITH = "number {} (SELECT number FROM labelled JOIN labels USING (label) WHERE name = ? AND value IN ({}))"
_Readings = Mapping[str, Sequence[str]]


class SqliteReader:
    """Answers from one index that does not change. Not safe for threads. Raises DamagedIndex."""

    def __init__(self, database: Database, seconds: float = SECONDS) -> None:
        self._database, self._seconds = database, seconds
        if database.layout != LAYOUT:
            raise DamagedIndex("of this tenant", f"has layout {database.layout} until it is built anew as {LAYOUT}")
        self._execute = database.connection.execute
        self._execute("CREATE TEMP TABLE found (number INTEGER PRIMARY KEY, score REAL, time INTEGER)")

    def search(self, query: Query) -> Result:
        """See SearchIndex.search."""
        parsed = parse(query.text)
        with self._bounded():
            readings = self._corrections(parsed)
            total = self._find(query, parsed, readings)
            if not total and (wider := self._wider(parsed, readings)):
                readings, total = wider, self._find(query, parsed, wider)
            return Result(
                hits=self._page(query, _expression(parsed.wanted, readings)),
                total=total,
                facets=self._facets(query.facets, total),
                corrected=readings if total else {},
                position=self._database.position,
            )

    @cached_property
    def _vocabulary(self) -> Vocabulary:
        """Read when the first slip is made: an index holds a hundred thousand words."""
        rows = self._execute(
            "SELECT term, doc FROM terms WHERE length(term) BETWEEN ? AND ?", [SHORTEST - 1, LONGEST + 2]
        )
        return Vocabulary((term, documents) for term, documents in rows if term.isalpha())

    @contextmanager
    def _bounded(self) -> Iterator[None]:
        """Raises QueryTooSlow when what is inside takes too long, DamagedIndex when the file does not hold."""
        end = time.monotonic() + self._seconds
        self._database.connection.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
        try:
            yield
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
                raise QueryTooSlow(self._seconds) from error
            raise DamagedIndex("of this tenant", f"cannot be read: {error.sqlite_errorname}") from error
        finally:
            self._database.connection.set_progress_handler(None, 0)

    def _corrections(self, parsed: Parsed) -> _Readings:
        """What stands in for each word that the index does not have, not even as a beginning."""
        unknown = [word for word in _loose(parsed) if not self._has(word)]
        return {word: near for word in unknown if (near := self._vocabulary.suggest(word))}

    def _wider(self, parsed: Parsed, readings: _Readings) -> _Readings:
        """Words that the index has, but not with the others, may be slips too."""
        rest = [word for word in _loose(parsed) if word not in readings]
        more = {word: near for word in rest if (near := self._vocabulary.suggest(word))}
        return {**readings, **more} if more else {}

    def _has(self, word: str) -> bool:
        rows = self._execute("SELECT 1 FROM terms WHERE term >= ? AND term < ? LIMIT 1", [word, word + _LAST])
        return rows.fetchone() is not None

    def _find(self, query: Query, parsed: Parsed, readings: _Readings) -> int:
        """Gathers what matches; how much that is."""
        wanted = _expression(parsed.wanted, readings)
        conditions = [*_labels(query.filters, "IN"), *_labels(parsed.filters, "IN"), *_labels(parsed.without, "NOT IN")]
        if parsed.unwanted:
            unwanted = " OR ".join(_quoted(clause.words) for clause in parsed.unwanted)
            conditions.append(("number NOT IN (SELECT rowid FROM texts WHERE texts MATCH ?)", [unwanted]))
        self._execute("DELETE FROM temp.found")
        sql = " AND ".join([_RANKED if wanted else _NEWEST, *(condition for condition, _ in conditions)])
        values = [value for _, given in conditions for value in given]
        return self._execute(sql, [*((*_COLUMN_WEIGHTS, wanted) if wanted else ()), *values]).rowcount

    def _page(self, query: Query, wanted: str) -> Sequence[Hit]:
        rows = self._execute(_PAGE, [min(query.limit, FURTHEST - query.offset), query.offset]).fetchall()
        marked = self._marked([number for number, *_ in rows], wanted)
        return [self._hit(row, *marked.get(row[0], row[-2:])) for row in rows]

    def _marked(self, numbers: Sequence[int], wanted: str) -> Mapping[int, tuple[str, str]]:
        """Title and snippet of each, with marks. One pass over what matches: looking each up would be one for each."""
        if not wanted or not numbers:
            return {}
        sql = _MARKED.format(numbers=_marks(numbers))
        rows = self._execute(sql, [_BEGIN, _END, _BEGIN, _END, _SNIPPET, wanted, *numbers])
        return {number: (title, snippet) for number, title, snippet in rows}

    def _facets(self, names: Sequence[str], total: int) -> Mapping[str, Sequence[tuple[str, int]]]:
        (documents,) = self._execute("SELECT count(*) FROM documents").fetchone()
        counts = (_OF_LABELS if total > documents * _MANY else _OF_FOUND).format(names=_marks(names))
        counted = groupby(self._execute(_COUNTED.format(counts=counts), [*names]), lambda row: row[0])
        found = {name: [(value, count) for _, value, count in islice(rows, FACET_VALUES)] for name, rows in counted}
        return {name: found.get(name, []) for name in names}

    def _hit(self, row: Sequence[Any], title: str, snippet: str) -> Hit:
        number, score, identifier, kind, url, millis, *_ = row
        fields = self._execute(_LABELLED, [number]).fetchall()
        grouped = {name: [value for _, value in pairs] for name, pairs in groupby(fields, lambda pair: pair[0])}
        return Hit(identifier, kind, parts(title), parts(snippet), url, millis, score, grouped)


def parts(marked: str) -> Parts:
    """A text with marks, cut at them."""
    plain, *matched = marked.split(_BEGIN)
    found = [(plain, False)]
    for piece in matched:
        hit, _, rest = piece.partition(_END)
        found += [(hit, True), (rest, False)]
    return [(text, is_match) for text, is_match in found if text]


def _loose(parsed: Parsed) -> list[str]:
    """Words that were not quoted: a slip may be in them."""
    return [word for clause in parsed.wanted if not clause.is_quoted for word in clause.words]


def _expression(clauses: Sequence[Clause], readings: _Readings) -> str:
    """FTS5's expression; "" for no clauses. Words are letters and digits only, so that quotes hold them."""
    return " AND ".join(f"({_clause(clause, readings)})" for clause in clauses)


def _clause(clause: Clause, readings: _Readings) -> str:
    """One word counts twice where it stands whole, once where it is a beginning; several stand together."""
    exact = _quoted(clause.words)
    if clause.is_quoted:
        return exact
    if any(word in readings for word in clause.words):
        return " AND ".join(f"({_readings(word, readings)})" for word in clause.words)
    return f"{exact} OR {exact}*" if len(clause.words[-1]) > 1 else exact


def _readings(word: str, readings: _Readings) -> str:
    return " OR ".join([f"{_quoted([word])}*", *(_quoted([near]) for near in readings.get(word, ()))])


def _quoted(words: Sequence[str]) -> str:
    return f'"{" ".join(words)}"'


def _labels(filters: Mapping[str, frozenset[str]], relation: str) -> list[tuple[str, list[str]]]:
    return [(_WITH.format(relation, _marks(values)), [name, *sorted(values)]) for name, values in filters.items()]


def _marks(values: Collection[object]) -> str:
    return ", ".join("?" * len(values))
