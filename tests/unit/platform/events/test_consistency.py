"""Positions travel as text and come back, and a wait ends when the rows are there or the time is over."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.events import Commit, Event, NotCaughtUp, Origin, Position, StreamId
from penstock.events.consistency import (
    LONGEST_TEXT,
    MOST_POSITIONS,
    Patience,
    Written,
    await_version,
    parsed,
    rendered,
)
from penstock.events.projection import Projection
from penstock.events.views import MemoryViewStore, Row

STREAM = StreamId("t", "order", "o-1")
ORDERS = Projection("orders", "order", lambda document, _: document)
NOTES = Projection("notes", "order", lambda document, _: document)
parts = st.text(st.characters(exclude_characters="#", exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=40)


class Clock:
    """Time that passes only by waiting; `then` is done after so many pauses."""

    def __init__(self, views: MemoryViewStore, rows: dict[int, Row] | None = None) -> None:
        self.now, self.pauses, self.views, self.rows = 0.0, 0, views, rows or {}

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.pauses += 1
        if row := self.rows.get(self.pauses):
            self.views.save(row, self.views.load(row.projection, row.stream))

    def patience(self, seconds: float) -> Patience:
        return Patience(seconds, lambda: self.now, self.sleep, lambda: 1.0)


def row(version: int, projection: str = "orders") -> Row:
    return Row(projection, STREAM, Position(version, version), 1, None)


def commit(key: str, version: int) -> Commit:
    stream = StreamId("t", "order", key)
    event = Event(stream, version, "Moved", 1, datetime(2026, 11, 24, tzinfo=UTC), {}, Origin("a", "b"))
    return Commit(stream, version, "c", (event,))


def test_a_wait_ends_when_every_projection_holds_the_version() -> None:
    views = MemoryViewStore()
    clock = Clock(views, {2: row(3), 4: row(5), 6: row(5, "notes")})
    await_version(views, [ORDERS, NOTES], STREAM, 5, clock.patience(5))
    assert clock.pauses == 6


def test_nothing_is_waited_for_that_is_there_already() -> None:
    views = MemoryViewStore()
    views.save(row(7), None)
    clock = Clock(views)
    await_version(views, [ORDERS], STREAM, 5, clock.patience(0))
    await_version(views, [], STREAM, 5, clock.patience(0))
    assert clock.pauses == 0


def test_a_wait_in_vain_ends_in_time_and_says_where_the_read_model_stands() -> None:
    views = MemoryViewStore()
    clock = Clock(views, {3: row(4)})
    with pytest.raises(NotCaughtUp) as caught:
        await_version(views, [ORDERS], STREAM, 5, clock.patience(2))
    assert (caught.value.projection, caught.value.found, caught.value.wanted) == ("orders", 4, 5)
    assert 2 <= clock.now < 2.3
    assert clock.pauses < 20


@given(positions=st.dictionaries(st.tuples(parts, parts), st.integers(1, 10**9), min_size=1, max_size=5))
def test_positions_come_back_from_their_text(positions: dict[tuple[str, str], int]) -> None:
    known = {StreamId("t", kind, key): version for (kind, key), version in positions.items()}
    assert parsed("t", rendered(known)) == known
    assert rendered(known).isascii()


def test_what_does_not_fit_into_the_text_is_left_out() -> None:
    many = {StreamId("t", "order", f"{number:0200}"): 1 for number in range(MOST_POSITIONS)}
    assert 1 < len(parsed("t", rendered(many))) < MOST_POSITIONS
    assert len(rendered(many)) <= LONGEST_TEXT


def test_the_newest_version_of_the_streams_that_were_written_last_is_remembered() -> None:
    written = Written()
    for number in range(30):
        written.note(commit(f"o-{number}", 1))
    written.note(commit("o-29", 2))
    written.note(commit("o-15", 3))
    found = {stream.key: version for stream, version in written.take().items()}
    assert len(found) == MOST_POSITIONS
    assert (found["o-29"], found["o-15"], "o-0" in found) == (2, 3, False)
    assert written.take() == {}
