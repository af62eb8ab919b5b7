"""What can go wrong with an X12 interchange.

X12Error
├── Unparseable        the bytes are no X12 interchange; nothing was read
│   ├── NotX12         no ISA segment at the start
│   ├── BadDelimiters  the ISA segment does not say how the rest is separated
│   └── TooLarge       larger, or in more segments, than the limit of the caller
├── BadValue           a value cannot be written, or is not in the form of its element
└── WrongTransaction   a transaction is not of the type that is to be read, or lacks what tells what it says

No error text quotes content of an interchange: it could be patient data.
"""


class X12Error(Exception):
    """Root of this package's errors."""


class Unparseable(X12Error):
    """The bytes are no X12 interchange. `offset` is the character where that shows."""

    def __init__(self, reason: str, *, offset: int = 0) -> None:
        super().__init__(reason)
        self.reason, self.offset = reason, offset


class NotX12(Unparseable):
    """No ISA segment at the start."""


class BadDelimiters(Unparseable):
    """ISA is cut off, or two of its delimiters are the same character, or one is a letter or a digit."""


class TooLarge(Unparseable):
    """`size` bytes or segments are more than `limit`."""

    def __init__(self, size: int, limit: int, what: str = "bytes") -> None:
        super().__init__(f"the interchange has {size} {what} or more; the limit is {limit}", offset=limit)
        self.size, self.limit = size, limit


class BadValue(X12Error, ValueError):
    """The value at `path` (NM1-03) is not what the element takes."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path, self.reason = path, reason


class WrongTransaction(X12Error, ValueError):
    """There is no such transaction, or it does not say what it has to. `path` is the segment or element."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path, self.reason = path, reason
