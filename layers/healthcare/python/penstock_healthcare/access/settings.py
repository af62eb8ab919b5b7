"""What a tenant has decided about access: whether patients' consents are enforced when they are read about.

A stream of its own, so that who changed it, when and why is on record. Without one, consents are not enforced.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from penstock.clock import Clock, utc_now
from penstock.events import Event, EventStore, Origin, StreamId
from penstock.events.aggregate import Aggregate, MemorySnapshotStore, Repository
from penstock.events.commands import Commands, Decisions
from penstock.events.types import EventTypes

EVENTS = EventTypes("healthcare_access")
KEY = "settings"


class Consent(StrEnum):
    """How consents count. Of a patient without any, `opt_out` shows everything and `opt_in` nothing."""

    OFF = "off"
    OPT_OUT = "opt_out"
    OPT_IN = "opt_in"


@EVENTS.type
@dataclass(frozen=True, slots=True)
class ConsentEnforcementSet:
    """From now on consents count like this. `reason` is for the record."""

    mode: str
    reason: str


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds now."""

    id: StreamId
    consent: Consent = Consent.OFF
    reason: str = ""


def _evolve(settings: Settings, event: ConsentEnforcementSet, _: Event) -> Settings:
    return replace(settings, consent=Consent(event.mode), reason=event.reason)


AGGREGATE = Aggregate(EVENTS, Settings, _evolve)


@dataclass(frozen=True, slots=True)
class SetConsent:
    """Let consents count like this."""

    mode: Consent
    reason: str


def _decide(settings: Settings, command: SetConsent) -> Sequence[ConsentEnforcementSet]:
    is_new = settings.consent != command.mode
    return [ConsentEnforcementSet(command.mode.value, command.reason)] if is_new else []


DECISIONS: Decisions[Settings] = {SetConsent: _decide}


@dataclass(frozen=True)
class AccessSettings:
    """The settings of every tenant."""

    store: EventStore
    clock: Clock = utc_now

    def get(self, tenant: str) -> Settings:
        """What holds now, read consistently."""
        return self._repository().load(AGGREGATE.stream(tenant, KEY)).state

    def set_consent(self, tenant: str, mode: Consent, reason: str, origin: Origin) -> Settings:
        """Let consents count like this; what holds already changes nothing."""
        commands = Commands(self._repository(), DECISIONS, self.clock)
        return commands.handle(AGGREGATE.stream(tenant, KEY), SetConsent(mode, reason), origin).state

    def _repository(self) -> Repository[Settings]:
        return Repository(AGGREGATE, self.store, MemorySnapshotStore())
