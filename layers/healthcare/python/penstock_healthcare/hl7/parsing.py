"""Bytes to messages: nothing is rejected that can be read, nothing is dropped that was sent.

Real senders end segments with LF or CRLF, leave blank lines, put a byte order mark or MLLP bytes around the message
and break text across lines. A line that does not begin like a segment continues the segment before it.
"""

import re
from dataclasses import dataclass
from itertools import pairwise

from penstock_healthcare.hl7.charset import codec_of, decode
from penstock_healthcare.hl7.dictionary import segment_ids
from penstock_healthcare.hl7.errors import HL7Error, NotHL7, TooLarge, Unwritable
from penstock_healthcare.hl7.message import Message
from penstock_healthcare.hl7.segment import Line
from penstock_healthcare.hl7.separators import Separators, read_separators

MAX_BYTES = 10_000_000

_PREFIX = re.compile("[\ufeff\\s\x00\x0b]*")
_LINE_ENDS = re.compile(r"([\r\n]+)")
_TRAILER = "\r\n\x0b\x1c\x1a\x00"
"""Line ends, MLLP framing, the end-of-file mark of DOS, padding."""
_CHUNK = re.compile(
    rb"(?:\A|(?<=[\r\n\x0b]))(?=(?:\xef\xbb\xbf)?(?:MSH|FHS|BHS|BTS|FTS)(?:[^A-Z0-9]|\Z))", re.IGNORECASE
)
_ENVELOPE = frozenset({b"FHS", b"BHS", b"BTS", b"FTS"})


def parse(data: bytes | bytearray | memoryview | str, *, max_bytes: int = MAX_BYTES) -> Message:
    """Read one message; ``bytes(parse(data)) == data``.

    Raises `NotHL7`, `BadEncodingCharacters`, `TooLarge`. Text is encoded in the charset that MSH-18 names when it
    becomes bytes, in UTF-8 when that cannot hold it.
    """
    if len(data) > max_bytes:
        raise TooLarge(len(data), max_bytes)
    if isinstance(data, str):
        return _read_text(data, max_bytes)
    return _read(*decode(bytes(data)))


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A message of a batch that could not be parsed, kept with its reason."""

    raw: bytes
    error: HL7Error

    def __bytes__(self) -> bytes:
        return self.raw


@dataclass(frozen=True, slots=True)
class Envelope:
    """A header or trailer of a batch or file (FHS, BHS, BTS, FTS), or what stands before the first of them."""

    id: str
    raw: bytes

    def __bytes__(self) -> bytes:
        return self.raw


@dataclass(frozen=True, slots=True)
class Batch:
    """A file of messages in order (2.5.1: chapter 2, section 2.10.3); ``bytes(batch)`` is the file again."""

    parts: tuple[Message | Unreadable | Envelope, ...]

    @property
    def messages(self) -> list[Message]:
        """Those that could be read."""
        return [part for part in self.parts if isinstance(part, Message)]

    @property
    def unreadable(self) -> list[Unreadable]:
        """Those that could not."""
        return [part for part in self.parts if isinstance(part, Unreadable)]

    @property
    def envelopes(self) -> list[Envelope]:
        """Headers and trailers."""
        return [part for part in self.parts if isinstance(part, Envelope)]

    def __bytes__(self) -> bytes:
        return b"".join(map(bytes, self.parts))


def parse_batch(data: bytes, *, max_bytes: int = MAX_BYTES) -> Batch:
    """Read a file of messages, with or without FHS and BHS; one unreadable message does not stop the others.

    Raises `NotHL7` when there is neither a message nor an envelope, `TooLarge`.
    """
    if len(data) > max_bytes:
        raise TooLarge(len(data), max_bytes)
    starts = [match.start() for match in _CHUNK.finditer(data)]
    if not starts:
        raise NotHL7("the file holds no MSH, FHS or BHS segment")
    edges = [*([0] if starts[0] else []), *starts, len(data)]
    return Batch(tuple(_chunk(data[a:b], max_bytes) for a, b in pairwise(edges)))


def _chunk(raw: bytes, max_bytes: int) -> Message | Unreadable | Envelope:
    name = raw.removeprefix(b"\xef\xbb\xbf")[:3].upper()
    if name in _ENVELOPE:
        return Envelope(name.decode("ascii"), raw)
    if name != b"MSH":
        return Envelope("", raw)
    try:
        return parse(raw, max_bytes=max_bytes)
    except HL7Error as error:
        return Unreadable(raw, error)


def _read_text(text: str, max_bytes: int) -> Message:
    try:
        size = len(text.encode("utf-8"))
    except UnicodeEncodeError as error:
        raise Unwritable("the text holds half a surrogate pair", position=error.start) from error
    if size > max_bytes:
        raise TooLarge(size, max_bytes)
    message = _read(text, "utf-8")
    codec = codec_of(message.charset)
    return _read(text, codec) if codec and _holds(codec, text) else message


def _holds(codec: str, text: str) -> bool:
    try:
        return text.encode(codec).decode(codec) == text
    except UnicodeError:
        return False


def _read(text: str, codec: str) -> Message:
    begin = 0
    if not text.startswith("MSH"):
        begin = _PREFIX.match(text).end()  # type: ignore[union-attr]  # it matches the empty string
        if text[begin : begin + 3].upper() != "MSH":
            raise NotHL7("the message does not begin with an MSH segment", offset=begin)
    lines = _lines(text, begin)
    separators = read_separators(lines[0][0])
    return Message(text[:begin], _joined(lines, separators), separators, codec)


def _lines(text: str, begin: int) -> list[Line]:
    body = text[begin:] if begin else text
    content = body.rstrip(_TRAILER)
    trailer = body[len(content) :]
    end = _only_line_end(content)
    if end:
        lines = content.split(end)
        return [(line, end) for line in lines[:-1]] + [(lines[-1], trailer)]
    pieces = [*_LINE_ENDS.split(content), trailer]
    return list(zip(pieces[::2], pieces[1::2], strict=True))


def _only_line_end(content: str) -> str | None:
    """The line end that the message uses throughout, None when it mixes them."""
    if "\n" not in content:
        return "\r"
    if "\r" not in content:
        return "\n"
    pairs = content.count("\r\n")
    return "\r\n" if pairs == content.count("\r") == content.count("\n") else None


def _joined(lines: list[Line], separators: Separators) -> list[Line]:
    """Lines to segments: a line that begins like none belongs to the one before."""
    mark = separators.field
    if all(line[3:4] == mark and line[:3].isalnum() for line, _ in lines):
        return lines
    groups: list[tuple[list[str], list[str]]] = []
    for line, end in lines:
        start = len(line) - len(line.lstrip(" \t"))
        if not groups or _begins_segment(line[start:], mark):
            if groups:
                groups[-1][1].append(line[:start])
            groups.append(([line[start:]], [end]))
            continue
        content, tail = groups[-1]
        if start < len(line):
            content += (*tail, line)
            tail.clear()
            tail.append(end)
        else:
            tail += (line, end)
    return [("".join(content), "".join(tail)) for content, tail in groups]


def _begins_segment(line: str, mark: str) -> bool:
    head = line[:3]
    if len(head) < 3 or not head.isalnum() or not head.isascii() or head[0].isdigit():
        return False
    return line[3:4] == mark or (len(line) == 3 and (head.upper() in segment_ids() or head[0] in "Zz"))
