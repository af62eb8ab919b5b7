"""Segments as received: joining their parts again gives the text back."""

from collections.abc import Sequence
from dataclasses import dataclass

from penstock_healthcare.x12.delimiters import Delimiters


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment. `lead` is the line end before it, `text` its elements, `end` its terminator ("" where it has none).

    Elements count from 1: ``segment[3]`` is NM1-03's text, "" where the segment is shorter.
    """

    text: str
    delimiters: Delimiters
    lead: str = ""
    end: str = ""

    @property
    def id(self) -> str:
        """Its name: NM1, EB, SE."""
        return self.text.partition(self.delimiters.element)[0]

    @property
    def elements(self) -> Sequence[str]:
        """The texts of its elements, the first at index 0."""
        return self.text.split(self.delimiters.element)[1:]

    def __getitem__(self, number: int) -> str:
        parts = self.text.split(self.delimiters.element, number + 1)
        return parts[number] if 0 < number < len(parts) else ""

    def __len__(self) -> int:
        return self.text.count(self.delimiters.element)

    def repetitions(self, number: int) -> list[str]:
        """The repetitions of an element; none for an empty one."""
        text, mark = self[number], self.delimiters.repetition
        return [part for part in (text.split(mark) if mark else [text]) if part]

    def components(self, number: int) -> list[str]:
        """The components of an element; `[""]` for an empty one."""
        return self[number].split(self.delimiters.component)

    def component(self, number: int, part: int) -> str:
        """A component, counted from 1; "" where there is none."""
        parts = self.components(number)
        return parts[part - 1] if 0 < part <= len(parts) else ""

    def __str__(self) -> str:
        return self.lead + self.text + self.end
