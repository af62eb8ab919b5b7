"""Appointments and what they need: SCH, AIS, AIG, AIL, AIP."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from penstock_healthcare.hl7.building.segments import Fields, Header
from penstock_healthcare.hl7.building.values import Code, Entity, Location, Pair, Provider


@dataclass(frozen=True, slots=True)
class Resource:
    """What an appointment needs: AIS for a service, AIG, AIL or AIP for a thing, a place or a person."""

    what: Code | Location | Provider
    kind: str = ""
    """The id of the segment, for a Code that is no service: AIG."""
    role: Code | None = None
    starts_at: datetime | None = None

    @property
    def segment(self) -> str:
        """AIS, AIG, AIL or AIP."""
        return self.kind or {Code: "AIS", Location: "AIL", Provider: "AIP"}[type(self.what)]

    def fields(self, number: int, action: str) -> Fields:
        """``action`` is of table 0206 (A, U, D)."""
        start = {"AIS": 4, "AIG": 8, "AIL": 6, "AIP": 6}[self.segment]
        role: Fields = {} if self.segment == "AIS" else {4: self.role}
        return {1: number, 2: action, 3: self.what, **role, start: self.starts_at}


@dataclass(frozen=True, slots=True)
class Appointment:
    """SCH and its resources; ``duration`` in minutes."""

    reason: Code
    placer_number: Entity | None = None
    filler_number: Entity | None = None
    type: Code | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    duration: int | None = None
    contact: Provider | None = None
    entered_by: Provider | None = None
    status: Code | None = None
    resources: Sequence[Resource] = ()

    def fields(self, header: Header) -> Fields:
        """SCH-1 to SCH-25; the times are in SCH-11, which 2.7 moved to TQ1."""
        timing = Pair(("", "", "", self.starts_at, self.ends_at)) if self.starts_at else None
        return {
            1: self.placer_number,
            2: self.filler_number,
            6: self.reason,
            8: self.type,
            9: None if header.is_from("2.7") else self.duration,
            10: None if header.is_from("2.7") or self.duration is None else Code("min", "minute", "UCUM"),
            11: None if header.is_from("2.7") else timing,
            16: self.contact,
            20: self.entered_by,
            25: self.status,
        }
