"""The archive: every commit once more, outside the table, where nobody may change it.

A *segment* is one object: some commits of one stream that follow each other, of one day, as JSON lines through zstd.
A line is an event, for whoever asks questions, with blanks in its personal fields; the first line of each commit also
carries the commit as the store keeps it, sealed part and all, byte for byte, so that what is restored has the digests
that it had. A key that is ended is ended for the archive too.

    tenant=<tenant>/day=<YYYY-MM-DD>/kind=<kind>/<SHA-256 of the stream's id>-<first commit>.jsonl.zst

The name follows from the first commit, and the first writer of a name wins: segments neither overlap nor leave gaps,
however often a consumer crashes or meets a rival. `day` is that of each commit's first event, in UTC.

Errors:

    ArchiveError (an EventStoreError)
    ├── DamagedSegment   an object is not what the archiver wrote there
    └── BrokenChain      a live stream does not follow from what is archived: someone must look at it
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Protocol
from urllib.parse import quote, unquote

import zstandard

from penstock.clock import from_millis
from penstock.events.chain import digest
from penstock.events.checkpoints import CheckpointStore
from penstock.events.codec import GENESIS, LARGEST_COMMIT, Codec, PackedCommit
from penstock.events.envelope import envelope
from penstock.events.errors import EventStoreError
from penstock.events.model import Event, StreamId
from penstock.json import JSONObject, canonical, dumps, loads

CONSUMER = "archiver"
LARGEST_TEXT = 16 * 1024 * 1024  # bytes of JSON lines; one commit alone may be over it
MOST_COMMITS = 1_000
_LARGEST_OPENED = 16 * LARGEST_COMMIT
_LEVEL = 9
_KEY = re.compile(
    r"tenant=(?P<tenant>[^/]+)/day=(?P<day>\d{4}-\d\d-\d\d)/kind=(?P<kind>[^/]+)"
    r"/(?P<stream>[0-9a-f]{64})-(?P<first>\d{10})\.jsonl\.zst"
)
_CODEC = Codec()


class ArchiveError(EventStoreError):
    """Root of the tree."""


class DamagedSegment(ArchiveError):
    """An object of the archive is not what was written: `key` names it. `reason` quotes nothing of it."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(f"{key}: {reason}")
        self.key, self.reason = key, reason


class BrokenChain(ArchiveError):
    """The live commit `commit` is gone, or does not follow from what the archive holds."""

    def __init__(self, stream: str, commit: int) -> None:
        super().__init__(f"stream {stream}: commit {commit} does not follow from what is archived")
        self.stream, self.commit = stream, commit


class Archive(Protocol):
    """Objects that are written once."""

    def put(self, key: str, blob: bytes) -> bool:
        """Store the object, unless there is one with this key: then False, and nothing has changed."""
        ...

    def get(self, key: str) -> bytes:
        """The object."""
        ...

    def names(self, prefix: str = "") -> Iterator[str]:
        """Every key with the prefix, in no order."""
        ...


class CopyableStore(Protocol):
    """An event store whose commits can be taken out and put in as they are stored."""

    def since(self, stream: StreamId, after: int) -> Iterator[PackedCommit]:
        """The stream's commits numbered above `after`, in order."""
        ...

    def adopt(self, packed: PackedCommit) -> None:
        """Store the commit as it is. Raises Conflict when one with its number is there."""
        ...

    def streams(self) -> Iterable[StreamId]:
        """Every stream."""
        ...


@dataclass(frozen=True, slots=True, order=True)
class Segment:
    """What a segment's name says; `stream` is a hash, since a stream's key may be a person's."""

    tenant: str
    kind: str
    stream: str
    first: int
    day: str

    @property
    def key(self) -> str:
        """The object's key."""
        home = f"tenant={quote(self.tenant, safe='')}/day={self.day}/kind={quote(self.kind, safe='')}"
        return f"{home}/{self.stream}-{self.first:010d}.jsonl.zst"

    @classmethod
    def parse(cls, key: str) -> "Segment":
        """The inverse of `key`. Raises DamagedSegment."""
        found = _KEY.fullmatch(key)
        if not found:
            raise DamagedSegment(key, "no segment has such a name")
        tenant, kind = unquote(found["tenant"]), unquote(found["kind"])
        return cls(tenant, kind, found["stream"], int(found["first"]), found["day"])

    @classmethod
    def beginning_with(cls, packed: PackedCommit) -> "Segment":
        """The segment whose first commit this is."""
        stream = packed.stream
        return cls(stream.tenant, stream.kind, stream_hash(stream), packed.number, _day(packed))


def stream_hash(stream: StreamId) -> str:
    """What stands for the stream in keys: 64 hex digits."""
    return sha256(str(stream).encode()).hexdigest()


def keep(store: CopyableStore, checkpoints: CheckpointStore, archive: Archive, stream: StreamId) -> int:
    """Archive what the stream has after the archiver's checkpoint; returns the last commit that is archived.

    Raises BrokenChain before it archives anything that does not follow from what it archived before, and
    DamagedSegment when an object that stands in the way is none of the archiver's.
    """
    kept = checkpoints.load(CONSUMER, stream)
    while commits := _next(store, stream, kept):
        kept = _put(archive, commits)
        checkpoints.advance(CONSUMER, stream, kept)
    return kept


def sealed(commits: Iterable[PackedCommit]) -> bytes:
    """A segment's object. Raises UnknownDictionary."""
    return zstandard.ZstdCompressor(level=_LEVEL).compress(b"".join(map(_text, commits)))


def opened(key: str, blob: bytes) -> Sequence[PackedCommit]:
    """The commits of a segment's object, one or more. Raises DamagedSegment, also when its events are not theirs."""
    try:
        lines = [loads(line) for line in _decompressed(blob).splitlines()]
        commits = [_packed(line) for line in lines if "commit" in line]
        expected = [line for packed in commits for line in _lines(packed)]
    except (zstandard.ZstdError, ValueError, KeyError, TypeError, AttributeError, EventStoreError) as error:
        raise DamagedSegment(key, f"cannot be read: {type(error).__name__}") from error
    if not commits or canonical(lines) != canonical(expected):
        raise DamagedSegment(key, "its events are not those of its commits")
    if Segment.beginning_with(commits[0]).key != key:
        raise DamagedSegment(key, "holds what belongs under another name")
    return commits


def read(archive: Archive, segments: Iterable[Segment], after: int = 0) -> Iterator[PackedCommit]:
    """A stream's commits after that number, each one checked to follow the one before. Raises DamagedSegment."""
    previous, number = None if after else GENESIS, after
    for segment in segments:
        for packed in opened(segment.key, archive.get(segment.key)):
            number += 1
            if packed.number != number:
                raise DamagedSegment(segment.key, f"commit {packed.number} comes in the place of commit {number}")
            if previous is not None and packed.previous != previous:
                raise DamagedSegment(segment.key, f"commit {number} does not follow from the archived one before it")
            previous = digest(packed)
            yield packed


def _next(store: CopyableStore, stream: StreamId, kept: int) -> Sequence[PackedCommit]:
    """The commits of the next segment, bounded in number and size; none when the stream has no more."""
    taken: list[PackedCommit] = []
    size = 0
    for packed in _following(store, stream, kept):
        size += len(_text(packed))
        if taken and (len(taken) == MOST_COMMITS or size > LARGEST_TEXT or _day(packed) != _day(taken[0])):
            break
        taken.append(packed)
    return taken


def _following(store: CopyableStore, stream: StreamId, kept: int) -> Iterator[PackedCommit]:
    commits = store.since(stream, max(kept - 1, 0))
    last = next(commits, None) if kept else None
    if kept and (last is None or last.number != kept):
        raise BrokenChain(str(stream), kept)
    previous, number = digest(last) if last else GENESIS, kept
    for packed in commits:
        number += 1
        if packed.number != number or packed.previous != previous:
            raise BrokenChain(str(stream), number)
        previous = digest(packed)
        yield packed


def _put(archive: Archive, commits: Sequence[PackedCommit]) -> int:
    """Store the commits, or find that a rival has; returns the last commit of the segment that stands there."""
    key = Segment.beginning_with(commits[0]).key
    if archive.put(key, sealed(commits)):
        return commits[-1].number
    found = opened(key, archive.get(key))
    for theirs, ours in zip(found, commits, strict=False):
        if digest(theirs) != digest(ours):
            raise BrokenChain(str(ours.stream), ours.number)
    return found[-1].number


def _decompressed(blob: bytes) -> bytes:
    size = zstandard.frame_content_size(blob)
    if not 0 < size <= _LARGEST_OPENED:
        raise ValueError("the frame tells no size, or one over the limit")
    return zstandard.ZstdDecompressor().decompress(blob)


def _text(packed: PackedCommit) -> bytes:
    return b"".join(dumps(line) + b"\n" for line in _lines(packed))


def _lines(packed: PackedCommit) -> Iterator[JSONObject]:
    for place, event in enumerate(_CODEC.skeleton(packed).events):
        yield _line(event) | ({} if place else {"commit": _commit(packed)})


def _line(event: Event) -> JSONObject:
    return {**envelope(event), "data": event.data}


def _commit(packed: PackedCommit) -> JSONObject:
    return {
        "number": packed.number,
        "id": packed.commit_id,
        "first": packed.first_version,
        "last": packed.last_version,
        "types": list(packed.types),
        "t0": packed.first_millis,
        "t1": packed.last_millis,
        "previous": packed.previous.hex(),
        "blob": b64encode(packed.blob).decode(),
        **({"sealed": b64encode(packed.sealed).decode(), "key": packed.key} if packed.sealed else {}),
    }


def _packed(line: Any) -> PackedCommit:
    stored = line["commit"]
    return PackedCommit(
        stream=StreamId(line["tenant"], line["kind"], line["key"]),
        number=stored["number"],
        commit_id=stored["id"],
        first_version=stored["first"],
        last_version=stored["last"],
        types=tuple(stored["types"]),
        first_millis=stored["t0"],
        last_millis=stored["t1"],
        previous=bytes.fromhex(stored["previous"]),
        blob=b64decode(stored["blob"], validate=True),
        sealed=b64decode(stored.get("sealed", ""), validate=True),
        key=stored.get("key", ""),
    )


def _day(packed: PackedCommit) -> str:
    return from_millis(packed.first_millis).date().isoformat()
