"""Who a message is about, and the visit: PID, PV1, NK1, AL1, DG1, IN1."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from penstock_healthcare.hl7.building.segments import Fields
from penstock_healthcare.hl7.building.values import Address, Code, Identifier, Location, Name, Phone, Provider


@dataclass(frozen=True, slots=True)
class Patient:
    """PID."""

    identifiers: Sequence[Identifier]
    name: Name
    born: date | datetime | None = None
    sex: str = ""
    """Of table 0001."""
    addresses: Sequence[Address] = ()
    phones: Sequence[Phone] = ()
    race: Code | None = None
    marital_status: Code | None = None
    language: Code | None = None
    account: Identifier | None = None
    died_at: datetime | None = None

    def fields(self) -> Fields:
        """PID-1 to PID-30."""
        return {
            1: 1,
            3: self.identifiers,
            5: self.name,
            7: self.born,
            8: self.sex,
            10: self.race,
            11: self.addresses,
            13: self.phones,
            15: self.language,
            16: self.marital_status,
            18: self.account,
            29: self.died_at,
            30: "Y" if self.died_at else "",
        }


@dataclass(frozen=True, slots=True)
class Visit:
    """PV1; ``patient_class`` is of table 0004 (I, O, E, N …)."""

    patient_class: str
    location: Location | None = None
    prior_location: Location | None = None
    attending: Provider | None = None
    referring: Provider | None = None
    service: str = ""
    number: Identifier | None = None
    discharge_disposition: str = ""
    admitted_at: datetime | None = None
    discharged_at: datetime | None = None

    def fields(self) -> Fields:
        """PV1-1 to PV1-45."""
        return {
            1: 1,
            2: self.patient_class,
            3: self.location,
            6: self.prior_location,
            7: self.attending,
            8: self.referring,
            10: self.service,
            19: self.number,
            36: self.discharge_disposition,
            44: self.admitted_at,
            45: self.discharged_at,
        }


@dataclass(frozen=True, slots=True)
class Contact:
    """NK1: next of kin, an emergency contact."""

    name: Name
    relationship: Code
    address: Address | None = None
    phone: Phone | None = None

    def fields(self, number: int) -> Fields:
        """NK1-1 to NK1-5."""
        return {1: number, 2: self.name, 3: self.relationship, 4: self.address, 5: self.phone}


@dataclass(frozen=True, slots=True)
class Allergy:
    """AL1; ``type`` is of table 0127 (DA, FA …), ``severity`` of table 0128 (SV, MO, MI)."""

    substance: Code
    type: str = ""
    severity: str = ""
    reactions: Sequence[str] = ()

    def fields(self, number: int) -> Fields:
        """AL1-1 to AL1-5."""
        return {1: number, 2: self.type, 3: self.substance, 4: self.severity, 5: self.reactions}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """DG1; ``type`` is of table 0052 (A, W, F)."""

    code: Code
    type: str = "W"
    made_at: datetime | None = None

    def fields(self, number: int) -> Fields:
        """DG1-1 to DG1-6."""
        return {1: number, 3: self.code, 5: self.made_at, 6: self.type}


@dataclass(frozen=True, slots=True)
class Insurance:
    """IN1."""

    plan: Code
    company: Identifier
    company_name: str = ""
    policy_number: str = ""

    def fields(self, number: int) -> Fields:
        """IN1-1 to IN1-36."""
        return {1: number, 2: self.plan, 3: self.company, 4: self.company_name, 36: self.policy_number}
