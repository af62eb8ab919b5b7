"""Finds data subjects, and forgets them.

Forgetting ends the keys first and is put on record after: after a crash in between, asking again finishes it. What was
linked by then is forgotten; what comes in later about the same person is data again, under keys of their own.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from penstock.clock import Clock, utc_now
from penstock.events import EventStore, InvalidStreamId, Origin, StreamId
from penstock.events.aggregate import Loaded, Repository, SnapshotStore
from penstock.events.commands import Commands
from penstock.events.keyring import Family, Keyring
from penstock.privacy.closure import below, each
from penstock.privacy.errors import UnknownSubject
from penstock.privacy.linking import subject_of
from penstock.privacy.subject import AGGREGATE, DECISIONS, ForgetSubject, Subject


@dataclass(frozen=True, slots=True)
class Extent:
    """A subject, and the streams in which forgetting it makes something unreadable, others' data too, or has."""

    subject: Subject
    streams: tuple[StreamId, ...]


@dataclass(frozen=True)
class Subjects:
    """The data subjects of every tenant. All methods raise StoreUnavailable."""

    store: EventStore
    snapshots: SnapshotStore
    keyring: Keyring
    clock: Clock = utc_now

    def find(self, tenant: str, identifier: str) -> Extent:
        """Who is asked for by an identifier. Raises UnknownSubject."""
        return self.read(tenant, subject_of(self.keyring, tenant, identifier).key)

    def read(self, tenant: str, subject: str) -> Extent:
        """A subject by its pseudonym. Raises UnknownSubject."""
        loaded = self._load(tenant, subject)
        persons = [each.state for each in self._persons(loaded)]
        held = {StreamId.parse(stream) for person in persons for stream in person.streams}
        return Extent(loaded.state, tuple(sorted(held.union(*(_streams(self._reach(person)) for person in persons)))))

    def forget(self, tenant: str, identifier: str, reason: str, origin: Origin) -> Subject:
        """End the keys of whoever is asked for; returns the subject as it is then. Raises UnknownSubject.

        The keys seal whole transactions: what these hold of others goes too. `reason` stays on record.
        """
        loaded = self._load(tenant, subject_of(self.keyring, tenant, identifier).key)
        for person in self._persons(loaded):
            self._forget(person, reason, origin)
        return self._load(tenant, loaded.stream.key).state

    def _forget(self, person: Loaded[Subject], reason: str, origin: Origin) -> None:
        reach = self._reach(person.state)
        ended = each(self.keyring.end, person.stream.tenant, reach)
        keys = tuple(sorted(key for family in ended.values() for key in family.ended))
        streams = tuple(sorted(map(str, _streams(ended))))
        self._commands().handle(person.stream, ForgetSubject(keys, streams, reason), origin)

    def _reach(self, subject: Subject) -> dict[str, Family]:
        """The families to end. Those above lead to other transactions too, which are not the subject's."""
        tenant = subject.id.tenant
        return each(self.keyring.family, tenant, subject.above) | below(self.keyring, tenant, subject.families)

    def _persons(self, loaded: Loaded[Subject]) -> Iterator[Loaded[Subject]]:
        """The subject under each of its names."""
        yield loaded
        for alias in sorted(loaded.state.aliases):
            yield self._repository().load(AGGREGATE.stream(loaded.stream.tenant, alias))

    def _load(self, tenant: str, subject: str) -> Loaded[Subject]:
        try:
            loaded = self._repository().load(AGGREGATE.stream(tenant, subject))
        except InvalidStreamId:
            raise UnknownSubject from None
        if not loaded.exists:
            raise UnknownSubject
        return loaded

    def _repository(self) -> Repository[Subject]:
        return Repository(AGGREGATE, self.store, self.snapshots)

    def _commands(self) -> Commands[Subject]:
        return Commands(self._repository(), DECISIONS, self.clock)


def _streams(families: dict[str, Family]) -> frozenset[StreamId]:
    return frozenset(stream for family in families.values() for stream in family.streams)
