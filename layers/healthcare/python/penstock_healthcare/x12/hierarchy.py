"""HL loops: the levels of a set, each with what stands in it (X12.22, segment HL)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from penstock_healthcare.x12.interchange import Transaction
from penstock_healthcare.x12.segment import Segment

_DEEPEST = 8


@dataclass
class Level:
    """One HL and the segments up to the next. `code` is HL-03: 20 source, 21 receiver, 22 subscriber, 23 dependent."""

    number: str
    parent: str
    code: str
    segments: list[Segment] = field(default_factory=list)
    above: "Level | None" = None
    below: list["Level"] = field(default_factory=list)

    def path(self) -> Iterator["Level"]:
        """This level and those above it; sets have four, and a chain that has no end is not followed far."""
        level: Level | None = self
        for _ in range(_DEEPEST):
            if level is None:
                return
            yield level
            level = level.above


def levels(transaction: Transaction) -> Sequence[Level]:
    """All levels in order, linked. A level above that is unknown, or comes later, counts as none."""
    found: list[Level] = []
    by_number: dict[str, Level] = {}
    for segment in transaction.body:
        if segment.id == "HL":
            level = Level(segment[1], segment[2], segment[3], above=by_number.get(segment[2]))
            if level.above is not None:
                level.above.below.append(level)
            by_number[segment[1]] = level
            found.append(level)
        elif found:
            found[-1].segments.append(segment)
    return found
