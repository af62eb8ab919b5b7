"""Every leaf of an HL7 v2 message with what it is: walked once, to be looked at or written anew."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from penstock_healthcare.hl7 import Message, Segment
from penstock_healthcare.hl7.dictionary import Layout, datatype_layout, segment_layout
from penstock_healthcare.hl7.escapes import escape, unescape
from penstock_healthcare.hl7.separators import is_header
from penstock_healthcare.hl7.values import NULL
from penstock_healthcare.phi import hl7_fields as fields
from penstock_healthcare.phi.identifiers import Identifier

Kind: TypeAlias = Identifier | Literal["text", "zip", "gone", "age", "kept"]
"""A class; text that is to be searched; a ZIP; what goes whatever it says; an age in years; what stays as it is."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """`path` is as in `hl7.path`; `text` has no escapes; `identifier` is the class where `kind` is none."""

    segment: str
    occurrence: int
    field: int
    repetition: int
    component: int
    subcomponent: int
    text: str
    kind: Kind
    identifier: Identifier = Identifier.OTHER

    @property
    def path(self) -> str:
        """As `Message.value` takes it."""
        where = f"{self.segment}[{self.occurrence}]" if self.occurrence else self.segment
        return f"{where}-{self.field}[{self.repetition}].{self.component}.{self.subcomponent}"


Change: TypeAlias = Callable[[Leaf], str]
"""The text that a leaf shall have."""


def leaves(message: Message) -> Iterator[Leaf]:
    """All that say something, in order."""
    found: list[Leaf] = []

    def noted(leaf: Leaf) -> str:
        found.append(leaf)
        return leaf.text

    for segment, occurrence in _counted(message):
        _segment(segment, occurrence, noted)
        yield from found
        found.clear()


def changed(message: Message, change: Change) -> Message:
    """The message with each leaf's text changed; where it stays the same, so do the bytes."""
    lines = [(_segment(segment, occurrence, change), segment.end) for segment, occurrence in _counted(message)]
    return Message(message.prefix, lines, message.separators, message.codec)


def _counted(message: Message) -> Iterator[tuple[Segment, int]]:
    seen: dict[str, int] = {}
    for segment in message.segments():
        yield segment, seen.get(segment.id, 0)
        seen[segment.id] = seen.get(segment.id, 0) + 1


def _segment(segment: Segment, occurrence: int, change: Change) -> str:
    texts = segment.fields
    first = 3 if is_header(segment.id) else 1
    layout = segment_layout(segment.id)
    new = [
        _Field(segment, occurrence, number, layout, change).written(text) if text and number >= first else text
        for number, text in enumerate(texts)
    ]
    if new == texts:
        return segment.text
    return segment.separators.field.join(new[:1] + new[2:] if first == 3 else new)


class _Field:
    """Writes one field anew."""

    def __init__(self, segment: Segment, occurrence: int, number: int, layout: Layout | None, change: Change) -> None:
        self._segment, self._occurrence, self._number, self._change = segment, occurrence, number, change
        part = layout.part(number) if layout else None
        self._is_known = part is not None
        self._datatype = segment.datatype(number)
        self._class = fields.BY_FIELD.get((segment.id, number))
        self._marks = segment.separators

    def written(self, text: str) -> str:
        """The encoded field."""
        parts = text.split(self._marks.repetition)
        return self._marks.repetition.join(self._repetition(place, part) for place, part in enumerate(parts))

    def _repetition(self, place: int, text: str) -> str:
        if text in ("", NULL):
            return text
        parts = text.split(self._marks.component)
        return self._marks.component.join(
            self._component(place, number, part, parts) for number, part in enumerate(parts, 1)
        )

    def _component(self, repetition: int, number: int, text: str, beside: list[str]) -> str:
        if text in ("", NULL):
            return text
        layout = datatype_layout(self._datatype)
        part = layout.part(number) if layout else None
        inner = part.datatype if part else (self._datatype if number == 1 and layout is None else "")
        kind, identifier = self._kind(number, inner, beside, is_surplus=layout is not None and part is None)
        leaves_ = text.split(self._marks.subcomponent)
        return self._marks.subcomponent.join(
            self._leaf((repetition, number, place), each, *self._inner(inner, place, kind, identifier))
            for place, each in enumerate(leaves_, 1)
        )

    def _leaf(self, where: tuple[int, int, int], raw: str, kind: Kind, identifier: Identifier) -> str:
        if raw in ("", NULL):
            return raw
        text = unescape(raw, self._marks, self._segment.codec)
        if kind == "kept" and not _NUMERIC.match(text):
            kind = "text"
        leaf = Leaf(self._segment.id, self._occurrence, self._number, *where, text, kind, identifier)
        new = self._change(leaf)
        return raw if new == text else escape(new, self._marks)

    def _kind(self, number: int, inner: str, beside: list[str], *, is_surplus: bool) -> tuple[Kind, Identifier]:
        """What a component is, as far as it does not depend on its subcomponents."""
        place = (self._datatype, number)
        if not self._is_known or is_surplus:
            return "gone", self._class or Identifier.OTHER
        if place in fields.OPAQUE_COMPONENTS:
            is_picture = any(part.upper() in fields.PICTURES for part in beside[1:4])
            return "gone", Identifier.PHOTO if is_picture else Identifier.OTHER
        if place in fields.ZIP_COMPONENTS:
            return "zip", Identifier.GEOGRAPHY
        if place in fields.CHECK_DIGITS:
            return "gone", Identifier.OTHER
        if self._is_age():
            return "age", Identifier.DATE
        by_field = self._class if number == 1 and self._datatype not in _NAMED else None
        found = self._told(number, beside) or by_field or fields.BY_COMPONENT.get(place)
        return (found, found) if found else _by_type(inner)

    def _told(self, number: int, beside: list[str]) -> Identifier | None:
        """What a component beside it says that it is."""
        if number == 1 and self._datatype == "CX":
            return fields.BY_IDENTIFIER_TYPE.get(beside[4].upper()) if len(beside) > 4 else None
        if (self._datatype, number) in _NUMBERS:
            return fields.BY_EQUIPMENT.get(beside[2].upper()) if len(beside) > 2 else None
        return None

    def _inner(self, datatype: str, place: int, kind: Kind, identifier: Identifier) -> tuple[Kind, Identifier]:
        """A subcomponent's kind: a composite's parts inside a component that is searched or kept have their own."""
        layout = datatype_layout(datatype)
        if layout is None or kind not in ("text", "kept"):
            return (kind, identifier) if layout or place == 1 or kind != "kept" else ("text", Identifier.OTHER)
        part = layout.part(place)
        found = fields.BY_COMPONENT.get((datatype, place))
        if found:
            return found, found
        return _by_type(part.datatype) if part else ("gone", Identifier.OTHER)

    def _is_age(self) -> bool:
        segment = self._segment
        return segment.id == "OBX" and self._number == 5 and segment.value(3).upper() in fields.AGE_CODES


_NAMED = frozenset({"XPN", "PN", "XCN", "PPN", "CN", "CNN", "XTN", "XAD", "AD"})
_NUMERIC = re.compile(r"[0-9.:+-]{1,40}\Z")
"""What numbers and times look like: anything else where one should stand is searched."""
_NUMBERS = frozenset({("XTN", part) for part in (1, 6, 7, 8, 9, 11, 12)})


def _by_type(datatype: str) -> tuple[Kind, Identifier]:
    found = fields.BY_TYPE.get(datatype, Identifier.OTHER)
    if datatype in fields.BY_TYPE:
        return (found, found) if found else ("kept", Identifier.OTHER)
    return "text", Identifier.OTHER
