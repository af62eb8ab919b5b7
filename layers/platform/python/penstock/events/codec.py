"""How a commit becomes bytes: its events as columns, as JSON, through zstd with a trained dictionary.

Events of one type in a commit share their keys, so they are stored as one header and rows. The frame
carries the dictionary's id; dictionaries are files in `dictionaries/`, and old ones are kept for ever.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import Any

import zstandard

from penstock.clock import from_millis, to_millis
from penstock.events.errors import CommitTooLarge, UnknownDictionary
from penstock.events.model import Commit, Event, Origin, StreamId
from penstock.json import dumps, loads

LARGEST_COMMIT = 32 * 1024 * 1024
_LEVEL = 3
GENESIS = b""
"""What the first commit of a stream carries in place of a digest."""


@dataclass(frozen=True, slots=True)
class PackedCommit:
    """A commit as stores keep it. What filters need stands beside the blob; `previous` chains it (`events.chain`)."""

    stream: StreamId
    number: int
    commit_id: str
    first_version: int
    last_version: int
    types: tuple[str, ...]
    first_millis: int
    last_millis: int
    previous: bytes
    blob: bytes


class Codec:
    """Packs and unpacks commits. One instance serves every thread; zstd contexts are kept one a thread."""

    def __init__(self, largest_commit: int = LARGEST_COMMIT) -> None:
        self._largest = largest_commit
        self._local = threading.local()

    def pack(self, commit: Commit, previous: bytes = GENESIS) -> PackedCommit:
        """The commit after the one with the digest `previous`.

        Raises CommitTooLarge, ValueError when the commit has no events, TypeError on what JSON cannot hold.
        """
        events = commit.events
        if not events:
            raise ValueError("a commit has at least one event")
        times = [to_millis(event.time) for event in events]
        text = dumps(_columns(events, times))
        if len(text) > self._largest:
            raise CommitTooLarge(str(commit.stream), len(text), self._largest)
        return PackedCommit(
            stream=commit.stream,
            number=commit.number,
            commit_id=commit.id,
            first_version=events[0].version,
            last_version=events[-1].version,
            types=tuple(dict.fromkeys(event.type for event in events)),
            first_millis=times[0],
            last_millis=times[-1],
            previous=previous,
            blob=self._compressor().compress(text),
        )

    def unpack(self, packed: PackedCommit) -> Commit:
        """The inverse of `pack`.

        Raises UnknownDictionary; zstandard.ZstdError or ValueError when the blob is damaged.
        """
        dictionary = zstandard.get_frame_parameters(packed.blob).dict_id
        if dictionary and dictionary not in dictionaries():
            raise UnknownDictionary(str(packed.stream), dictionary)
        text = self._decompressor(dictionary).decompress(packed.blob, max_output_size=self._largest)
        return Commit(packed.stream, packed.number, packed.commit_id, tuple(_events(packed, loads(text))))

    def _compressor(self) -> zstandard.ZstdCompressor:
        if not hasattr(self._local, "compressor"):
            self._local.compressor = zstandard.ZstdCompressor(level=_LEVEL, dict_data=newest_dictionary())
        return self._local.compressor  # type: ignore[no-any-return]

    def _decompressor(self, dictionary: int) -> zstandard.ZstdDecompressor:
        pool = self._local.__dict__.setdefault("decompressors", {})
        if dictionary not in pool:
            data = dictionaries()[dictionary] if dictionary else None
            pool[dictionary] = zstandard.ZstdDecompressor(dict_data=data)
        return pool[dictionary]  # type: ignore[no-any-return]


@cache
def dictionaries() -> dict[int, zstandard.ZstdCompressionDict]:
    """Every trained dictionary by its id; ids grow with time."""
    folder = resources.files(__package__) / "dictionaries"
    found = [
        zstandard.ZstdCompressionDict(file.read_bytes()) for file in folder.iterdir() if file.name.endswith(".zdict")
    ]
    return {dictionary.dict_id(): dictionary for dictionary in found}


@cache
def newest_dictionary() -> zstandard.ZstdCompressionDict | None:
    """The dictionary that new commits use; None when none is shipped."""
    return max(dictionaries().items(), default=(0, None))[1]


def _columns(events: Sequence[Event], times: Sequence[int]) -> dict[str, Any]:
    """Rows grouped under one header per (type, schema, keys); `order` says which group each event came from."""
    headers: dict[tuple[Any, ...], int] = {}
    groups: list[list[Any]] = []
    order = []
    for event in events:
        keys = tuple(event.data)
        header = (event.type, event.schema, keys)
        index = headers.setdefault(header, len(groups))
        if index == len(groups):
            groups.append([event.type, event.schema, keys, []])
        groups[index][3].append(list(event.data.values()))
        order.append(index)
    origin = events[0].origin
    return {
        "by": [origin.actor, origin.correlation, origin.causation],
        "times": [times[0], *(later - earlier for earlier, later in pairwise(times))],
        "order": order if len(groups) > 1 else [],
        "groups": groups,
    }


def _events(packed: PackedCommit, columns: dict[str, Any]) -> Sequence[Event]:
    origin = Origin(*columns["by"])
    groups = [(event_type, schema, keys, iter(rows)) for event_type, schema, keys, rows in columns["groups"]]
    order = columns["order"] or [0] * len(columns["times"])
    millis, events = 0, []
    for version, (index, delta) in enumerate(zip(order, columns["times"], strict=True), packed.first_version):
        event_type, schema, keys, rows = groups[index]
        millis += delta
        data = dict(zip(keys, next(rows), strict=True))
        events.append(Event(packed.stream, version, event_type, schema, from_millis(millis), data, origin))
    return events
