"""What can go wrong with an HL7 v2 message.

HL7Error
├── Unparseable               the bytes are no HL7 v2 message; nothing was read
│   ├── NotHL7                no MSH segment at the start
│   ├── BadEncodingCharacters MSH-1 or MSH-2 cannot separate fields
│   └── TooLarge              larger than the limit of the caller
├── BadPath                   a path that is not in the form ``PID-3[0].4.1``
├── SegmentMissing            the message has no such segment (also a KeyError)
├── BadValue                  a value is not in the format of its data type
├── BadProfile                a sender's profile is not in its form
├── Invalid                   what was built is not what the standard asks for
└── Unwritable                a value cannot be written in the message's charset or delimiters

No error text quotes content of a message: it could be patient data.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from penstock_healthcare.hl7.finding import Finding


class HL7Error(Exception):
    """Root of this package's errors."""


class Unparseable(HL7Error):
    """The bytes are not an HL7 v2 message. ``offset`` is the byte (or character) where that shows."""

    def __init__(self, reason: str, *, offset: int = 0, segment: str = "MSH") -> None:
        super().__init__(reason)
        self.reason = reason
        self.offset = offset
        self.segment = segment


class NotHL7(Unparseable):
    """No MSH segment at the start."""


class BadEncodingCharacters(Unparseable):
    """MSH-1 or MSH-2 is missing or unusable (2.5.1: chapter 2, section 2.5.4)."""


class TooLarge(Unparseable):
    """``size`` bytes are more than ``limit``."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(f"the message has {size} bytes; the limit is {limit}", offset=limit)
        self.size = size
        self.limit = limit


class BadPath(HL7Error, ValueError):
    """``path`` does not address a place in a message."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path!r}: {reason}")
        self.path = path
        self.reason = reason


class SegmentMissing(HL7Error, KeyError):
    """The message has no occurrence ``index`` (from 0) of segment ``name``."""

    def __init__(self, name: str, index: int = 0) -> None:
        super().__init__(f"the message has no {name}[{index}]")
        self.name = name
        self.index = index

    def __str__(self) -> str:
        return str(self.args[0])


class BadValue(HL7Error, ValueError):
    """The value at ``path`` is not a valid ``datatype`` (DTM, NM …)."""

    def __init__(self, datatype: str, expected: str, *, path: str = "") -> None:
        super().__init__(f"{path or 'value'} is not a valid {datatype}: expected {expected}")
        self.datatype = datatype
        self.expected = expected
        self.path = path


class BadProfile(HL7Error, ValueError):
    """``problems`` are what is wrong, each as ``place: reason``."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


class Invalid(HL7Error, ValueError):
    """A message cannot be built like this; ``findings`` say why, those that are no information."""

    def __init__(self, findings: "Sequence[Finding]") -> None:
        super().__init__("; ".join(f"{each.path}: {each.message}" for each in findings))
        self.findings = tuple(findings)


class Unwritable(HL7Error, ValueError):
    """A character cannot be written; ``position`` is its index in the value."""

    def __init__(self, reason: str, *, position: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.position = position
