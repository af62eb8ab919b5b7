"""An archive on this machine's disk."""

from collections.abc import Iterator
from pathlib import Path


class FolderArchive:
    """An Archive in a local folder, with the same names: to try things, and to ask questions offline."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, key: str, blob: bytes) -> bool:
        """See Archive.put."""
        file = self._folder / key
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            with file.open("xb") as made:
                made.write(blob)
        except FileExistsError:
            return False
        return True

    def get(self, key: str) -> bytes:
        """See Archive.get."""
        return (self._folder / key).read_bytes()

    def names(self, prefix: str = "") -> Iterator[str]:
        """See Archive.names."""
        for file in self._folder.rglob("*"):
            key = file.relative_to(self._folder).as_posix()
            if file.is_file() and key.startswith(prefix):
                yield key
