"""What every feed does: each commit once, in an order that never changes, and nothing missed at its head."""

import random
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from penstock.clock import to_millis
from penstock.events import Commit, Draft, EventStore, Origin, StreamId
from penstock.events.checkpoints import CheckpointStore
from penstock.events.feed import MOST_SPANS, Entry, FeedLog, Mark, Span, feed_stream, follow, index, unheard
from penstock.events.store import head

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
ORIGIN = Origin("clerk", "counting")
Append = Callable[..., Commit]


@pytest.fixture
def append(store: EventStore) -> Append:
    def write(stream: StreamId, *types: str) -> Commit:
        drafts = [Draft(name, {}, NOW) for name in types or ("Counted",)]
        end = head(store.commits(stream))
        return store.append(stream, drafts, expected=end, commit_id=str(end.commit), origin=ORIGIN)

    return write


def heard(*commits: Commit) -> dict[StreamId, list[Mark]]:
    found: dict[StreamId, list[Mark]] = {}
    for commit in commits:
        found.setdefault(commit.stream, []).append(Mark.of(commit))
    return found


def commits_of(entries: Iterable[Entry]) -> list[tuple[str, int]]:
    """(key, commit number) as the feed has them."""
    spans = [span for entry in entries for span in entry.spans]
    return [(span.stream.key, number) for span in spans for number in range(span.first, span.last + 1)]


def span(stream: StreamId, first: int, last: int) -> Span:
    return Span(stream, first, last, ("Counted",), to_millis(NOW))


def test_a_feed_without_entries_is_empty(feed: FeedLog, tenant: str) -> None:
    assert (list(feed.entries(tenant)), feed.head(tenant)) == ([], 0)
    assert tenant not in feed.tenants()
    assert feed.indexed([StreamId(tenant, "tally", "a")]) == {StreamId(tenant, "tally", "a"): 0}


def test_entries_come_back_as_they_were_written_and_in_order(feed: FeedLog, tenant: str) -> None:
    one, two = StreamId(tenant, "tally", "a"), StreamId(tenant, "other", "b")
    written = [
        Entry(tenant, 1, (Span(one, 1, 2, ("Counted", "Closed"), 17), span(two, 1, 1))),
        Entry(tenant, 2, (span(one, 3, 3),)),
    ]
    assert all(feed.append(entry) for entry in written)
    assert list(feed.entries(tenant)) == written
    assert list(feed.entries(tenant, after=1)) == written[1:]
    assert feed.head(tenant) == 2
    assert tenant in feed.tenants()
    assert feed.indexed([one, two]) == {one: 3, two: 1}


def test_a_number_is_given_once(feed: FeedLog, tenant: str) -> None:
    one, two = StreamId(tenant, "tally", "a"), StreamId(tenant, "tally", "b")
    assert feed.append(Entry(tenant, 1, (span(one, 1, 1),)))
    assert not feed.append(Entry(tenant, 1, (span(two, 1, 1),)))
    assert feed.indexed([two]) == {two: 0}


def test_a_span_that_does_not_follow_what_is_indexed_writes_nothing(feed: FeedLog, tenant: str) -> None:
    one, two = StreamId(tenant, "tally", "a"), StreamId(tenant, "tally", "b")
    assert feed.append(Entry(tenant, 1, (span(one, 1, 2),)))
    for astray in (span(one, 1, 1), span(one, 2, 3), span(one, 4, 4)):
        assert not feed.append(Entry(tenant, 2, (span(two, 1, 1), astray)))
    assert (feed.head(tenant), feed.indexed([one, two])) == (1, {one: 2, two: 0})


def test_what_is_heard_twice_stands_once(feed: FeedLog, store: EventStore, tenant: str, append: Append) -> None:
    commits = [append(StreamId(tenant, "tally", "a")) for _ in range(3)]
    assert index(feed, store, tenant, heard(*commits[:2])) == 1
    assert index(feed, store, tenant, heard(*commits)) == 2
    assert index(feed, store, tenant, heard(commits[1])) == 2
    assert commits_of(feed.entries(tenant)) == [("a", 1), ("a", 2), ("a", 3)]


def test_a_commit_that_was_not_heard_of_stands_before_the_one_that_was(
    feed: FeedLog, store: EventStore, tenant: str, append: Append
) -> None:
    stream = StreamId(tenant, "tally", "a")
    append(stream, "Opened")
    append(stream, "Counted", "Counted")
    last = append(stream, "Closed")
    index(feed, store, tenant, heard(last))
    (entry,) = feed.entries(tenant)
    assert entry.spans == (Span(stream, 1, 3, ("Opened", "Counted", "Closed"), to_millis(NOW)),)


def test_what_was_never_heard_of_is_known(feed: FeedLog, store: EventStore, tenant: str, append: Append) -> None:
    known, unknown = StreamId(tenant, "tally", "a"), StreamId(tenant, "tally", "b")
    index(feed, store, tenant, heard(append(known)))
    lost = [append(known), append(unknown), append(unknown)]
    found = list(unheard(feed, store, [known, unknown]))
    assert found == [(commit.stream, Mark.of(commit)) for commit in lost]
    index(feed, store, tenant, heard(*lost))
    assert list(unheard(feed, store, [known, unknown])) == []


def test_more_streams_than_an_entry_holds_take_several(
    feed: FeedLog, store: EventStore, tenant: str, append: Append
) -> None:
    commits = [append(StreamId(tenant, "tally", f"s-{n}")) for n in range(MOST_SPANS + 5)]
    assert index(feed, store, tenant, heard(*commits)) == 2
    assert len(commits_of(feed.entries(tenant))) == MOST_SPANS + 5


def test_rival_writers_put_each_commit_in_once_and_readers_at_the_head_miss_none(
    feed: FeedLog, store: EventStore, tenant: str, append: Append
) -> None:
    """Four sequencers hear doubled, shuffled news of the same streams while a reader follows the head."""
    commits = [append(StreamId(tenant, "tally", f"s-{n % 5}")) for n in range(30)]
    seen: list[Entry] = []

    def sequence(seed: int) -> None:
        news = [*commits, *commits[:10]]
        random.Random(seed).shuffle(news)
        for at in range(0, len(news), 4):
            index(feed, store, tenant, heard(*news[at : at + 4]))

    def read() -> None:
        seen.extend(feed.entries(tenant, after=seen[-1].number if seen else 0))

    with ThreadPoolExecutor(4) as pool:
        running = [pool.submit(sequence, seed) for seed in range(4)]
        while not all(each.done() for each in running):
            read()
        assert [each.result() for each in running] == [None] * 4
    read()
    assert [entry.number for entry in seen] == list(range(1, len(seen) + 1))
    assert seen == list(feed.entries(tenant))
    told = commits_of(seen)
    assert sorted(told) == sorted((commit.stream.key, commit.number) for commit in commits)
    for key in {key for key, _ in told}:
        assert [number for each, number in told if each == key] == list(range(1, 7))


def test_a_follower_takes_up_where_it_was_and_after_a_crash_meets_one_step_again(
    feed: FeedLog, store: EventStore, checkpoints: CheckpointStore, tenant: str, append: Append
) -> None:
    for _ in range(5):
        index(feed, store, tenant, heard(append(StreamId(tenant, "tally", "a"))))
    taken: list[list[int]] = []

    def take(entries: Sequence[Entry]) -> None:
        taken.append([entry.number for entry in entries])
        if len(taken) == 2:
            raise ConnectionError

    with pytest.raises(ConnectionError):
        follow(feed, checkpoints, "reader", tenant, take, entries_a_step=2)
    assert follow(feed, checkpoints, "reader", tenant, take, entries_a_step=2) == 5
    assert taken == [[1, 2], [3, 4], [3, 4], [5]]
    assert follow(feed, checkpoints, "another", tenant, lambda _: None) == 5
    checkpoints.remove("reader", feed_stream(tenant))
    checkpoints.remove("nobody", feed_stream(tenant))
    assert checkpoints.load("reader", feed_stream(tenant)) == 0
    assert checkpoints.load("another", feed_stream(tenant)) == 5


def test_no_step_is_taken_when_time_is_spent(
    feed: FeedLog, store: EventStore, checkpoints: CheckpointStore, tenant: str, append: Append
) -> None:
    for _ in range(3):
        index(feed, store, tenant, heard(append(StreamId(tenant, "tally", "a"))))
    turns = iter([False, True])
    taken: list[Entry] = []
    assert follow(feed, checkpoints, "reader", tenant, taken.extend, 2, lambda: next(turns)) == 2
    assert [entry.number for entry in taken] == [1, 2]
    assert checkpoints.load("reader", feed_stream(tenant)) == 2
