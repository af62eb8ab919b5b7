"""A field's repetition, or what is inside of it, as mapping reads it: by number, absent parts are empty."""

from penstock_healthcare.hl7 import NULL
from penstock_healthcare.hl7.escapes import unescape
from penstock_healthcare.hl7.separators import Separators


class Part:
    """Encoded text and what splits it: a repetition (depth 0), a component (1), a subcomponent (2)."""

    __slots__ = ("_texts", "codec", "depth", "marks", "raw")

    def __init__(self, raw: str, marks: Separators, codec: str, depth: int = 0) -> None:
        self.raw = raw
        self.marks = marks
        self.codec = codec
        self.depth = depth
        self._texts: list[str] | None = None

    def __getitem__(self, number: int) -> "Part":
        """Component or subcomponent `number`, from 1; a subcomponent's only part is itself."""
        return Part(self._text(number), self.marks, self.codec, min(self.depth + 1, 2))

    def __len__(self) -> int:
        return len(self.texts) if self.raw else 0

    @property
    def texts(self) -> list[str]:
        """Encoded text of each part."""
        if self._texts is None:
            self._texts = self.raw.split(_mark(self)) if self.depth < 2 else [self.raw]
        return self._texts

    @property
    def value(self) -> str:
        """Plain text of the first leaf; "" for an empty element and for a null, which says nothing to FHIR."""
        return self._plain(self._leaf(self.raw))

    def text(self, number: int) -> str:
        """Plain text of the first leaf of part `number`: what `part[number].value` is."""
        found = self._text(number)
        if not found:
            return ""
        if self.depth == 0 and self.marks.subcomponent in found:
            found = found.split(self.marks.subcomponent, 1)[0]
        return self._plain(found)

    def _text(self, number: int) -> str:
        texts = self.texts
        return texts[number - 1] if number <= len(texts) else ""

    def _leaf(self, text: str) -> str:
        for mark in (self.marks.component, self.marks.subcomponent)[self.depth :]:
            if mark in text:
                text = text.split(mark, 1)[0]
        return text

    def _plain(self, text: str) -> str:
        if text == NULL:
            return ""
        return unescape(text, self.marks, self.codec) if self.marks.escape in text else text


def _mark(part: Part) -> str:
    return part.marks.component if part.depth == 0 else part.marks.subcomponent
