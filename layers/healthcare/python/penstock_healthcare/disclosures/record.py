"""The state of a patient's record of disclosures, and what is decided on it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from penstock.events import Event, StreamId
from penstock.events.aggregate import Aggregate
from penstock.events.commands import Decisions
from penstock_healthcare.disclosures.errors import TooMany
from penstock_healthcare.disclosures.events import EVENTS, DisclosureRecorded, ExemptDisclosureRecorded
from penstock_healthcare.disclosures.purposes import BASES, Purpose

MOST = 10_000
"""Disclosures of one patient, exempt ones too."""
Recorded: TypeAlias = DisclosureRecorded | ExemptDisclosureRecorded


@dataclass(frozen=True, slots=True)
class Disclosure:
    """A disclosure to record; `id` makes it one, however often it is recorded. See the events."""

    id: str
    date: str
    purpose: Purpose
    recipient: str
    information: str
    statement: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of a patient. `exempt` are the ids of disclosures that need no accounting."""

    id: StreamId
    disclosures: tuple[DisclosureRecorded, ...] = ()
    exempt: frozenset[str] = field(default_factory=frozenset)

    def has(self, name: str) -> bool:
        """Whether the disclosure is recorded already."""
        return name in self.exempt or any(each.id == name for each in self.disclosures)


def _record(record: Record, command: Disclosure) -> Sequence[Recorded]:
    if record.has(command.id):
        return []
    if len(record.disclosures) + len(record.exempt) >= MOST:
        raise TooMany("disclosures of one patient", MOST)
    basis = BASES[command.purpose]
    told = (command.recipient, command.address, command.information, command.statement or basis.meaning)
    head = (command.id, command.date, command.purpose.value)
    if basis.is_exempt:
        return [ExemptDisclosureRecorded(*head, basis.paragraph, *told)]
    return [DisclosureRecorded(*head, *told)]


DECISIONS: Decisions[Record] = {Disclosure: _record}


def _evolve(record: Record, happened: Recorded, _: Event) -> Record:
    if isinstance(happened, ExemptDisclosureRecorded):
        return replace(record, exempt=record.exempt | {happened.id})
    return replace(record, disclosures=(*record.disclosures, happened))


AGGREGATE = Aggregate(EVENTS, Record, _evolve)
