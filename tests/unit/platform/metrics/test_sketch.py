"""The sketch keeps its promises: within a percent, and adding sketches is seeing everything."""

import json
import math

from hypothesis import given
from hypothesis import strategies as st

from penstock.metrics.sketch import ACCURACY, LARGEST, MOST_BUCKETS, Sketch

durations = st.lists(st.integers(0, LARGEST) | st.integers(0, 5_000) | st.floats(0, 1e6, allow_nan=False), max_size=60)
sketches = durations.map(Sketch.of)


@given(seen=durations.filter(bool), percent=st.integers(0, 100))
def test_a_percentile_is_off_by_one_percent_at_most(seen: list[float], percent: int) -> None:
    exact = sorted(seen)[math.floor(percent / 100 * (len(seen) - 1))]
    estimate = Sketch.of(seen).percentile(percent)
    assert estimate is not None
    assert estimate == 0 if exact < 1 else abs(estimate - exact) <= ACCURACY * exact * (1 + 1e-9)


@given(one=durations, other=durations)
def test_adding_two_sketches_is_having_seen_what_both_have(one: list[float], other: list[float]) -> None:
    assert Sketch.of(one) + Sketch.of(other) == Sketch.of([*one, *other])


@given(a=sketches, b=sketches, c=sketches)
def test_sketches_add_up_the_same_in_any_order(a: Sketch, b: Sketch, c: Sketch) -> None:
    assert a + b == b + a
    assert (a + b) + c == a + (b + c)
    assert a + Sketch() == a


@given(sketch=sketches)
def test_a_sketch_comes_back_from_json_as_it_was(sketch: Sketch) -> None:
    assert Sketch.parse(json.loads(json.dumps(sketch.to_json()))) == sketch


def test_nothing_seen_has_no_percentile() -> None:
    assert Sketch().percentile(50) is None


def test_the_number_of_buckets_has_a_bound() -> None:
    every = Sketch.of(1.003**step for step in range(10_000))
    assert every.count == 10_000
    assert len(every.buckets) <= MOST_BUCKETS
    assert Sketch.of([LARGEST * 1_000]) == Sketch.of([LARGEST])
