"""The artifact: `PFR4`, the index's length (4 bytes, big endian), the index, then one zstd frame for each definition.

The index is JSON: section → key → [offset, length], offsets counted from the end of the index. A reader decompresses
only what it is asked for: a Patient needs some twenty of two thousand definitions.
"""

import struct
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import zstandard

from penstock.json import JSON, dumps, loads
from penstock_healthcare.fhir.errors import NoDefinitions

MAGIC = b"PFR4"
FILE = Path(__file__).with_name("r4.definitions")
LARGEST_DEFINITION = 32_000_000
_HEAD = struct.Struct(">4sI")
_LEVEL = 19


def pack(sections: Mapping[str, Mapping[str, JSON]]) -> bytes:
    """The artifact's bytes."""
    compress = zstandard.ZstdCompressor(level=_LEVEL).compress
    index: dict[str, dict[str, tuple[int, int]]] = {}
    frames: list[bytes] = []
    offset = 0
    for section, entries in sections.items():
        places = index.setdefault(section, {})
        for key, value in entries.items():
            frame = compress(dumps(value))
            places[key] = (offset, len(frame))
            frames.append(frame)
            offset += len(frame)
    head = compress(dumps(index))
    return _HEAD.pack(MAGIC, len(head)) + head + b"".join(frames)


class Artifact:
    """A packed file. Raises NoDefinitions when it is not there or is not one."""

    def __init__(self, file: Path = FILE) -> None:
        self._file = file

    @cached_property
    def _bytes(self) -> bytes:
        try:
            return self._file.read_bytes()
        except OSError as error:
            raise NoDefinitions(f"{self._file.name} is not there; `make setup` builds it") from error

    @cached_property
    def _index(self) -> tuple[Mapping[str, Mapping[str, tuple[int, int]]], int]:
        if len(self._bytes) < _HEAD.size or self._bytes[:4] != MAGIC:
            raise NoDefinitions(f"{self._file.name} is not a file of definitions")
        _, length = _HEAD.unpack_from(self._bytes)
        start = _HEAD.size + length
        return loads(zstandard.ZstdDecompressor().decompress(self._bytes[_HEAD.size : start])), start

    def keys(self, section: str) -> tuple[str, ...]:
        """Every key of a section."""
        return tuple(self._index[0].get(section, ()))

    def get(self, section: str, key: str) -> JSON | None:
        """One definition; None when there is none."""
        index, start = self._index
        place = index.get(section, {}).get(key)
        if place is None:
            return None
        frame = self._bytes[start + place[0] : start + place[0] + place[1]]
        return loads(zstandard.ZstdDecompressor().decompress(frame, max_output_size=LARGEST_DEFINITION))
