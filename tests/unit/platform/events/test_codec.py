"""Commits become bytes and come back."""

from datetime import UTC, datetime, timedelta

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from penstock.events import Commit, CommitTooLarge, Event, Origin, StreamId, UnknownDictionary
from penstock.events.codec import Codec, dictionaries, newest_dictionary

STREAM = StreamId("t", "order", "o-1")
T0 = datetime(2026, 11, 24, tzinfo=UTC)

text = st.text(st.characters(codec="utf-8"), max_size=12)
numbers = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=12,
)
shapes = st.tuples(
    text, st.integers(1, 3), st.dictionaries(text, json_values, max_size=4), st.integers(-(10**9), 10**9)
)
origins = st.builds(Origin, text, text, st.none() | text)


def commit(parts: list[tuple[str, int, dict[str, object], int]], origin: Origin, first: int = 1) -> Commit:
    events = tuple(
        Event(STREAM, version, name, schema, T0 + timedelta(milliseconds=millis), data, origin)
        for version, (name, schema, data, millis) in enumerate(parts, first)
    )
    return Commit(STREAM, 3, "c-3", events)


@given(parts=st.lists(shapes, min_size=1, max_size=8), origin=origins, first=st.integers(1, 10**9))
def test_any_json_events_come_back_as_they_were(
    parts: list[tuple[str, int, dict[str, object], int]], origin: Origin, first: int
) -> None:
    codec = Codec()
    before = commit(parts, origin, first)
    after = codec.unpack(codec.pack(before))
    assert after == before
    assert [list(event.data) for event in after.events] == [list(event.data) for event in before.events]


def test_what_filters_need_stands_beside_the_blob() -> None:
    origin = Origin("a", "b")
    packed = Codec().pack(commit([("B", 1, {}, 5), ("A", 1, {}, 7), ("B", 1, {}, 9)], origin, first=10))
    assert (packed.first_version, packed.last_version, packed.types) == (10, 12, ("B", "A"))
    assert packed.last_millis - packed.first_millis == 4


def test_events_of_one_shape_share_their_keys() -> None:
    keys = {f"a-rather-long-name-{n}": n for n in range(20)}
    one, fifty = (len(Codec().pack(commit([("E", 1, keys, 0)] * n, Origin("a", "b"))).blob) for n in (1, 50))
    assert fifty < one * 2


def test_a_commit_over_the_limit_is_refused_with_its_sizes() -> None:
    with pytest.raises(CommitTooLarge) as refused:
        Codec(largest_commit=1000).pack(commit([("E", 1, {"x": "y" * 2000}, 0)], Origin("a", "b")))
    assert refused.value.limit == 1000 < refused.value.size


@pytest.mark.parametrize("value", [2**64, {1, 2}, "\ud800", object()], ids=["integer", "set", "surrogate", "object"])
def test_what_json_cannot_hold_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        Codec().pack(commit([("E", 1, {"x": value}, 0)], Origin("a", "b")))


def test_a_dictionary_is_shipped_and_named_in_the_frame() -> None:
    newest = newest_dictionary()
    assert newest is not None
    blob = Codec().pack(commit([("E", 1, {"x": 1}, 0)], Origin("a", "b"))).blob
    assert zstandard.get_frame_parameters(blob).dict_id == newest.dict_id()
    assert all(32768 <= each < 2**31 for each in dictionaries()), "RFC 8878, section 5: the other ids are reserved"


def test_a_blob_of_a_dictionary_that_is_not_shipped_says_so() -> None:
    packed = Codec().pack(commit([("E", 1, {"x": 1}, 0)], Origin("a", "b")))
    newest = newest_dictionary()
    assert newest is not None
    foreign = zstandard.ZstdCompressionDict(
        newest.as_bytes()[:4] + (40_000).to_bytes(4, "little") + newest.as_bytes()[8:]
    )
    blob = zstandard.ZstdCompressor(dict_data=foreign).compress(b"{}")
    with pytest.raises(UnknownDictionary) as unknown:
        Codec().unpack(packed._replace(blob=blob))
    assert unknown.value.dictionary == 40_000


def test_a_blob_without_a_dictionary_is_read_as_well() -> None:
    codec = Codec()
    packed = codec.pack(commit([("E", 1, {"x": 1}, 0)], Origin("a", "b")))
    dictionary = newest_dictionary()
    plain = zstandard.compress(zstandard.ZstdDecompressor(dict_data=dictionary).decompress(packed.blob))
    assert codec.unpack(packed._replace(blob=plain)) == codec.unpack(packed)
