"""A field, repetition, component or subcomponent, seen through the data type the standard gives it."""

from collections.abc import Iterator
from dataclasses import dataclass

from penstock_healthcare.hl7.dictionary import datatype_layout
from penstock_healthcare.hl7.escapes import unescape
from penstock_healthcare.hl7.separators import Separators
from penstock_healthcare.hl7.values import NULL


@dataclass(frozen=True, slots=True)
class Element:
    """Encoded text and what splits it further. Absent parts are elements with empty text, never an error.

    ``pid.patient_name[0].family_name.surname.value``: repetitions count from 0, components and subcomponents from 1;
    names come from the dictionary, and a name of the first repetition may be asked of the field itself.
    """

    raw: str
    """Encoded, as in the message."""
    datatype: str
    """"" where the standard defines none (Z-segments, surplus components)."""
    separators: Separators
    codec: str

    @property
    def value(self) -> str:
        """Plain text of the first leaf; `NULL` for a null, "" for an empty element."""
        text = self.raw
        for separator in self._splitters():
            text = text.split(separator, 1)[0]
        return unescape(text, self.separators, self.codec)

    @property
    def is_empty(self) -> bool:
        """Not valued: the receiver keeps what it has."""
        return not self.raw

    @property
    def is_null(self) -> bool:
        """Valued with ``""``: the receiver deletes what it has."""
        return self.raw == NULL

    def __str__(self) -> str:
        return self.value

    def __len__(self) -> int:
        """Number of parts sent: repetitions of a field, components of a repetition …"""
        return len(self._texts()) if self.raw else 0

    def __iter__(self) -> Iterator["Element"]:
        texts = self._texts() if self.raw else []
        return (self._part(number, text) for number, text in enumerate(texts, 1))

    def __getitem__(self, number: int) -> "Element":
        return self._part(number, self._text(number - 1))

    def _part(self, number: int, text: str) -> "Element":
        layout = datatype_layout(self.datatype)
        part = layout.part(number) if layout else None
        # A primitive's only component is the primitive itself.
        datatype = part.datatype if part else (self.datatype if number == 1 and layout is None else "")
        return self._make(text, datatype)

    def __getattr__(self, name: str) -> "Element":
        layout = datatype_layout(self.datatype) if not name.startswith("_") else None
        part = layout.by_name.get(name) if layout else None
        if part is None:
            raise AttributeError(f"{type(self).__name__.lower()} has no part named {name!r}")
        return self[part.number]

    def _texts(self) -> list[str]:
        splitters = self._splitters()
        return self.raw.split(splitters[0]) if splitters else [self.raw]

    def _text(self, index: int) -> str:
        texts = self._texts()
        return texts[index] if 0 <= index < len(texts) else ""

    def _splitters(self) -> tuple[str, ...]:
        """Outermost first; none for a subcomponent."""
        return ()

    def _make(self, text: str, datatype: str) -> "Element":
        return Subcomponent(text, datatype, self.separators, self.codec)


@dataclass(frozen=True, slots=True)
class Subcomponent(Element):
    """The innermost leaf."""


@dataclass(frozen=True, slots=True)
class Component(Element):
    """Its parts are subcomponents."""

    def _splitters(self) -> tuple[str, ...]:
        return (self.separators.subcomponent,)


@dataclass(frozen=True, slots=True)
class Repetition(Element):
    """Its parts are components."""

    def _splitters(self) -> tuple[str, ...]:
        return (self.separators.component, self.separators.subcomponent)

    def _make(self, text: str, datatype: str) -> Element:
        return Component(text, datatype, self.separators, self.codec)


@dataclass(frozen=True, slots=True)
class Field(Element):
    """Its parts are repetitions, counted from 0."""

    def __getitem__(self, index: int) -> Repetition:
        return self._part(index, self._text(index))

    def _part(self, number: int, text: str) -> Repetition:  # noqa: ARG002
        return Repetition(text, self.datatype, self.separators, self.codec)

    def __getattr__(self, name: str) -> Element:
        return self[0].__getattr__(name)

    def _splitters(self) -> tuple[str, ...]:
        return (self.separators.repetition, self.separators.component, self.separators.subcomponent)
