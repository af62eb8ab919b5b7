"""Links subjects with the keys that seal what is known of them, as the events come."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from penstock.clock import Clock, utc_now
from penstock.events import Event, EventStore, Origin, StreamId
from penstock.events.aggregate import Repository, SnapshotStore
from penstock.events.checkpoints import CheckpointStore
from penstock.events.commands import Commands
from penstock.events.keyring import Keyring, family_of
from penstock.events.store import contiguous
from penstock.privacy.closure import above
from penstock.privacy.finders import SubjectFinder
from penstock.privacy.subject import AGGREGATE, DECISIONS, LinkSubject, Subject

CONSUMER = "subject_links"


def subject_of(keyring: Keyring, tenant: str, identifier: str) -> StreamId:
    """The stream of whoever the identifier, or reference, is of."""
    return AGGREGATE.stream(tenant, keyring.pseudonym(tenant, f"subject {identifier}"))


@dataclass(frozen=True)
class Linking:
    """Links subjects. What is linked already is not linked again, so that a stream may be read twice."""

    store: EventStore
    snapshots: SnapshotStore
    checkpoints: CheckpointStore
    keyring: Keyring
    finders: Callable[[], Mapping[str, SubjectFinder]]
    clock: Clock = utc_now

    def catch_up(self, stream: StreamId) -> None:
        """Link who the stream's events after the checkpoint are about."""
        finder = self.finders().get(stream.kind)
        if finder is None:
            return
        read = self.checkpoints.load(CONSUMER, stream)
        for commit in contiguous(stream, self.store.commits(stream, read), read):
            for event in commit.events:
                self._link(event, finder)
            self.checkpoints.advance(CONSUMER, stream, commit.number)

    def _link(self, event: Event, finder: SubjectFinder) -> None:
        found = finder.found(event)
        if not found.identifiers and not found.references:
            return
        tenant, correlation = event.stream.tenant, event.origin.correlation
        families = [family_of(self.keyring, tenant, each) for each in self._correlations(tenant, correlation)]
        references = {each: subject_of(self.keyring, tenant, each) for each in sorted(found.references)}
        names = tuple(subject.key for subject in references.values())
        origin = Origin(CONSUMER, correlation, event.id)
        for identifier in sorted(found.identifiers | found.references):
            aliases = () if identifier in references else names
            command = LinkSubject(families[0], tuple(families[1:]), aliases, event.id)
            self._commands().handle(subject_of(self.keyring, tenant, identifier), command, origin)

    def _correlations(self, tenant: str, correlation: str) -> Iterator[str]:
        yield correlation
        yield from above(self.store, tenant, correlation)

    def _commands(self) -> Commands[Subject]:
        return Commands(Repository(AGGREGATE, self.store, self.snapshots), DECISIONS, self.clock)
