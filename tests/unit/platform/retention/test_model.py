"""How long a segment is kept: by its kind's rule, by the rule for all, never below the floor."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.events.archive import Segment
from penstock.retention.model import Hold, Lock, days_of, is_due, lock_for, retain_until

SEGMENT = Segment("acme", "execution", "a" * 64, 1, "2026-11-24")
NOW = datetime(2026, 11, 24, tzinfo=UTC)


def hold(kind: str = "execution", stream: str = "") -> Hold:
    return Hold("h", kind, "", stream, "why", "who", "2026-11-24T00:00:00.000Z")


@pytest.mark.parametrize(
    ("rules", "floor", "until"),
    [
        ({}, 0, None),
        ({}, 10, date(2026, 12, 5)),
        ({"*": 1}, 0, date(2026, 11, 26)),
        ({"*": 1, "execution": 6}, 0, date(2026, 12, 1)),
        ({"*": 6, "execution": 1}, 0, date(2026, 11, 26)),
        ({"execution": 1}, 10, date(2026, 12, 5)),
        ({"workflow": 6}, 0, None),
    ],
)
def test_the_kinds_own_rule_goes_before_the_one_for_all_and_the_floor_before_both(
    rules: dict[str, int], floor: int, until: date | None
) -> None:
    assert retain_until(rules, SEGMENT, floor) == until


@given(st.integers(1, 100), st.integers(1900, 2100), st.integers(1, 365))
def test_years_are_never_shorter_than_the_calendars(years: int, begin: int, day: int) -> None:
    start = date.fromordinal(date(begin, 1, 1).toordinal() + day - 1)
    try:
        end = start.replace(year=begin + years)
    except ValueError:
        end = date(begin + years, 3, 1)
    assert (end - start).days <= days_of(years) <= (end - start).days + 2


@pytest.mark.parametrize(
    ("held", "covers"),
    [
        (hold(), True),
        (hold("*"), True),
        (hold("workflow"), False),
        (hold(stream="a" * 64), True),
        (hold(stream="b" * 64), False),
        (hold("*", "b" * 64), False),
    ],
)
def test_a_hold_covers_what_is_in_its_scope(held: Hold, covers: bool) -> None:
    assert held.covers(SEGMENT) is covers
    assert lock_for({}, [held], SEGMENT) == Lock(None, covers)


def test_a_segment_is_due_when_its_rule_says_so_and_nothing_holds_it() -> None:
    after = datetime(2026, 11, 26, tzinfo=UTC)
    assert not is_due({"*": 1}, (), SEGMENT, NOW)
    assert is_due({"*": 1}, (), SEGMENT, after)
    assert not is_due({"*": 1}, [hold()], SEGMENT, after)
    assert not is_due({"*": 1}, (), SEGMENT, after, floor=5)


def test_what_no_rule_is_about_is_never_due() -> None:
    assert not is_due({"workflow": 1}, (), SEGMENT, datetime(2099, 1, 1, tzinfo=UTC), floor=5)
