"""How a commit becomes bytes: its events as columns, as JSON, through zstd with a trained dictionary.

With a keyring, what its personal fields hold goes the same way in a part of its own, which is then sealed
(`events.sealing`); blanks stand in their place. Without one it stays where it is: in memory, in benchmarks.

Events of one type in a commit share their keys, so they are stored as one header and rows. The frame
carries the dictionary's id; dictionaries are files in `dictionaries/`, and old ones are kept for ever.
"""

import threading
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import resources
from itertools import accumulate
from operator import sub
from typing import Any, NamedTuple

import zstandard

from penstock.clock import from_millis, to_millis
from penstock.events.errors import CommitTooLarge, NoKeyring, UnknownDictionary
from penstock.events.keyring import DataKey, Keyring
from penstock.events.model import Commit, Event, Origin, StreamId
from penstock.events.sealing import Columns, put_back, seal, taken_out, unseal
from penstock.json import dumps, loads

LARGEST_COMMIT = 32 * 1024 * 1024
_LEVEL = 3
GENESIS = b""
"""What the first commit of a stream carries in place of a digest."""


class PackedCommit(NamedTuple):
    """A commit as stores keep it. What filters need stands beside the blob; `previous` chains it (`events.chain`).

    `sealed` is its personal part, sealed with the data key `key`; both are empty when there is none.
    """

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
    sealed: bytes = b""
    key: str = ""


class Codec:
    """Packs and unpacks commits. One instance serves every thread; zstd contexts are kept one a thread."""

    def __init__(self, largest_commit: int = LARGEST_COMMIT, keyring: Keyring | None = None) -> None:
        self._largest, self._keyring = largest_commit, keyring
        self._local = threading.local()

    def pack(self, commit: Commit, previous: bytes = GENESIS) -> PackedCommit:
        """The commit after the one with the digest `previous`.

        Raises CommitTooLarge, ValueError when the commit has no events, TypeError on what JSON cannot hold, and what
        the keyring raises.
        """
        events = commit.events
        if not events:
            raise ValueError("a commit has at least one event")
        times = [to_millis(event.time) for event in events]
        columns = _columns(events, times)
        taken = taken_out(commit.stream.kind, columns) if self._keyring else []
        blob, personal = self._compressed(commit.stream, [columns, taken] if taken else [columns])
        key = self._seal_key(commit) if personal else None
        return PackedCommit(
            stream=commit.stream,
            number=commit.number,
            commit_id=commit.id,
            first_version=events[0].version,
            last_version=events[-1].version,
            types=tuple(dict.fromkeys(event_type for event_type, *_ in columns["groups"])),
            first_millis=times[0],
            last_millis=times[-1],
            previous=previous,
            blob=blob,
            sealed=seal(key, commit.stream, commit.number, personal) if key else b"",
            key=key.id if key else "",
        )

    def unpack(self, packed: PackedCommit) -> Commit:
        """The inverse of `pack`; with blanks in its personal fields when its key was ended.

        Raises UnknownDictionary, NoKeyring, what the keyring raises; zstandard.ZstdError or ValueError when the blob or
        the sealed part is damaged.
        """
        columns = self._opened(packed.stream, packed.blob)
        if packed.sealed and (secret := self._secret(packed)):
            sealed = unseal(DataKey(packed.key, secret), packed.stream, packed.number, packed.sealed)
            put_back(columns, self._opened(packed.stream, sealed))
        return _commit(packed, columns)

    def skeleton(self, packed: PackedCommit) -> Commit:
        """The commit with blanks in its personal fields, sealed or shredded. Raises as `unpack`, but needs no key."""
        return _commit(packed, self._opened(packed.stream, packed.blob))

    def _compressed(self, stream: StreamId, parts: Iterable[Any]) -> tuple[bytes, bytes]:
        """The columns and the personal part, b"" when there is none."""
        texts = [dumps(part) for part in parts]
        if (size := sum(map(len, texts))) > self._largest:
            raise CommitTooLarge(str(stream), size, self._largest)
        blobs = [self._compressor().compress(text) for text in texts]
        return blobs[0], blobs[1] if len(blobs) > 1 else b""

    def _opened(self, stream: StreamId, blob: bytes) -> Any:
        dictionary = zstandard.get_frame_parameters(blob).dict_id
        if dictionary and dictionary not in dictionaries():
            raise UnknownDictionary(str(stream), dictionary)
        return loads(self._decompressor(dictionary).decompress(blob, max_output_size=self._largest))

    def _seal_key(self, commit: Commit) -> DataKey | None:
        correlation = commit.events[0].origin.correlation
        return self._keyring.seal_key(commit.stream.tenant, correlation, commit.stream) if self._keyring else None

    def _secret(self, packed: PackedCommit) -> bytes | None:
        if self._keyring is None:
            raise NoKeyring(str(packed.stream), packed.number)
        return self._keyring.open_key(packed.stream.tenant, packed.key)

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


def _commit(packed: PackedCommit, columns: Columns) -> Commit:
    return Commit(packed.stream, packed.number, packed.commit_id, tuple(_events(packed, columns)))


def _columns(events: Sequence[Event], times: Sequence[int]) -> Columns:
    """Rows grouped under one header per (type, schema, keys); `order` says which group each event came from."""
    headers: dict[tuple[Any, ...], int] = {}
    groups: list[list[Any]] = []
    order = []
    for event in events:
        data = event.data
        header = (event.type, event.schema, *data)
        index = headers.get(header)
        if index is None:
            index = headers[header] = len(groups)
            groups.append([event.type, event.schema, header[2:], []])
        groups[index][3].append([*data.values()])
        order.append(index)
    origin = events[0].origin
    return {
        "by": [origin.actor, origin.correlation, origin.causation],
        "times": [times[0], *map(sub, times[1:], times)],
        "order": order if len(groups) > 1 else [],
        "groups": groups,
    }


def _events(packed: PackedCommit, columns: Columns) -> Sequence[Event]:
    origin = Origin(*columns["by"])
    groups = [(event_type, schema, keys, iter(rows)) for event_type, schema, keys, rows in columns["groups"]]
    order = columns["order"] or [0] * len(columns["times"])
    times = map(from_millis, accumulate(columns["times"]))
    events = []
    for version, (index, time) in enumerate(zip(order, times, strict=True), packed.first_version):
        event_type, schema, keys, rows = groups[index]
        data = dict(zip(keys, next(rows), strict=True))
        events.append(Event(packed.stream, version, event_type, schema, time, data, origin))
    return events
