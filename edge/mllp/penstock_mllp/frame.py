"""MLLP framing (HL7 implementation guide, transport: MLLP release 1): ``0x0B`` message ``0x1C 0x0D``. Pure, no I/O."""

from dataclasses import dataclass

START = b"\x0b"
END = b"\x1c\r"

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
        end = self._buffer.find(END, max(0, self._searched - 1))
        if end < 0:
            self._searched = len(self._buffer)
            self._bound()
            return None
        content = bytes(self._buffer[:end])
        del self._buffer[: end + len(END)]
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
