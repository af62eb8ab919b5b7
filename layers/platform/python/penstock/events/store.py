"""The event store's port. Every implementation passes `tests/contract/test_event_store.py`."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol, TypeVar

from penstock.events.codec import PackedCommit
from penstock.events.errors import StreamGap
from penstock.events.model import Commit, Draft, Origin, Position, StreamId

START = Position()


class EventStore(Protocol):
    """Streams of events, appended to with optimistic concurrency."""

    def append(
        self, stream: StreamId, drafts: Sequence[Draft], *, expected: Position, commit_id: str, origin: Origin
    ) -> Commit:
        """Write the drafts as one commit, whole or not at all.

        Repeating an append with the same `commit_id` and the same `expected` returns the first one's commit.
        Raises Conflict when the stream does not end at `expected`, CommitTooLarge when the commit is over the
        store's limit, ValueError when there are no drafts.
        """
        ...

    def commits(self, stream: StreamId, after: int = 0) -> Iterator[Commit]:
        """The stream's commits numbered above `after`, in order, each one whole. A stream without any is empty."""
        ...

    def packed(self, stream: StreamId, after: int = 0) -> Iterator[PackedCommit]:
        """The stream's commits numbered above `after` as they are stored, in order: to check or copy them unread."""
        ...


C = TypeVar("C", Commit, PackedCommit)


def contiguous(stream: StreamId, commits: Iterable[C], after: int) -> Iterator[C]:
    """The commits as they come. Raises StreamGap when one is missing."""
    for commit in commits:
        if commit.number != after + 1:
            raise StreamGap(str(stream), after, commit.number)
        after = commit.number
        yield commit


def read(
    store: EventStore,
    stream: StreamId,
    *,
    after_version: int = 0,
    to_version: int | None = None,
    after_commit: int = 0,
) -> Iterator[Commit]:
    """The stream's commits after one, cut to the events with `after_version < version <= to_version`."""
    for commit in store.commits(stream, after_commit):
        if to_version is not None and commit.events[0].version > to_version:
            return
        events = tuple(
            event
            for event in commit.events
            if event.version > after_version and (to_version is None or event.version <= to_version)
        )
        if events:
            yield Commit(commit.stream, commit.number, commit.id, events)


def head(commits: Iterable[Commit], start: Position = START) -> Position:
    """The position after the last of the commits; `start` when there is none."""
    position = start
    for commit in commits:
        position = commit.position
    return position
