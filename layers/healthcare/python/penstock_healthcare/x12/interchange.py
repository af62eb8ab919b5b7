"""Interchanges, their functional groups and transaction sets.

    interchange = parse(data)          # bytes(interchange) == data
    interchange.control_id             # ISA-13
    for transaction in interchange.transactions():
        transaction.type               # 271
        transaction.first("BHT")[2]    # an element's text

The envelope is folded leniently: a set whose SE is missing ends where the next begins. `checking` tells what is wrong.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from penstock_healthcare.x12.delimiters import Delimiters
from penstock_healthcare.x12.segment import Segment


@dataclass(frozen=True)
class Transaction:
    """A transaction set. `number` is the place of its ST in the interchange, from 1 (ISA is 1)."""

    segments: Sequence[Segment]
    number: int

    @property
    def header(self) -> Segment:
        """ST."""
        return self.segments[0]

    @property
    def trailer(self) -> Segment | None:
        """SE, None where it is missing."""
        return self.segments[-1] if self.segments[-1].id == "SE" else None

    @property
    def type(self) -> str:
        """ST-01: 270, 271, 278, 999."""
        return self.header[1]

    @property
    def control_id(self) -> str:
        """ST-02."""
        return self.header[2]

    @property
    def guide(self) -> str:
        """ST-03, the implementation guide that it follows: 005010X279A1."""
        return self.header[3]

    @property
    def body(self) -> Sequence[Segment]:
        """What stands between ST and SE."""
        return self.segments[1:-1] if self.trailer else self.segments[1:]

    def first(self, name: str) -> Segment | None:
        """The first segment with this name."""
        return next((segment for segment in self.segments if segment.id == name), None)


@dataclass(frozen=True)
class Group:
    """A functional group, GS to GE. `header` is None for sets that stand outside of a group."""

    header: Segment | None
    transactions: Sequence[Transaction]
    trailer: Segment | None
    number: int
    stray: Sequence[int] = ()
    """The places of segments in the group that stand in no set."""

    @property
    def control_id(self) -> str:
        """GS-06."""
        return self.header[6] if self.header else ""

    @property
    def version(self) -> str:
        """GS-08."""
        return self.header[8] if self.header else ""


@dataclass(frozen=True)
class Interchange:
    """ISA to IEA. `prefix` is what stands before ISA, `rest` what follows IEA."""

    segments: tuple[Segment, ...]
    delimiters: Delimiters
    codec: str = "utf-8"
    prefix: str = ""
    rest: str = ""

    @property
    def header(self) -> Segment:
        """ISA."""
        return self.segments[0]

    @property
    def trailer(self) -> Segment | None:
        """IEA, None where it is missing."""
        return self.segments[-1] if self.segments[-1].id == "IEA" else None

    @property
    def control_id(self) -> str:
        """ISA-13."""
        return self.header[13]

    @property
    def sender(self) -> str:
        """ISA-06 without its padding."""
        return self.header[6].strip()

    @property
    def receiver(self) -> str:
        """ISA-08 without its padding."""
        return self.header[8].strip()

    @property
    def is_test(self) -> bool:
        """Whether ISA-15 says so."""
        return self.header[15] == "T"

    @cached_property
    def groups(self) -> Sequence[Group]:
        """The functional groups in order."""
        from penstock_healthcare.x12.folding import fold

        return fold(self)[0]

    @cached_property
    def stray(self) -> Sequence[int]:
        """The places of segments that stand in no group."""
        from penstock_healthcare.x12.folding import fold

        return fold(self)[1]

    def transactions(self, type_: str | None = None) -> Iterator[Transaction]:
        """Every transaction set, or those of a type."""
        for group in self.groups:
            yield from (each for each in group.transactions if type_ in (None, each.type))

    def __str__(self) -> str:
        return self.prefix + "".join(map(str, self.segments)) + self.rest

    def __bytes__(self) -> bytes:
        return str(self).encode(self.codec)
