"""Orders, results and documents: ORC, OBR, OBX, SPM, TXA."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from penstock_healthcare.hl7.building.patients import Diagnosis
from penstock_healthcare.hl7.building.segments import Fields, Header, lines
from penstock_healthcare.hl7.building.values import Code, Entity, Pair, Provider


@dataclass(frozen=True, slots=True)
class Observation:
    """OBX; the value's Python type says its value type (OBX-2), lines in a text are kept."""

    code: Code
    value: "str | int | Decimal | date | datetime | Code | None"
    units: Code | None = None
    reference_range: str = ""
    flags: Sequence[str] = ()
    """Of table 0078: L, H, LL, HH, A …"""
    status: str = "F"
    observed_at: datetime | None = None
    sub_id: str = ""
    notes: Sequence[str] = ()

    def fields(self, number: int, header: Header) -> Fields:
        """OBX-1 to OBX-14."""
        return {
            1: number,
            2: _value_type(self.value, header),
            3: self.code,
            4: self.sub_id,
            5: lines(self.value) if isinstance(self.value, str) else self.value,
            6: self.units,
            7: self.reference_range,
            8: self.flags,
            11: self.status,
            14: self.observed_at,
        }


@dataclass(frozen=True, slots=True)
class Specimen:
    """SPM; ``type`` is of table 0487."""

    type: Code
    number: Entity | None = None
    collected_at: datetime | None = None

    def fields(self, number: int) -> Fields:
        """SPM-1 to SPM-17."""
        collected = Pair((self.collected_at,)) if self.collected_at else None
        return {1: number, 2: Pair((self.number,)) if self.number else None, 4: self.type, 17: collected}


@dataclass(frozen=True, slots=True)
class Order:
    """ORC and OBR with what belongs to them; ``control`` is of table 0119 (NW, CA, RE …)."""

    service: Code
    placer_number: Entity | None = None
    filler_number: Entity | None = None
    control: str = "NW"
    status: str = ""
    """ORC-5, of table 0038."""
    ordered_at: datetime | None = None
    observed_at: datetime | None = None
    provider: Provider | None = None
    result_status: str = ""
    """OBR-25, of table 0123."""
    reported_at: datetime | None = None
    notes: Sequence[str] = ()
    diagnoses: Sequence[Diagnosis] = ()
    observations: Sequence[Observation] = ()
    specimens: Sequence[Specimen] = ()

    def common_fields(self, header: Header) -> Fields:
        """ORC-1 to ORC-12; 2.3 and before ask for a quantity."""
        return {
            1: self.control,
            2: self.placer_number,
            3: self.filler_number,
            5: self.status,
            7: None if header.is_from("2.3.1") else 1,
            9: self.ordered_at,
            12: self.provider,
        }

    def request_fields(self, number: int, header: Header) -> Fields:
        """OBR-1 to OBR-27."""
        return {
            1: number,
            2: self.placer_number,
            3: self.filler_number,
            4: self.service,
            7: self.observed_at,
            16: self.provider,
            22: self.reported_at,
            25: self.result_status,
            27: None if header.is_from("2.3.1") else 1,
        }


@dataclass(frozen=True, slots=True)
class Document:
    """TXA with its content; ``type`` is of table 0270 (DS, OP …), ``completion`` of table 0271 (AU, DI …)."""

    type: str
    number: Entity
    completion: str = "AU"
    presentation: str = "TX"
    """Of table 0191."""
    activity_at: datetime | None = None
    originator: Provider | None = None
    parent: Entity | None = None
    content: Sequence[Observation] = ()

    def fields(self) -> Fields:
        """TXA-1 to TXA-17."""
        return {
            1: 1,
            2: self.type,
            3: self.presentation if self.content else "",
            4: self.activity_at,
            9: self.originator,
            12: self.number,
            13: self.parent,
            17: self.completion,
        }


def _value_type(value: object, header: Header) -> str:
    for kind, name in _VALUE_TYPES:
        if isinstance(value, kind):
            return name if header.is_from("2.6") else _BEFORE_2_6.get(name, name)
    if not isinstance(value, str) or not value:
        return ""
    return "FT" if "\n" in value else "ST" if len(value) < _LONGEST_ST else "TX"


_VALUE_TYPES: tuple[tuple[type, str], ...] = (
    (datetime, "DTM"),
    (date, "DT"),
    (Decimal, "NM"),
    (int, "NM"),
    (Code, "CWE"),
)
_BEFORE_2_6 = {"DTM": "TS", "CWE": "CE"}
_LONGEST_ST = 200
