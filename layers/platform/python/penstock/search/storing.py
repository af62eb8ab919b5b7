"""Where index files lie: bytes by name, replaced only by who knows what stands there. And the stores for one machine.

Every implementation passes `tests/contract/test_index_store.py`.
"""

import threading
from hashlib import sha256
from pathlib import Path
from typing import Protocol
from urllib.parse import quote


class IndexStore(Protocol):
    """Files by name. An etag tells two states of one file apart."""

    def load(self, name: str) -> tuple[bytes, str] | None:
        """The file and its etag; None when there is none."""
        ...

    def etag(self, name: str) -> str | None:
        """The file's etag alone; None when there is none."""
        ...

    def save(self, name: str, blob: bytes, replaces: str | None) -> str | None:
        """Store the file where one with the etag `replaces` stands (None: where none does); returns the new etag.

        None when something else stands there: a rival was first, and nothing has changed.
        """
        ...

    def remove(self, name: str) -> None:
        """Take the file away, if there is one."""
        ...


class MemoryIndexStore:
    """An IndexStore in memory. Safe for threads."""

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def load(self, name: str) -> tuple[bytes, str] | None:
        """See IndexStore.load."""
        blob = self._files.get(name)
        return None if blob is None else (blob, _etag(blob))

    def etag(self, name: str) -> str | None:
        """See IndexStore.etag."""
        blob = self._files.get(name)
        return None if blob is None else _etag(blob)

    def save(self, name: str, blob: bytes, replaces: str | None) -> str | None:
        """See IndexStore.save."""
        with self._lock:
            if self.etag(name) != replaces:
                return None
            self._files[name] = blob
            return _etag(blob)

    def remove(self, name: str) -> None:
        """See IndexStore.remove."""
        with self._lock:
            self._files.pop(name, None)


class FolderIndexStore:
    """An IndexStore in a local folder, for one process: to try things. Safe for threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()

    def load(self, name: str) -> tuple[bytes, str] | None:
        """See IndexStore.load."""
        try:
            blob = self._file(name).read_bytes()
        except FileNotFoundError:
            return None
        return blob, _etag(blob)

    def etag(self, name: str) -> str | None:
        """See IndexStore.etag."""
        found = self.load(name)
        return found[1] if found else None

    def save(self, name: str, blob: bytes, replaces: str | None) -> str | None:
        """See IndexStore.save."""
        with self._lock:
            if self.etag(name) != replaces:
                return None
            file = self._file(name)
            file.parent.mkdir(parents=True, exist_ok=True)
            made = file.with_name(f"{file.name}.new")
            made.write_bytes(blob)
            made.replace(file)
            return _etag(blob)

    def remove(self, name: str) -> None:
        """See IndexStore.remove."""
        with self._lock:
            self._file(name).unlink(missing_ok=True)

    def _file(self, name: str) -> Path:
        """Names are taken as they are: none leads out of the folder."""
        return self._folder / quote(name, safe="")


def _etag(blob: bytes) -> str:
    return sha256(blob).hexdigest()
