"""MLLP framing (HL7 implementation guide, transport: MLLP release 1): ``0x0B`` message ``0x1C 0x0D``. Pure, no I/O.

Some senders leave the last byte, the return, out. Their frame ends where the next one begins, or where nothing more
comes: whoever reads can tell that, and says so by `Decoder.finish`.
"""

import re
from dataclasses import dataclass

START = b"\x0b"
END = b"\x1c\r"

_END_BYTE = END[:1]
_END = re.compile(rb"\x1c(?:\r|(?=\x0b))")
_BETWEEN = b"\r\n"
_HEAD = 8192


def encode(message: bytes) -> bytes:
    """One message as a frame."""
    return START + message + END


@dataclass(frozen=True, slots=True)
class Frame:
    """The bytes of one message, framing removed."""

    content: bytes


@dataclass(frozen=True, slots=True)
class Oversize:
    """A frame of ``size`` bytes, more than allowed; only its beginning was kept, to answer it."""

    head: bytes
    size: int


@dataclass(frozen=True, slots=True)
class Junk:
    """``count`` bytes outside any frame, dropped."""

    count: int


Event = Frame | Oversize | Junk


class Decoder:
    """Bytes in, events out; holds at most ``max_bytes`` of an unfinished frame.

    Bytes are searched once, however small the pieces that arrive. A start byte inside a frame is content: senders
    paste vertical tabs into text, and a frame that broke off ends with its connection.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max = max_bytes
        self._buffer = bytearray()
        self._open = False
        self._searched = 0
        self._skipped = 0
        self._head = b""

    @property
    def in_frame(self) -> bool:
        """Whether a frame has begun and not ended."""
        return self._open

    @property
    def may_be_whole(self) -> bool:
        """Whether the frame is one that lacks only its return, as far as it was read."""
        return self._open and self._buffer.endswith(_END_BYTE)

    def finish(self) -> list[Event]:
        """No more bytes come, or none for a while: the frame that lacks only its return."""
        return [self._ended(len(self._buffer) - 1, len(self._buffer))] if self.may_be_whole else []

    def feed(self, data: bytes) -> list[Event]:
        """Everything that these bytes complete, in order."""
        self._buffer += data
        events: list[Event] = []
        while event := self._frame() if self._open else self._between():
            if not (isinstance(event, Junk) and event.count == 0):
                events.append(event)
        return events

    def _between(self) -> Event | None:
        """Skip to the next start byte; a `Junk` of 0 says that a frame began at once."""
        start = self._buffer.find(START)
        outside = bytes(self._buffer[:start] if start >= 0 else self._buffer)
        del self._buffer[: start + 1 if start >= 0 else len(outside)]
        self._open = start >= 0
        self._searched = self._skipped = 0
        self._head = b""
        junk = len(outside.strip(_BETWEEN))
        return Junk(junk) if junk or self._open else None

    def _frame(self) -> Event | None:
        if mark := _END.search(self._buffer, max(0, self._searched - 1)):
            return self._ended(*mark.span())
        self._searched = len(self._buffer)
        self._bound()
        return None

    def _ended(self, end: int, after: int) -> Event:
        """The frame whose content ends at one place of the buffer; what is behind it begins at the other."""
        content = bytes(self._buffer[:end])
        del self._buffer[:after]
        self._open = False
        size = self._skipped + len(content)
        return Oversize(self._head or content[:_HEAD], size) if size > self._max else Frame(content)

    def _bound(self) -> None:
        """Beyond the limit keep only the head, and the last byte: it may be the first half of the end mark."""
        if self._skipped + len(self._buffer) <= self._max + 1:
            return
        self._head = self._head or bytes(self._buffer[: min(_HEAD, len(self._buffer) - 1)])
        self._skipped += len(self._buffer) - 1
        del self._buffer[:-1]
        self._searched = len(self._buffer)
