"""What a folder holds, for naming things by their content."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

CACHE = "__pycache__"


def files_of(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Relative name and content of every file, sorted by name, without byte-code caches."""
    for file in sorted(folder.rglob("*")):
        if file.is_file() and CACHE not in file.parts:
            yield file.relative_to(folder).as_posix(), file.read_bytes()


def content_hash(path: Path) -> str:
    """SHA-256, in hex, of a file's content or of the names and contents of a folder's files."""
    if path.is_file():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    digest = hashlib.sha256()
    for name, content in files_of(path):
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()
