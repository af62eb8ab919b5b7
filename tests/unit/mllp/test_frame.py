"""Frames come out as they went in, however the bytes are cut."""

import time

from hypothesis import given
from hypothesis import strategies as st

from penstock_mllp.frame import Decoder, Event, Frame, Junk, Oversize, encode

LIMIT = 10_000
contents = st.binary(max_size=60).filter(lambda content: b"\x1c\r" not in content and b"\x1c\x0b" not in content)


def decode(data: bytes, cut: int, limit: int = LIMIT) -> list[Event]:
    decoder = Decoder(limit)
    return [event for start in range(0, len(data), cut) for event in decoder.feed(data[start : start + cut])]


@given(messages=st.lists(contents, max_size=6), cut=st.integers(1, 50))
def test_frames_survive_any_cut(messages: list[bytes], cut: int) -> None:
    messages = [message.removesuffix(b"\x1c") for message in messages]
    assert decode(b"".join(map(encode, messages)), cut) == [Frame(message) for message in messages]


@given(data=st.binary(max_size=300), cut=st.integers(1, 50), limit=st.integers(1, 40))
def test_any_bytes_give_the_same_events_however_they_are_cut(data: bytes, cut: int, limit: int) -> None:
    def framed(events: list[Event]) -> list[Event]:
        return [event for event in events if not isinstance(event, Junk)]

    assert framed(decode(data, cut, limit)) == framed(decode(data, len(data) or 1, limit))
    junk = [event.count for event in decode(data, cut, limit) if isinstance(event, Junk)]
    assert all(count > 0 for count in junk)


def test_bytes_between_frames_are_reported_and_line_ends_are_not() -> None:
    events = decode(b"\r\n" + encode(b"a") + b"\r\nhello\r\n" + encode(b"b") + b"\n", 1000)
    assert events == [Frame(b"a"), Junk(5), Frame(b"b")]


def test_a_start_byte_inside_a_frame_is_content() -> None:
    assert decode(encode(b"a\x0bb"), 1) == [Frame(b"a\x0bb")]


def test_an_end_byte_without_its_return_is_content() -> None:
    assert decode(encode(b"a\x1cb\x1c"), 1) == [Frame(b"a\x1cb\x1c")]


def test_a_frame_without_its_return_ends_where_the_next_one_begins() -> None:
    for cut in (1, 2, 1000):
        assert decode(b"\x0ba\x1c" + encode(b"b"), cut) == [Frame(b"a"), Frame(b"b")]


def test_a_frame_that_lacks_only_its_return_can_be_finished() -> None:
    decoder = Decoder(LIMIT)
    assert decoder.feed(b"\x0ba\x1c") == []
    assert decoder.may_be_whole
    assert decoder.finish() == [Frame(b"a")]
    assert decoder.feed(b"\r" + encode(b"b")) == [Frame(b"b")]


def test_a_frame_that_broke_off_cannot_be_finished() -> None:
    decoder = Decoder(LIMIT)
    decoder.feed(b"\x0ba")
    assert decoder.finish() == []
    assert decoder.in_frame


def test_a_frame_that_is_full_of_end_bytes_takes_linear_time() -> None:
    began = time.perf_counter()
    assert decode(encode(b"\x1c" * 500_000), 1000, 4_000_000) == [Frame(b"\x1c" * 500_000)]
    assert time.perf_counter() - began < 5


def test_a_frame_of_exactly_the_limit_passes_and_one_byte_more_does_not() -> None:
    for cut in (1, 7, 1000):
        assert decode(encode(b"x" * 100), cut, 100) == [Frame(b"x" * 100)]
        assert decode(encode(b"x" * 101), cut, 100) == [Oversize(b"x" * 101, 101)]


def test_after_an_oversize_frame_the_next_one_is_read() -> None:
    events = decode(encode(b"MSH|" + b"x" * 50_000) + encode(b"b"), 1000, 500)
    assert isinstance(events[0], Oversize)
    assert events[0].size == 50_004
    assert events[0].head.startswith(b"MSH|xx")
    assert events[1:] == [Frame(b"b")]


def test_an_endless_frame_takes_bounded_memory() -> None:
    decoder = Decoder(1000)
    decoder.feed(b"\x0b")
    for _ in range(200):
        assert decoder.feed(b"x" * 10_000) == []
    assert decoder.in_frame
    assert len(decoder._buffer) + len(decoder._head) < 20_000


def test_a_large_frame_in_small_pieces_takes_linear_time() -> None:
    began = time.perf_counter()
    assert decode(encode(b"x" * 2_000_000), 100, 4_000_000) == [Frame(b"x" * 2_000_000)]
    assert time.perf_counter() - began < 5
