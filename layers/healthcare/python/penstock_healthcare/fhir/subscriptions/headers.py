"""The values of a channel's headers: sealed for one Subscription, in a stream of their own beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from penstock.clock import Clock, utc_now
from penstock.events import Event, EventStore, Origin, StreamId
from penstock.events.aggregate import Aggregate, Loaded, MemorySnapshotStore, Repository
from penstock.events.commands import TRIES, until_first
from penstock.events.types import EventTypes
from penstock.json import dumps, loads
from penstock.routing.sealing import Seal
from penstock_healthcare.fhir.subscriptions.channel import Header

EVENTS = EventTypes("fhir_channel")


@EVENTS.type
@dataclass(frozen=True, slots=True)
class ChannelHeadersKept:
    """These headers are sent from now on. `sealed` is empty for none, else JSON, name → value, for who sends."""

    sealed: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept, sealed."""

    stream: StreamId
    sealed: str = ""


def _evolve(kept: Kept, happened: ChannelHeadersKept, _: Event) -> Kept:
    return Kept(kept.stream, happened.sealed)


AGGREGATE = Aggregate(EVENTS, Kept, _evolve)


@dataclass(frozen=True)
class ChannelHeaders:
    """Those of every tenant's Subscriptions. Raises BrokenSeal where one does not open."""

    store: EventStore
    seal: Seal
    clock: Clock = utc_now

    def of(self, tenant: str, name: str) -> Mapping[str, str]:
        """The headers of a Subscription by name."""
        return self._opened(self._load(tenant, name).state)

    def keep(self, tenant: str, name: str, given: Sequence[Header], origin: Origin) -> None:
        """Keep those that are given; one that is masked stays as it was. Nothing happens when nothing changes."""

        def attempt() -> None:
            loaded = self._load(tenant, name)
            before = self._opened(loaded.state)
            wanted = {each.name: before[each.name] if each.is_masked else each.value for each in given}
            if wanted != before:
                self._repository().save(loaded, [self._sealed(loaded, wanted)], self.clock(), origin)

        until_first(attempt, TRIES)

    def missing(self, tenant: str, name: str, given: Sequence[Header]) -> Sequence[str]:
        """The names of masked headers that no value is kept of."""
        if not any(each.is_masked for each in given):
            return []
        known = self.of(tenant, name)
        return [each.name for each in given if each.is_masked and each.name not in known]

    def _sealed(self, loaded: Loaded[Kept], wanted: Mapping[str, str]) -> ChannelHeadersKept:
        return ChannelHeadersKept(self.seal.seal(dumps(wanted).decode(), loaded.stream) if wanted else "")

    def _opened(self, kept: Kept) -> Mapping[str, str]:
        return dict(loads(self.seal.open(kept.sealed, kept.stream))) if kept.sealed else {}

    def _load(self, tenant: str, name: str) -> Loaded[Kept]:
        return self._repository().load(AGGREGATE.stream(tenant, name))

    def _repository(self) -> Repository[Kept]:
        return Repository(AGGREGATE, self.store, MemorySnapshotStore())
