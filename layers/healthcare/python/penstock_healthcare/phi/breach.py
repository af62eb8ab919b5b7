"""Whether an incident with PHI is a breach, and who must hear of it by when (45 CFR 164.402 to 164.408).

An impermissible use is presumed to be a breach unless an exception holds, or four factors together show a low
probability that the information was compromised. Each factor's weight is a row of a table; the sum decides.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, TypeAlias

Factor: TypeAlias = Literal["nature", "recipient", "acquired", "mitigation"]
Outcome: TypeAlias = Literal["no_breach", "low_probability", "breach"]

MANY = 500
"""From so many people on the Secretary hears at once; of more than so many in one state, the media do."""
LONGEST = timedelta(days=60)
LOW_AT_MOST = 3

EXCEPTIONS: Mapping[str, str] = {
    "secured": "the information was encrypted or destroyed as HHS's guidance says (164.402, unsecured PHI)",
    "unintentional": "taken in good faith by a workforce member within their authority (164.402(1)(i))",
    "inadvertent": "disclosed between two people who may both access it (164.402(1)(ii))",
    "not_retained": "the recipient could not have kept it (164.402(1)(iii))",
    "deidentified": "the information identifies nobody (164.514)",
}

FACTORS: Mapping[Factor, Mapping[str, tuple[int, str]]] = {
    "nature": {
        "limited": (0, "neither direct identifiers nor sensitive data"),
        "demographic": (1, "direct identifiers without clinical or financial data"),
        "clinical": (2, "clinical data that can be linked to a person"),
        "sensitive": (3, "financial numbers, or data on mental health, HIV, substance use or reproduction"),
    },
    "recipient": {
        "covered": (0, "a recipient that must itself protect the information"),
        "known": (1, "a known recipient without such a duty"),
        "unknown": (3, "a recipient that nobody knows, or with ill intent"),
    },
    "acquired": {
        "no": (0, "analysis shows that it was neither acquired nor viewed"),
        "viewed": (2, "it was viewed"),
        "acquired": (3, "it was acquired"),
        "unknown": (3, "nobody can say whether it was acquired"),
    },
    "mitigation": {
        "assured": (0, "destroyed or returned, with satisfactory assurance"),
        "partial": (1, "partly recovered, or without assurance"),
        "none": (3, "nothing was recovered"),
    },
}
"""Weights from 0 to 3; 164.402(2)(i) to (iv) name the factors, not their weights: these are this platform's."""


@dataclass(frozen=True, slots=True)
class Incident:
    """`discovered` is the first day on which anybody of the workforce knew, or should have; counts are people."""

    discovered: date
    factors: Mapping[Factor, str]
    by_state: Mapping[str, int]
    exception: str = ""
    without_address: int = 0

    @property
    def people(self) -> int:
        """All of them."""
        return sum(self.by_state.values())


@dataclass(frozen=True, slots=True)
class Notice:
    """Who must be told, the last day for it, and by which paragraph."""

    to: str
    due: date
    reason: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """`reasons` are sentences, one for each factor or for the exception."""

    outcome: Outcome
    score: int
    reasons: tuple[str, ...]
    notices: tuple[Notice, ...]


def assess(incident: Incident) -> Assessment:
    """The assessment. Raises KeyError for an exception, a factor's value or a factor that the tables lack."""
    if incident.exception:
        return Assessment("no_breach", 0, (EXCEPTIONS[incident.exception],), ())
    rows = {factor: FACTORS[factor][incident.factors[factor]] for factor in FACTORS}
    score = sum(weight for weight, _ in rows.values())
    reasons = tuple(f"{factor}: {reason} ({weight} of 3)" for factor, (weight, reason) in rows.items())
    if score <= LOW_AT_MOST and max(weight for weight, _ in rows.values()) < 3:
        return Assessment("low_probability", score, reasons, ())
    return Assessment("breach", score, reasons, tuple(_notices(incident)))


def _notices(incident: Incident) -> list[Notice]:
    due = incident.discovered + LONGEST
    found = [Notice("individuals", due, "164.404(b): without unreasonable delay, at the latest 60 days from discovery")]
    if incident.without_address:
        way = "a posting for 90 days or the media" if incident.without_address >= 10 else "another form of notice"
        found.append(Notice("individuals_substitute", due, f"164.404(d)(2): {way} for those who cannot be written to"))
    for state in sorted(state for state, people in incident.by_state.items() if people > MANY):
        found.append(Notice(f"media:{state}", due, "164.406: more than 500 residents of one state"))
    if incident.people >= MANY:
        found.append(Notice("secretary", due, "164.408(b): 500 people or more, with the notice to them"))
    else:
        year_end = date(incident.discovered.year, 12, 31)
        found.append(
            Notice("secretary", year_end + LONGEST, "164.408(c): fewer than 500, within 60 days of the year's end")
        )
    return found
