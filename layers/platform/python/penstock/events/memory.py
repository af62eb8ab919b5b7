"""The event store in memory: for tests, the command line and benchmarks.

Commits are kept as the bytes that the other stores keep, so that a run here meets the same codec. Without a keyring
nothing is sealed: the process is all that there is to forget.
"""

import threading
from collections.abc import Iterator, Sequence

from penstock.events.chain import digest
from penstock.events.codec import GENESIS, Codec, PackedCommit
from penstock.events.errors import Conflict
from penstock.events.keyring import Keyring
from penstock.events.model import Commit, Draft, Origin, Position, StreamId, record


class MemoryEventStore:
    """An EventStore that forgets everything when the process ends. Safe for threads."""

    def __init__(self, codec: Codec | None = None, keyring: Keyring | None = None) -> None:
        self._codec = codec or Codec(keyring=keyring)
        self._streams: dict[StreamId, list[PackedCommit]] = {}
        self._lock = threading.Lock()

    def append(
        self, stream: StreamId, drafts: Sequence[Draft], *, expected: Position, commit_id: str, origin: Origin
    ) -> Commit:
        """See EventStore.append."""
        commit = Commit(stream, expected.commit + 1, commit_id, record(stream, expected, drafts, origin))
        with self._lock:
            stored = self._streams.setdefault(stream, [])
            if _end(stored) == expected:
                stored.append(self._codec.pack(commit, digest(stored[-1]) if stored else GENESIS))
                return commit
            rival = stored[expected.commit] if expected.commit < len(stored) else None
        if rival is not None and rival.commit_id == commit_id:
            return self._codec.unpack(rival)
        raise Conflict(str(stream), expected.commit)

    def commits(self, stream: StreamId, after: int = 0) -> Iterator[Commit]:
        """See EventStore.commits."""
        return map(self._codec.unpack, self._stored(stream, after))

    def packed(self, stream: StreamId, after: int = 0) -> Iterator[PackedCommit]:
        """See EventStore.packed."""
        return iter(self._stored(stream, after))

    def _stored(self, stream: StreamId, after: int = 0) -> Sequence[PackedCommit]:
        with self._lock:
            return self._streams.get(stream, [])[after:]

    def streams(self) -> Sequence[StreamId]:
        """Every stream that has a commit, in the order of their first ones."""
        with self._lock:
            return tuple(stream for stream, commits in self._streams.items() if commits)


def _end(stored: Sequence[PackedCommit]) -> Position:
    return Position(len(stored), stored[-1].last_version) if stored else Position()
