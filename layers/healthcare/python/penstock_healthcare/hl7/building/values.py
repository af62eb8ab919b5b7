"""Data types as values: each says what its components are, as plain text, and `encode` writes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from penstock_healthcare.hl7.escapes import escape
from penstock_healthcare.hl7.separators import Separators
from penstock_healthcare.hl7.values import format_timestamp

MARKS = Separators()
"""What is built uses the delimiters that the standard recommends."""

Plain = str | int | Decimal | date | datetime
"""A date is a DT, a datetime a DTM with its offset."""


@dataclass(frozen=True, slots=True)
class Composite:
    """A value of several components."""

    def components(self) -> "tuple[Value, ...]":
        """In order; trailing empty ones are left out."""
        raise NotImplementedError


Value = Plain | Composite | Sequence["Value"] | None
"""A sequence is the repetitions of a field; None and "" are nothing."""


@dataclass(frozen=True, slots=True)
class Code(Composite):
    """CE, CWE, CNE: a code with its text and coding system (table 0396: LN, SCT, I10 …)."""

    identifier: str
    text: str = ""
    system: str = ""

    def components(self) -> tuple[Value, ...]:
        """CWE-1 to CWE-3."""
        return self.identifier, self.text, self.system


@dataclass(frozen=True, slots=True)
class Authority(Composite):
    """HD: a namespace, or an id with its type (ISO, UUID …)."""

    namespace: str = ""
    universal_id: str = ""
    universal_id_type: str = ""

    def components(self) -> tuple[Value, ...]:
        """HD-1 to HD-3."""
        return self.namespace, self.universal_id, self.universal_id_type


@dataclass(frozen=True, slots=True)
class Identifier(Composite):
    """CX: a person's or account's number; ``type`` is of table 0203 (MR, SS, AN …)."""

    number: str
    authority: "str | Authority" = ""
    type: str = "MR"

    def components(self) -> tuple[Value, ...]:
        """CX-1 to CX-5."""
        return self.number, "", "", self.authority, self.type


@dataclass(frozen=True, slots=True)
class Entity(Composite):
    """EI: the number of an order, an appointment, a document."""

    number: str
    namespace: str = ""
    universal_id: str = ""
    universal_id_type: str = ""

    def components(self) -> tuple[Value, ...]:
        """EI-1 to EI-4."""
        return self.number, self.namespace, self.universal_id, self.universal_id_type


@dataclass(frozen=True, slots=True)
class Name(Composite):
    """XPN; ``type`` is of table 0200 (L is legal)."""

    family: str
    given: str = ""
    middle: str = ""
    suffix: str = ""
    prefix: str = ""
    type: str = "L"

    def components(self) -> tuple[Value, ...]:
        """XPN-1 to XPN-7."""
        return self.family, self.given, self.middle, self.suffix, self.prefix, "", self.type


@dataclass(frozen=True, slots=True)
class Provider(Composite):
    """XCN: a physician or other staff, by number and name."""

    number: str
    family: str = ""
    given: str = ""
    prefix: str = ""
    authority: "str | Authority" = ""
    type: str = ""

    def components(self) -> tuple[Value, ...]:
        """XCN-1 to XCN-13; the name is a legal one where there is one."""
        legal = "L" if self.family else ""
        name: tuple[Value, ...] = (self.number, self.family, self.given, "", "", self.prefix, "", "", self.authority)
        return *name, legal, "", "", self.type


@dataclass(frozen=True, slots=True)
class Address(Composite):
    """XAD; ``country`` is of ISO 3166 (three letters), ``type`` of table 0190 (H is home)."""

    street: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""
    other: str = ""
    type: str = "H"

    def components(self) -> tuple[Value, ...]:
        """XAD-1 to XAD-7."""
        return self.street, self.other, self.city, self.state, self.postal_code, self.country, self.type


@dataclass(frozen=True, slots=True)
class Phone(Composite):
    """XTN; ``use`` is of table 0201, ``equipment`` of table 0202."""

    number: str = ""
    use: str = "PRN"
    equipment: str = "PH"
    email: str = ""

    def components(self) -> tuple[Value, ...]:
        """XTN-1 to XTN-4; receivers of all versions look for the number in XTN-1."""
        return self.number, self.use, self.equipment, self.email


@dataclass(frozen=True, slots=True)
class Location(Composite):
    """PL: where a patient is."""

    point_of_care: str = ""
    room: str = ""
    bed: str = ""
    facility: str = ""

    def components(self) -> tuple[Value, ...]:
        """PL-1 to PL-4."""
        return self.point_of_care, self.room, self.bed, self.facility


@dataclass(frozen=True, slots=True)
class Pair(Composite):
    """Two or more values that stand side by side (EIP, DR, CQ, PT …)."""

    parts: tuple["Value", ...]

    def components(self) -> tuple[Value, ...]:
        """As given."""
        return self.parts


def encode(value: Value) -> str:
    """A field's encoded text."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return MARKS.repetition.join(_repetition(each) for each in value)
    return _repetition(value)


def _repetition(value: Value) -> str:
    return _joined(value, MARKS.component, MARKS.subcomponent)


def _joined(value: Value, mark: str, *inner: str) -> str:
    if not isinstance(value, Composite):
        return _text(value)
    parts = [_joined(part, *inner) if inner else _text(part) for part in value.components()]
    while parts and not parts[-1]:
        parts.pop()
    return mark.join(parts)


def _text(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return format_timestamp(value)
    if isinstance(value, date):
        return value.strftime("%Y%m%d")
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, str):
        return escape(value, MARKS)
    if isinstance(value, int):
        return str(value)
    raise TypeError(f"a component cannot hold a {type(value).__name__}")
