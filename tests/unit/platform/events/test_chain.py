"""Whoever touches a stored commit breaks the chain, and the break is named."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest

from penstock.events import Draft, Origin, StreamId
from penstock.events.chain import Check, check
from penstock.events.codec import PackedCommit
from penstock.events.memory import MemoryEventStore
from penstock.events.store import START

STREAM = StreamId("acme", "order", "1")
History = Sequence[PackedCommit]


@pytest.fixture
def history() -> History:
    store, position = MemoryEventStore(), START
    for number in range(4):
        drafts = [Draft("Noted", {"n": number}, datetime(2026, 1, 1, tzinfo=UTC))] * 2
        commit = store.append(STREAM, drafts, expected=position, commit_id=f"c-{number}", origin=Origin("a", "b"))
        position = commit.position
    return list(store.packed(STREAM))


def test_a_history_as_it_was_written_holds(history: History) -> None:
    assert check(history) == Check(4)


@pytest.mark.parametrize(
    ("touch", "commit"),
    [
        (lambda h: [*h[:1], h[1]._replace(blob=h[1].blob + b"x"), *h[2:]], 3),
        (lambda h: [*h[:1], h[1]._replace(commit_id="other"), *h[2:]], 3),
        (lambda h: [*h[:1], *h[2:]], 2),
        (lambda h: h[1:], 1),
        (lambda h: [*h[:2], h[2]._replace(previous=b"x" * 32), h[3]], 3),
        (lambda h: [*h[:2], h[2]._replace(first_version=7), h[3]], 3),
        (lambda h: [h[0], h[2]._replace(number=2), h[1]._replace(number=3), h[3]], 2),
    ],
    ids=["changed", "renamed", "removed", "beheaded", "unchained", "renumbered", "swapped"],
)
def test_the_first_commit_that_does_not_follow_is_named(
    history: History, touch: Callable[[History], History], commit: int
) -> None:
    found = check(touch(history))
    assert found.broken
    assert (found.held, found.broken.commit) == (commit - 1, commit)
