"""The four characters that separate an interchange, as its ISA segment gives them (X12.5)."""

from dataclasses import dataclass

from penstock_healthcare.x12.errors import BadDelimiters

ISA_ELEMENTS = 16
_ISA_IN_FULL = 106
_LONGEST_ISA = 400
"""Real ISAs have 106 characters; those whose elements are not padded are shorter, hardly ever longer."""
_REPETITION = 11
_NO_REPETITION = ("", " ", "U")
"""ISA-11 up to version 00401: a standards identifier. Repetition had no separator then."""


@dataclass(frozen=True, slots=True)
class Delimiters:
    """`repetition` is "" in versions that have none."""

    element: str = "*"
    component: str = ":"
    repetition: str = "^"
    segment: str = "~"

    @property
    def all(self) -> str:
        """Every one of them."""
        return self.element + self.component + self.repetition + self.segment


def read_delimiters(text: str, begin: int) -> Delimiters:
    """Those of the ISA segment at `begin`. Raises BadDelimiters.

    ISA-16 is one character and the segment terminator the next, so both stand after the sixteenth element separator,
    also where a sender has not padded the elements to their fixed lengths.
    """
    head = text[begin : begin + _LONGEST_ISA]
    element = head[3:4]
    parts = head.split(element, ISA_ELEMENTS) if element else []
    if len(parts) <= ISA_ELEMENTS or len(parts[ISA_ELEMENTS]) < 2:
        raise BadDelimiters("ISA is cut off before its sixteenth element and segment terminator", offset=begin)
    component, segment = parts[ISA_ELEMENTS][0], parts[ISA_ELEMENTS][1]
    repetition = "" if parts[_REPETITION] in _NO_REPETITION else parts[_REPETITION][0]
    return _usable(Delimiters(element, component, repetition, segment), begin)


def _usable(found: Delimiters, begin: int) -> Delimiters:
    if len(set(found.all)) < len(found.all):
        raise BadDelimiters("two of ISA's delimiters are the same character", offset=begin)
    if any(mark.isalnum() or mark == " " for mark in found.all):
        raise BadDelimiters("a delimiter that ISA gives is a letter, a digit or a space", offset=begin)
    return found


def is_fixed(text: str) -> bool:
    """Whether an ISA segment (without its terminator) has the length that the standard fixes."""
    return len(text) == _ISA_IN_FULL - 1
