"""Nudges say where, and no more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.events import InvalidStreamId, StreamId
from penstock.events.nudges import Consumer, Nudge, merge
from penstock.json import dumps

streams = st.builds(StreamId, st.just("t"), st.sampled_from(["order", "invoice"]), st.sampled_from(["1", "2", "é"]))
nudges = st.builds(Nudge, streams, st.integers(1, 9))


@given(nudge=nudges)
def test_a_nudge_survives_the_queue(nudge: Nudge) -> None:
    assert Nudge.parse(dumps(nudge.to_json()).decode()) == nudge


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"stream": 3}', "null", '{"stream": "a#b#c", "commit": "x"}'])
def test_what_is_no_nudge_is_refused(body: str) -> None:
    with pytest.raises(ValueError):
        Nudge.parse(body)


def test_a_nudge_for_no_stream_is_refused() -> None:
    with pytest.raises(InvalidStreamId):
        Nudge.parse('{"stream": "only-a-tenant"}')


@given(several=st.lists(nudges, max_size=12))
def test_merging_keeps_each_stream_once_with_its_furthest_commit(several: list[Nudge]) -> None:
    merged = merge(several)
    assert [each.stream for each in merged] == list(dict.fromkeys(each.stream for each in several))
    for each in merged:
        assert each.commit == max(nudge.commit for nudge in several if nudge.stream == each.stream)


@pytest.mark.parametrize(("kinds", "wanted"), [({"*"}, True), ({"order"}, True), ({"invoice"}, False), (set(), False)])
def test_a_consumer_wants_the_kinds_it_names(kinds: set[str], wanted: bool) -> None:
    assert Consumer("c", "url", frozenset(kinds)).wants(StreamId("t", "order", "1")) is wanted
