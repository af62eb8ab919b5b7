"""Time travel: as it was, what changed, what would be."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.events import Commit, Event, Origin, StreamId
from penstock.events.history import Change, Insertion, Supposition, differences, of_types, supposing, until

T0 = datetime(2026, 1, 1, tzinfo=UTC)
STREAM = StreamId("acme", "account", "1")


def happened(*sizes: int) -> list[Commit]:
    """Commits of the given sizes; event n deposits n, a minute after the one before."""
    commits, version = [], 0
    for number, size in enumerate(sizes, 1):
        events = []
        for _ in range(size):
            version += 1
            time = T0 + timedelta(minutes=version)
            kind = "Deposited" if version % 2 else "Withdrawn"
            events.append(Event(STREAM, version, kind, 1, time, {"amount": version}, Origin("a", "b")))
        commits.append(Commit(STREAM, number, f"c{number}", tuple(events)))
    return commits


def amounts(commits) -> list[int]:
    return [event.data["amount"] for commit in commits for event in commit.events]


def test_a_time_cuts_within_a_commit() -> None:
    assert amounts(until(happened(2, 3), T0 + timedelta(minutes=4))) == [1, 2, 3, 4]


def test_no_time_cuts_nothing() -> None:
    assert amounts(until(happened(2, 3), None)) == [1, 2, 3, 4, 5]


def test_types_choose_events() -> None:
    assert amounts(of_types(happened(2, 3), frozenset({"Withdrawn"}))) == [2, 4]
    assert amounts(of_types(happened(2, 3), frozenset())) == [1, 2, 3, 4, 5]


def test_events_are_left_out_changed_and_inserted() -> None:
    supposition = Supposition(
        without=frozenset({2}),
        changed={3: {"amount": 30}},
        inserted=(Insertion(0, "Deposited", {"amount": 100}), Insertion(5, "Deposited", {"amount": 500})),
    )
    commits = list(supposing(happened(2, 3), supposition))
    assert amounts(commits) == [100, 1, 30, 4, 5, 500]
    assert [event.version for commit in commits for event in commit.events] == [1, 2, 3, 4, 5, 6]


def test_supposing_nothing_changes_nothing() -> None:
    assert list(supposing(happened(2, 3), Supposition())) == happened(2, 3)


def test_an_event_that_never_was_cannot_be_left_out() -> None:
    with pytest.raises(ValueError, match="no event 9"):
        list(supposing(happened(2), Supposition(without=frozenset({9}))))


def test_differences_name_the_deepest_place() -> None:
    before = {"status": "running", "waiting": [{"node": "a"}], "same": 1}
    after = {"status": "done", "waiting": [], "same": 1, "new": True}
    assert list(differences(before, after)) == [
        Change("new", None, True),
        Change("status", "running", "done"),
        Change("waiting[0]", {"node": "a"}, None),
    ]


def test_true_is_not_one() -> None:
    assert list(differences({"a": True}, {"a": 1})) == [Change("a", True, 1)]


documents = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.text(max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
)


@given(documents)
def test_nothing_differs_from_itself(document) -> None:
    assert list(differences(document, document)) == []
