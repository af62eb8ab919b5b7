"""Names and data types of segments, fields and components: facts of the standard, 2.1 to 2.9, read when first asked.

``segments.txt`` has one segment a line: its id, then ``name:TYPE`` per field, ``*`` where the field repeats;
``datatypes.txt`` has one composite data type a line in the same form. Names are 2.5.1's where that version has the
field; later versions' otherwise. TS reads as DTM, CE as CWE, which are their successors. VARIES marks a type that the
message itself states (OBX-5 by OBX-2).
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Part:
    """A field of a segment or a component of a data type; ``number`` counts from 1."""

    number: int
    name: str
    datatype: str
    repeats: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """The parts of one segment or data type, by number and by name."""

    parts: tuple[Part, ...]
    by_name: dict[str, Part]

    def part(self, number: int) -> Part | None:
        """None beyond what the standard defines."""
        return self.parts[number - 1] if 0 < number <= len(self.parts) else None


def segment_ids() -> frozenset[str]:
    """Every segment id that a version of the standard defines."""
    return frozenset(_lines("segments.txt"))


@cache
def segment_layout(segment_id: str) -> Layout | None:
    """None for segments outside the standard (Z-segments)."""
    return _layout(_lines("segments.txt").get(segment_id))


@cache
def datatype_layout(datatype: str) -> Layout | None:
    """The components of a composite data type; None for primitive ones."""
    return _layout(_lines("datatypes.txt").get(datatype))


@cache
def _lines(name: str) -> dict[str, str]:
    text = Path(__file__).with_name(name).read_text(encoding="ascii")
    return dict(line.split(" ", 1) for line in text.splitlines())


def _layout(line: str | None) -> Layout | None:
    if line is None:
        return None
    parts = tuple(_part(number, token) for number, token in enumerate(line.split(" "), 1))
    return Layout(parts, {part.name: part for part in parts})


def _part(number: int, token: str) -> Part:
    name, datatype = token.split(":")
    return Part(number, name, datatype.rstrip("*"), datatype.endswith("*"))
