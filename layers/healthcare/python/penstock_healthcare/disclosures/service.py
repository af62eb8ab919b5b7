"""Records disclosures, and accounts for them."""

from dataclasses import dataclass

from penstock.clock import Clock, utc_now
from penstock.events import EventStore, Origin
from penstock.events.aggregate import MemorySnapshotStore, Repository
from penstock.events.commands import Commands
from penstock_healthcare.disclosures.accounting import Accounting, Period, accounting
from penstock_healthcare.disclosures.record import AGGREGATE, DECISIONS, Disclosure, Record


@dataclass(frozen=True)
class Disclosures:
    """The disclosures of every tenant's patients; a patient is named by the id of the Patient."""

    store: EventStore
    clock: Clock = utc_now

    def record(self, tenant: str, patient: str, disclosure: Disclosure, origin: Origin) -> Record:
        """Record a disclosure; one whose id is recorded already changes nothing. Raises TooMany, Conflict."""
        commands = Commands(self._repository(), DECISIONS, self.clock)
        return commands.handle(AGGREGATE.stream(tenant, patient), disclosure, origin).state

    def account(self, tenant: str, patient: str, covers: Period) -> Accounting:
        """The patient's accounting, of all that is recorded by now. Raises TooMany."""
        recorded = self._repository().load(AGGREGATE.stream(tenant, patient)).state
        return accounting(recorded.disclosures, covers)

    def _repository(self) -> Repository[Record]:
        return Repository(AGGREGATE, self.store, MemorySnapshotStore())
