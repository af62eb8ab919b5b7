"""Bytes to interchanges: nothing is rejected that can be read, nothing is dropped that was sent.

Real senders put every segment on a line of its own, with LF or CRLF after the terminator, or use a line end as the
terminator. Either comes back byte for byte.
"""

import re

from penstock_healthcare.x12.delimiters import Delimiters, read_delimiters
from penstock_healthcare.x12.errors import NotX12, TooLarge
from penstock_healthcare.x12.interchange import Interchange
from penstock_healthcare.x12.segment import Segment

MAX_BYTES = 10_000_000
MOST_SEGMENTS = 300_000
_SPACE = " \t\r\n\x00\x0b\x1a\x1c"
_BEFORE = re.compile(f"[\ufeff{_SPACE}]*")


def parse(data: bytes | str, *, max_bytes: int = MAX_BYTES) -> Interchange:
    """Read one interchange; what follows its IEA is kept in `rest`. ``bytes(parse(data)) == data``.

    Raises NotX12, BadDelimiters, TooLarge.
    """
    text, codec = _decoded(data, max_bytes)
    interchange, end = _read(text, 0, codec)
    return Interchange(interchange.segments, interchange.delimiters, codec, interchange.prefix, text[end:])


def parse_file(data: bytes | str, *, max_bytes: int = MAX_BYTES) -> list[Interchange]:
    """Read interchanges that follow one another, each with delimiters of its own; their bytes joined are the file's.

    Raises what `parse` raises. What follows the last IEA and is no ISA is the last one's `rest`.
    """
    text, codec = _decoded(data, max_bytes)
    found: list[Interchange] = []
    end = 0
    while not found or _begins(text, end):
        interchange, end = _read(text, end, codec)
        found.append(interchange)
    last = found[-1]
    found[-1] = Interchange(last.segments, last.delimiters, codec, last.prefix, text[end:])
    return found


def _decoded(data: bytes | str, limit: int) -> tuple[str, str]:
    if len(data) > limit:
        raise TooLarge(len(data), limit)
    if isinstance(data, str):
        return _checked(data, limit), "utf-8"
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return data.decode("latin-1"), "latin-1"


def _checked(text: str, limit: int) -> str:
    try:
        size = len(text) if text.isascii() else len(text.encode())
    except UnicodeEncodeError as error:
        raise NotX12("the text holds half a surrogate pair", offset=error.start) from None
    if size > limit:
        raise TooLarge(size, limit)
    return text


def _start(text: str, at: int) -> int:
    match = _BEFORE.match(text, at)
    return match.end() if match else at


def _begins(text: str, at: int) -> bool:
    return text.startswith("ISA", _start(text, at))


def _read(text: str, at: int, codec: str) -> tuple[Interchange, int]:
    """The interchange that begins at or after `at`, and where it ends."""
    begin = _start(text, at)
    if not text.startswith("ISA", begin):
        raise NotX12("the interchange does not begin with an ISA segment", offset=begin)
    delimiters = read_delimiters(text, begin)
    segments, end = _segments(text, begin, delimiters)
    return Interchange(segments, delimiters, codec, text[at:begin]), end


def _segments(text: str, begin: int, delimiters: Delimiters) -> tuple[tuple[Segment, ...], int]:
    """Segments up to IEA, to the next ISA, or to the end of the text."""
    found: list[Segment] = []
    at = begin
    while at < len(text):
        start = _content(text, at, delimiters)
        if start >= len(text) or (found and text.startswith("ISA" + delimiters.element, start)):
            break
        if len(found) >= MOST_SEGMENTS:
            raise TooLarge(len(found), MOST_SEGMENTS, "segments")
        end = text.find(delimiters.segment, start)
        segment = _segment(text, at, start, end, delimiters)
        found.append(segment)
        at = start + len(segment.text) + len(segment.end)
        if not segment.end or segment.id == "IEA":
            break
    return tuple(found), at


def _content(text: str, at: int, delimiters: Delimiters) -> int:
    """Where a segment begins after the white space that precedes it; a delimiter is none."""
    while at < len(text) and text[at] in _SPACE and text[at] not in delimiters.all:
        at += 1
    return at


def _segment(text: str, at: int, start: int, end: int, delimiters: Delimiters) -> Segment:
    """The last one of a text that is cut off has no terminator, and leaves the white space after it behind."""
    if end >= 0:
        return Segment(text[start:end], delimiters, text[at:start], delimiters.segment)
    spaces = "".join(mark for mark in _SPACE if mark not in delimiters.all)
    return Segment(text[start:].rstrip(spaces), delimiters, text[at:start])
