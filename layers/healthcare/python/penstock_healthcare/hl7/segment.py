"""One segment: its text as received, split into fields when somebody looks."""

from penstock_healthcare.hl7.dictionary import segment_layout
from penstock_healthcare.hl7.element import Field
from penstock_healthcare.hl7.errors import BadPath, Unwritable
from penstock_healthcare.hl7.escapes import unescape
from penstock_healthcare.hl7.path import Path
from penstock_healthcare.hl7.separators import ABSENT, Separators, is_header

Line = tuple[str, str]
"""Text of a segment and what ends it."""


class Segment:
    """One segment: ``segment[5]`` or ``segment.patient_name`` is a `Field`; ``segment.text`` its encoded text."""

    __slots__ = ("_fields", "codec", "end", "id", "separators", "text")

    def __init__(self, text: str, end: str, separators: Separators, codec: str) -> None:
        self.text = text
        self.end = end
        """What follows it up to the next segment: the line end, and blank lines where there are any."""
        self.separators = separators
        self.codec = codec
        self.id = text[:3].upper()
        self._fields: list[str] | None = None

    @property
    def fields(self) -> list[str]:
        """Encoded fields by number; index 0 is the id as written, and MSH-1 is at index 1."""
        if self._fields is None:
            self._fields = self.text.split(self.separators.field)
            if is_header(self.id):
                self._fields.insert(1, self.separators.field)
        return self._fields

    def __len__(self) -> int:
        return len(self.fields) - 1

    def __getitem__(self, number: int) -> Field:
        text = self.fields[number] if 0 < number < len(self.fields) else ""
        return Field(text, self.datatype(number), self.separators, self.codec)

    def __getattr__(self, name: str) -> Field:
        if name.startswith("_"):
            raise AttributeError(name)
        layout = segment_layout(self.id)
        part = layout.by_name.get(name) if layout else None
        if part is None:
            raise AttributeError(f"segment {self.id} has no field named {name!r}")
        return self[part.number]

    def datatype(self, number: int) -> str:
        """The field's data type, "" where none is defined; OBX-5 has the one that OBX-2 states."""
        layout = segment_layout(self.id)
        part = layout.part(number) if layout else None
        if part is None or part.datatype != "VARIES":
            return part.datatype if part else ""
        return self.value(2) if self.id == "OBX" else ""

    def value(self, field: int, repetition: int = 0, component: int = 1, subcomponent: int = 1) -> str:
        """Plain text of one leaf; "" where the message has none."""
        fields = self._fields or self.fields
        if field >= len(fields):
            return ""
        text = fields[field]
        if not text or (field <= 2 and is_header(self.id)):
            return text if component == subcomponent == 1 and not repetition else ""
        marks = self.separators
        # Written out, not looped: this is where a reader of messages spends its time.
        if marks.repetition in text:
            parts = text.split(marks.repetition, repetition + 1)
            text = parts[repetition] if repetition < len(parts) else ""
        elif repetition:
            return ""
        if marks.component in text:
            parts = text.split(marks.component, component)
            text = parts[component - 1] if component <= len(parts) else ""
        elif component > 1:
            return ""
        if marks.subcomponent in text:
            parts = text.split(marks.subcomponent, subcomponent)
            text = parts[subcomponent - 1] if subcomponent <= len(parts) else ""
        elif subcomponent > 1:
            return ""
        return unescape(text, marks, self.codec) if marks.escape in text else text

    def raw(self, path: Path) -> str:
        """Encoded text of what the path wrote out: a whole field, one repetition, a component …"""
        text = self.fields[path.field] if path.field < len(self.fields) else ""
        for mark, index in self._steps(path):
            parts = text.split(mark)
            text = parts[index] if index < len(parts) else ""
        return text

    def set_raw(self, path: Path, text: str) -> None:
        """Replace what `raw` reads; raises `Unwritable` where the message lacks the delimiter for it."""
        if path.field <= 2 and is_header(self.id):
            raise BadPath(str(path), "the delimiters of a message are fixed")
        if "\r" in text or "\n" in text:
            raise Unwritable("a field cannot contain a line break; write it as \\X0D\\ or \\.br\\")
        if self.separators.field in text:
            raise Unwritable("encoded text of a field cannot contain the field separator")
        fields = self.fields
        old = fields[path.field] if path.field < len(fields) else ""
        new = _replaced(old, self._steps(path), text)
        if new == old:
            return
        fields.extend([""] * (path.field + 1 - len(fields)))
        fields[path.field] = new
        mark = self.separators.field
        self.text = fields[0] + mark + mark.join(fields[2:]) if is_header(self.id) else mark.join(fields)

    def _steps(self, path: Path) -> list[tuple[str, int]]:
        marks, steps = self.separators, []
        if path.repeats or path.depth > 1:
            steps.append((marks.repetition, path.repetition))
        if path.depth > 1:
            steps.append((marks.component, path.component - 1))
        if path.depth > 2:
            steps.append((marks.subcomponent, path.subcomponent - 1))
        return steps

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<Segment {self.id}, {len(self)} fields>"


def _replaced(text: str, steps: list[tuple[str, int]], new: str) -> str:
    if not steps:
        return new
    (mark, index), *inner = steps
    parts = text.split(mark)
    if index >= len(parts):
        if not new:
            return text
        parts.extend([""] * (index + 1 - len(parts)))
    parts[index] = _replaced(parts[index], inner, new)
    if len(parts) > 1 and mark == ABSENT:
        raise Unwritable("MSH-2 names no delimiter for this place")
    return mark.join(parts)
