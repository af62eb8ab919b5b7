"""Index files on this machine's disk, as the store had them: fetched once, looked after by etag."""

import os
import shutil
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from uuid import uuid4

import zstandard

from penstock.search.database import Database
from penstock.search.errors import DamagedIndex
from penstock.search.sqlite import SqliteReader
from penstock.search.storing import IndexStore

LARGEST_INDEX = 160 * 1024 * 1024
"""Bytes, unpacked: a Lambda function's disk holds three of them in its 512 MB."""

_MOST_FILES = 2
_LEVEL = 3


@dataclass
class File:
    """A file as the store has it with `etag`; `checked` is when that was last known to be so."""

    path: Path
    etag: str
    checked: float

    @cached_property
    def database(self) -> Database:
        """What is in it. Raises DamagedIndex."""
        return Database.open(self.path)

    @cached_property
    def reader(self) -> SqliteReader:
        """Answers queries. Raises DamagedIndex."""
        return SqliteReader(self.database)

    def drop(self) -> None:
        """Close it and take it off the disk."""
        if "database" in self.__dict__:
            self.database.close()
        self.path.unlink(missing_ok=True)


class Files:
    """The files that were used last. `monotonic` is in seconds. Not safe for threads."""

    def __init__(self, store: IndexStore, folder: Path, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._store, self._folder, self._monotonic = store, folder, monotonic
        self._files: OrderedDict[str, File] = OrderedDict()

    def current(self, name: str, fresh_for: float = 0) -> File | None:
        """The file, at most that many seconds behind the store; None when there is none. Raises DamagedIndex."""
        known = self._files.get(name)
        if known is None or (known.checked + fresh_for <= self._monotonic() and not self._is_as_stored(name, known)):
            return self._fetched(name)
        self._files.move_to_end(name)
        return known

    def adopt(self, name: str, path: Path, etag: str) -> File:
        """Take a file that the store now has."""
        self.forget(name)
        made = self._files[name] = File(path, etag, self._monotonic())
        while len(self._files) > _MOST_FILES:
            self.forget(next(iter(self._files)))
        return made

    def forget(self, name: str) -> None:
        """Drop this machine's copy, if it has one."""
        known = self._files.pop(name, None)
        if known:
            known.drop()

    @contextmanager
    def draft(self) -> Iterator[Path]:
        """Where a new file can be made; what is raised inside takes it off the disk."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{uuid4().hex}.sqlite"
        try:
            yield path
        except BaseException:
            path.unlink(missing_ok=True)
            raise

    def _is_as_stored(self, name: str, known: File) -> bool:
        known.checked = self._monotonic()
        return self._store.etag(name) == known.etag

    def _fetched(self, name: str) -> File | None:
        found = self._store.load(name)
        if found is None:
            self.forget(name)
            return None
        blob, etag = found
        with self.draft() as path:
            path.write_bytes(_unpacked(name, blob))
        return self.adopt(name, path, etag)


def own_folder(home: Path) -> Path:
    """A folder of this process's own; those of processes that are gone, and could not clean up, are taken away."""
    home.mkdir(parents=True, exist_ok=True)
    for other in home.iterdir():
        if not _runs(other.name):
            shutil.rmtree(other, ignore_errors=True)
    return home / str(os.getpid())


def _runs(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:  # another user's
        pass
    return True


def packed(path: Path) -> bytes:
    """A file as the store keeps it."""
    return zstandard.ZstdCompressor(level=_LEVEL).compress(path.read_bytes())


def _unpacked(name: str, blob: bytes) -> bytes:
    try:
        if zstandard.frame_content_size(blob) > LARGEST_INDEX:
            raise DamagedIndex(name, f"unpacks to more than {LARGEST_INDEX} bytes")
        return zstandard.decompress(blob, max_output_size=LARGEST_INDEX)
    except zstandard.ZstdError as error:
        raise DamagedIndex(name, "cannot be unpacked") from error
