"""The identifiers that Safe Harbor names (45 CFR 164.514(b)(2)(i)), and what is said of one that was found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Identifier(StrEnum):
    """The eighteen classes (A) to (R), in the rule's order."""

    NAME = "name"
    GEOGRAPHY = "geography"
    DATE = "date"
    PHONE = "phone"
    FAX = "fax"
    EMAIL = "email"
    SSN = "ssn"
    MRN = "mrn"
    HEALTH_PLAN = "health_plan"
    ACCOUNT = "account"
    LICENCE = "licence"
    VEHICLE = "vehicle"
    DEVICE = "device"
    URL = "url"
    IP = "ip"
    BIOMETRIC = "biometric"
    PHOTO = "photo"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Finding:
    """`location` is an HL7 path, a FHIRPath or "" for plain text; `start` and `end` are offsets in the value there.

    `text` is the identifier itself: it belongs into no log and no answer. `confidence` is from 0 to 1; `rule` is the
    stable name of what found it.
    """

    identifier: Identifier
    location: str
    start: int
    end: int
    text: str = field(repr=False)
    confidence: float = 1.0
    rule: str = "field"

    def told(self) -> dict[str, object]:
        """All of it but the identifier."""
        return {
            "identifier": self.identifier.value,
            "location": self.location,
            "start": self.start,
            "end": self.end,
            "confidence": self.confidence,
            "rule": self.rule,
        }


@dataclass(frozen=True, slots=True)
class Report:
    """What was changed, by class and count, never by value. `departures` say why it is not Safe Harbor's, if so."""

    changed: Mapping[Identifier, int]
    departures: tuple[str, ...] = ()

    @property
    def is_safe_harbor(self) -> bool:
        """Whether the rules that were applied are Safe Harbor's. Who holds the data must still know nothing more."""
        return not self.departures

    def told(self) -> dict[str, object]:
        """As JSON."""
        return {
            "changed": {each.value: self.changed[each] for each in Identifier if self.changed.get(each)},
            "safe_harbor": self.is_safe_harbor,
            "departures": list(self.departures),
        }
