"""What every EventStore does, whatever it is made of."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from penstock.events import Conflict, Draft, Event, EventStore, Origin, Position, StreamId
from penstock.events.chain import Check, check, digest
from penstock.events.store import START, head, read

T0 = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
ORIGIN = Origin("ward-7", "admission-1", "request-1")
per_test_store = settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def drafts(count: int, **data: Any) -> list[Draft]:
    return [Draft("Noted", {"n": n, **data}, T0 + timedelta(milliseconds=n)) for n in range(count)]


def append(store: EventStore, stream: StreamId, count: int, expected: Position, **data: Any) -> Position:
    commit = store.append(stream, drafts(count, **data), expected=expected, commit_id=uuid4().hex, origin=ORIGIN)
    return commit.position


def events(store: EventStore, stream: StreamId) -> list[Event]:
    return [event for commit in store.commits(stream) for event in commit.events]


@pytest.fixture
def stream(tenant: str) -> StreamId:
    return StreamId(tenant, "order", "o-1")


def test_a_stream_that_was_never_written_is_empty(store: EventStore, stream: StreamId) -> None:
    assert list(store.commits(stream)) == []


def test_what_was_appended_is_read_back_with_everything_it_carries(store: EventStore, stream: StreamId) -> None:
    written = store.append(stream, drafts(3, note="naïve ☃"), expected=START, commit_id="c-1", origin=ORIGIN)
    (commit,) = store.commits(stream)
    assert commit == written
    assert [event.version for event in commit.events] == [1, 2, 3]
    assert commit.events[2].id == f"{stream}@3"
    assert commit.events[1].time == T0 + timedelta(milliseconds=1)
    assert commit.events[0].data == {"n": 0, "note": "naïve ☃"}


def test_correlation_and_causation_are_kept(store: EventStore, stream: StreamId) -> None:
    append(store, stream, 2, START)
    assert {event.origin for event in events(store, stream)} == {ORIGIN}


def test_commits_are_numbered_without_gaps_and_versions_run_on(store: EventStore, stream: StreamId) -> None:
    end = START
    for count in (1, 4, 2):
        end = append(store, stream, count, end)
    assert [commit.number for commit in store.commits(stream)] == [1, 2, 3]
    assert [event.version for event in events(store, stream)] == list(range(1, 8))
    assert head(store.commits(stream)) == end == Position(3, 7)


def test_an_append_without_events_is_refused(store: EventStore, stream: StreamId) -> None:
    with pytest.raises(ValueError, match="at least one event"):
        store.append(stream, [], expected=START, commit_id="c-1", origin=ORIGIN)


@given(sizes=st.lists(st.integers(1, 6), min_size=1, max_size=4), data=st.data())
@per_test_store
def test_a_writer_at_any_other_position_conflicts(
    store: EventStore, tenant: str, sizes: list[int], data: st.DataObject
) -> None:
    stream = StreamId(tenant, "order", uuid4().hex)
    end = START
    for size in sizes:
        end = append(store, stream, size, end)
    commit = data.draw(st.integers(0, len(sizes) + 2))
    version = data.draw(st.integers(0, end.version + 2).filter(lambda each: Position(commit, each) != end))
    with pytest.raises(Conflict):
        append(store, stream, 1, Position(commit, version))
    assert len(events(store, stream)) == sum(sizes)


def test_a_stale_writer_conflicts_at_every_version_inside_a_packed_commit(store: EventStore, stream: StreamId) -> None:
    append(store, stream, 25, append(store, stream, 1, START))
    for version in range(1, 26):
        for commit in (0, 1, 2):
            with pytest.raises(Conflict):
                append(store, stream, 1, Position(commit, version))
    assert len(events(store, stream)) == 26


def test_a_process_that_has_read_nothing_conflicts_as_well(
    store: EventStore, other_process: EventStore, stream: StreamId
) -> None:
    end = append(store, stream, 25, append(store, stream, 1, START))
    wrong = [Position(2, version) for version in (0, 1, 2, 25, 27)] + [Position(1, 1), Position(3, 26), Position(3, 27)]
    for position in wrong:
        with pytest.raises(Conflict):
            append(other_process, stream, 1, position)
    assert append(other_process, stream, 1, end) == Position(3, 27)


def test_a_position_that_nobody_read_is_refused(store: EventStore, stream: StreamId) -> None:
    for position in (Position(1, 1), Position(7, 7), Position(0, 1)):
        with pytest.raises(Conflict):
            append(store, stream, 1, position)
    assert events(store, stream) == []


def test_an_append_repeated_after_a_crash_is_stored_once(store: EventStore, stream: StreamId) -> None:
    """The first answer is lost; the retry is made later, so its clock has moved on."""
    end = append(store, stream, 2, START)
    first = store.append(stream, drafts(3), expected=end, commit_id="c-2", origin=ORIGIN)
    later = [Draft(each.type, each.data, each.time + timedelta(seconds=9)) for each in drafts(3)]
    again = store.append(stream, later, expected=end, commit_id="c-2", origin=ORIGIN)
    assert again == first
    assert len(events(store, stream)) == 5


def test_a_repeated_append_is_recognised_after_others_have_followed(store: EventStore, stream: StreamId) -> None:
    first = store.append(stream, drafts(2), expected=START, commit_id="c-1", origin=ORIGIN)
    append(store, stream, 1, first.position)
    assert store.append(stream, drafts(2), expected=START, commit_id="c-1", origin=ORIGIN) == first
    assert len(events(store, stream)) == 3


def test_a_commit_id_used_again_further_on_is_a_commit_of_its_own(store: EventStore, stream: StreamId) -> None:
    first = store.append(stream, drafts(1), expected=START, commit_id="c-1", origin=ORIGIN)
    second = store.append(stream, drafts(1), expected=first.position, commit_id="c-1", origin=ORIGIN)
    assert second.number == 2


def test_a_commit_larger_than_an_item_is_kept_whole(store: EventStore, stream: StreamId) -> None:
    noise = random.Random(7).randbytes(700_000).hex()
    end = append(store, stream, 2, START, noise=noise)
    append(store, stream, 1, end)
    assert [event.data.get("noise") for event in events(store, stream)] == [noise, noise, None]


def test_a_repeated_append_of_a_large_commit_leaves_the_first_one_as_it_was(
    store: EventStore, stream: StreamId
) -> None:
    large, other = (random.Random(seed).randbytes(500_000).hex() for seed in (1, 2))
    first = store.append(stream, drafts(1, noise=large), expected=START, commit_id="c-1", origin=ORIGIN)
    again = store.append(stream, drafts(1, noise=other), expected=START, commit_id="c-1", origin=ORIGIN)
    assert again == first
    assert next(store.commits(stream)).events[0].data["noise"] == large


def test_sixteen_writers_on_one_stream_lose_nothing_and_double_nothing(store: EventStore, stream: StreamId) -> None:
    def write(writer: int) -> None:
        for turn in range(2):
            commit_id = f"{writer}-{turn}"
            while True:
                end = head(store.commits(stream))
                try:
                    store.append(stream, drafts(2, by=commit_id), expected=end, commit_id=commit_id, origin=ORIGIN)
                    break
                except Conflict:
                    continue

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(write, range(16)))
    stored = events(store, stream)
    assert [event.version for event in stored] == list(range(1, 65))
    assert sorted((event.data["by"], event.data["n"]) for event in stored) == sorted(
        (f"{writer}-{turn}", n) for writer in range(16) for turn in range(2) for n in range(2)
    )


def test_a_reader_during_writes_sees_whole_commits(store: EventStore, stream: StreamId) -> None:
    stop = threading.Event()

    def write() -> None:
        end = START
        for _ in range(40):
            end = append(store, stream, 5, end)
        stop.set()

    writer = threading.Thread(target=write)
    writer.start()
    lengths = []
    while not stop.is_set():
        seen = list(store.commits(stream))
        assert [len(commit.events) for commit in seen] == [5] * len(seen)
        assert [commit.number for commit in seen] == list(range(1, len(seen) + 1))
        lengths.append(len(seen))
    writer.join()
    assert lengths == sorted(lengths)
    assert len(events(store, stream)) == 200


def test_a_stream_of_ten_thousand_events_is_read_in_order(store: EventStore, stream: StreamId) -> None:
    end = START
    for _ in range(40):
        end = append(store, stream, 250, end, padding=random.Random(end.version).randbytes(60).hex())
    assert [event.version for event in events(store, stream)] == list(range(1, 10_001))


def test_reading_goes_on_from_a_commit(store: EventStore, stream: StreamId) -> None:
    end = START
    for count in (2, 3, 4):
        end = append(store, stream, count, end)
    assert [commit.number for commit in store.commits(stream, after=1)] == [2, 3]
    assert list(store.commits(stream, after=3)) == []
    assert list(store.commits(stream, after=9)) == []


@pytest.mark.parametrize(("after", "to", "versions"), [(0, 3, [1, 2, 3]), (3, None, [4, 5, 6]), (2, 5, [3, 4, 5])])
def test_reading_is_cut_to_versions_inside_a_commit(
    store: EventStore, stream: StreamId, after: int, to: int | None, versions: list[int]
) -> None:
    append(store, stream, 4, append(store, stream, 2, START))
    cut = read(store, stream, after_version=after, to_version=to)
    assert [event.version for commit in cut for event in commit.events] == versions


def test_tenants_kinds_and_keys_are_apart(store: EventStore, tenant: str) -> None:
    streams = [
        StreamId(tenant, "order", "1"),
        StreamId(f"{tenant}x", "order", "1"),
        StreamId(tenant, "invoice", "1"),
        StreamId(tenant, "order", "10"),
    ]
    for place, each in enumerate(streams, 1):
        append(store, each, place, START)
    assert [len(events(store, each)) for each in streams] == [1, 2, 3, 4]


def test_every_stream_is_found_once(store: Any, tenant: str) -> None:
    names = {StreamId(tenant, "order", str(n)) for n in range(5)}
    for each in names:
        append(store, each, 1, append(store, each, 1, START))
    assert sorted(each for each in store.streams() if each.tenant == tenant) == sorted(names)


def test_every_commit_carries_the_digest_of_the_one_before_whoever_wrote_it(
    store: EventStore, other_process: EventStore, stream: StreamId
) -> None:
    end = append(store, stream, 2, START)
    end = append(other_process, stream, 3, end)
    append(store, stream, 1, end, note="x" * 400_000)
    commits = list(store.packed(stream))
    assert check(commits) == Check(3)
    assert [packed.previous for packed in commits] == [b"", digest(commits[0]), digest(commits[1])]
