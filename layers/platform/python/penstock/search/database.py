"""One index as an SQLite database with FTS5: how documents lie in it, and how they are replaced.

`texts` indexes `contents`; `documents` is what ranking, paging and facets read, kept narrow; `labels` are the values
of facets, and `labelled` says which document has which.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from penstock.search.errors import DamagedIndex
from penstock.search.model import Batch, Document
from penstock.search.words import names

LAYOUT = 1
"""Rises when the tables change: code of another layout cannot read them."""

_SCHEMA = f"""
    PRAGMA page_size = 4096;
    PRAGMA user_version = {LAYOUT};
    CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
    CREATE TABLE documents (
        number INTEGER PRIMARY KEY, id TEXT NOT NULL, source TEXT NOT NULL, type TEXT NOT NULL, url TEXT NOT NULL,
        time INTEGER NOT NULL, weight REAL NOT NULL
    );
    CREATE INDEX documents_source ON documents (source);
    CREATE TABLE contents (number INTEGER PRIMARY KEY, title TEXT, body TEXT, names TEXT);
    CREATE VIRTUAL TABLE texts USING fts5 (
        title, body, names, content = 'contents', content_rowid = 'number', prefix = '2 3',
        tokenize = 'unicode61 remove_diacritics 2'
    );
    CREATE VIRTUAL TABLE terms USING fts5vocab (texts, 'row');
    CREATE TABLE labels (label INTEGER PRIMARY KEY, name TEXT, value TEXT COLLATE NOCASE, UNIQUE (name, value));
    CREATE TABLE labelled (label INTEGER, number INTEGER, PRIMARY KEY (label, number)) WITHOUT ROWID;
    CREATE INDEX labelled_number ON labelled (number, label);
"""


def _require_fts5() -> None:
    try:
        sqlite3.connect(":memory:").execute("CREATE VIRTUAL TABLE probe USING fts5 (text)")
    except sqlite3.OperationalError as error:
        raise ImportError(f"this Python's SQLite ({sqlite3.sqlite_version}) was built without FTS5") from error


_require_fts5()


class Database:
    """An index's tables. Not safe for threads. `edition` is that of the code that decides what documents say."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    @classmethod
    def create(cls, file: Path | str, edition: int) -> Self:
        """An empty index; `:memory:` makes one without a file."""
        made = cls(_connect(str(file)))
        made.connection.executescript(_SCHEMA)
        with made.connection:
            made._note({"edition": edition, "position": 0, "catalogue": ""})
        return made

    @classmethod
    def open(cls, file: Path, *, is_written: bool = False) -> Self:
        """An index that `create` made. Raises DamagedIndex."""
        mode = "mode=rw" if is_written else "mode=ro&immutable=1"
        try:
            opened = cls(_connect(f"{file.absolute().as_uri()}?{mode}"))
            opened._noted("edition")
        except (sqlite3.DatabaseError, TypeError) as error:
            raise DamagedIndex(file.name, f"cannot be read: {type(error).__name__}") from error
        return opened

    @property
    def layout(self) -> int:
        """Which tables it has. `meta` is the same in all layouts, so that an index of another one is built anew."""
        return int(self.connection.execute("PRAGMA user_version").fetchone()[0])

    @property
    def edition(self) -> int:
        """The edition of the code that fills it."""
        return int(self._noted("edition"))

    @property
    def position(self) -> int:
        """The feed's entry up to which it was filled."""
        return int(self._noted("position"))

    @property
    def catalogue(self) -> str:
        """The digest of the documents that no stream tells."""
        return str(self._noted("catalogue"))

    def write(self, batch: Batch) -> None:
        """Replace the documents of the batch's sources, and stand at its position."""
        with self.connection:
            for source, documents in batch.replaced.items():
                self._replace(source, documents)
            if batch.leaves_no_trace:
                # FTS5 keeps the words of what was deleted until its segments are merged.
                self.connection.execute("INSERT INTO texts (texts) VALUES ('optimize')")
            self._note({"position": batch.position})

    def write_catalogue(self, source: str, documents: Sequence[Document], digest: str) -> None:
        """Replace the documents that no stream tells."""
        with self.connection:
            self._replace(source, documents)
            self._note({"catalogue": digest})

    def close(self) -> None:
        """Let go of the file."""
        self.connection.close()

    def _replace(self, source: str, documents: Iterable[Document]) -> None:
        found = self.connection.execute("SELECT number FROM documents WHERE source = ?", [source]).fetchall()
        for (number,) in found:
            self._remove(number)
        for document in documents:
            self._add(source, document)

    def _remove(self, number: int) -> None:
        execute = self.connection.execute
        execute(
            "INSERT INTO texts (texts, rowid, title, body, names) "
            "SELECT 'delete', number, title, body, names FROM contents WHERE number = ?",
            [number],
        )
        for table in ("contents", "documents"):
            execute(f"DELETE FROM {table} WHERE number = ?", [number])  # noqa: S608 - the two names above
        labels = execute("SELECT label FROM labelled WHERE number = ?", [number]).fetchall()
        self.connection.executemany(
            "DELETE FROM labelled WHERE label = ? AND number = ?", [(label, number) for (label,) in labels]
        )

    def _add(self, source: str, document: Document) -> None:
        execute = self.connection.execute
        title, body = document.text("title"), document.text("body")
        columns = (document.id, source, document.type, document.url, document.time, document.weight)
        number = execute(
            "INSERT INTO documents (id, source, type, url, time, weight) VALUES (?, ?, ?, ?, ?, ?)", columns
        ).lastrowid
        content = (number, title, body, names(f"{title}\n{body}"))
        execute("INSERT INTO contents (number, title, body, names) VALUES (?, ?, ?, ?)", content)
        execute("INSERT INTO texts (rowid, title, body, names) VALUES (?, ?, ?, ?)", content)
        self.connection.executemany(
            "INSERT OR IGNORE INTO labelled (label, number) VALUES (?, ?)",
            [(self._label(name, value), number) for name, value in document.facets()],
        )

    def _label(self, name: str, value: str) -> int:
        find = "SELECT label FROM labels WHERE name = ? AND value = ?"
        found = self.connection.execute(find, [name, value]).fetchone()
        if found is None:
            made = self.connection.execute("INSERT INTO labels (name, value) VALUES (?, ?)", [name, value])
            return int(made.lastrowid or 0)
        return int(found[0])

    def _noted(self, name: str) -> Any:
        return self.connection.execute("SELECT value FROM meta WHERE name = ?", [name]).fetchone()[0]

    def _note(self, values: Mapping[str, object]) -> None:
        self.connection.executemany("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", list(values.items()))


def _connect(file: str) -> sqlite3.Connection:
    connection = sqlite3.connect(file, uri=file.startswith("file:"), check_same_thread=False)
    for pragma in ("journal_mode = OFF", "synchronous = OFF", "temp_store = MEMORY", "secure_delete = ON"):
        connection.execute(f"PRAGMA {pragma}")
    return connection
