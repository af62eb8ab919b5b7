"""Counters add up, keep within their bounds, and fit into their row even at their fullest."""

import random
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from penstock.events.views import pack
from penstock.metrics.buckets import Bucket
from penstock.metrics.sketch import MOST_BUCKETS, Sketch
from penstock.metrics.tally import LONGEST_NAME, MOST_ERRORS, MOST_NODES, OTHER, Metrics, Tally

tallies = st.builds(
    Tally,
    st.dictionaries(st.sampled_from(["started", "failed"]), st.integers(1, 9)),
    st.lists(st.integers(0, 10_000), max_size=5).map(Sketch.of),
    st.dictionaries(st.sampled_from(["Boom", "Timeout"]), st.integers(1, 9)),
)
found = st.builds(Metrics, tallies, st.dictionaries(st.sampled_from(["a", "b"]), tallies))


@given(a=found, b=found, c=found)
def test_metrics_add_up_the_same_in_any_order(a: Metrics, b: Metrics, c: Metrics) -> None:
    assert a + b == b + a
    assert (a + b) + c == a + (b + c)
    assert a + Metrics() == a


@given(metrics=found)
def test_metrics_come_back_from_json_as_they_were(metrics: Metrics) -> None:
    assert Metrics.parse(metrics.to_json()) == metrics


def test_names_beyond_the_bound_are_counted_together_and_none_is_lost() -> None:
    errors = {f"E{number}": 1 for number in range(MOST_ERRORS + 5)}
    nodes = {f"n{number}": Tally({"runs": 1}, errors=errors) for number in range(MOST_NODES + 7)}
    bounded = Metrics(nodes=nodes).within()
    assert len(bounded.nodes) == MOST_NODES + 1
    assert bounded.nodes[OTHER].counts == {"runs": 7}
    assert bounded.nodes["n0"].errors[OTHER] == 5
    assert sum(tally.counts["runs"] for tally in bounded.nodes.values()) == MOST_NODES + 7


def test_what_has_a_name_of_its_own_keeps_it_when_more_come() -> None:
    full = Metrics(nodes={f"n{number}": Tally({"runs": 1}) for number in range(MOST_NODES)})
    more = (full + Metrics(nodes={"late": Tally({"runs": 1}), "n0": Tally({"runs": 1})})).within()
    assert more.nodes["n0"].counts == {"runs": 2}
    assert more.nodes[OTHER].counts == {"runs": 1}
    again = (more + Metrics(nodes={"later": Tally({"runs": 1})})).within()
    assert again.nodes[OTHER].counts == {"runs": 2}
    assert len(again.nodes) == MOST_NODES + 1


def test_a_name_is_cut_to_a_bearable_length() -> None:
    assert list(Metrics(nodes={"x" * 1_000: Tally({"runs": 1})}).within().nodes) == ["x" * LONGEST_NAME]


def test_a_bucket_at_its_fullest_fits_into_its_row() -> None:
    chance = random.Random(4)
    letters = "abcdefghijklmnopqrstuvwxyz"

    def full() -> Tally:
        buckets = {bucket: chance.randrange(1, 20_000) for bucket in range(MOST_BUCKETS)}
        errors = {"".join(chance.choices(letters, k=LONGEST_NAME)): 9 for _ in range(MOST_ERRORS)}
        return Tally({"runs": 10**6}, Sketch(0, buckets), errors)

    names = ["".join(pair) for pair in product(letters, repeat=2)][:MOST_NODES]
    metrics = Metrics(full(), {name: Tally({"runs": 10**6}, full().durations, {"Boom": 9}) for name in names})
    assert len(pack(Bucket("acme", "workflow", "w-1", "2026-11-24").row(metrics, 1))) < 350 * 1024
