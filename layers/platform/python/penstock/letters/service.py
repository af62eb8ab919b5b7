"""What a tenant does with its dead letters. Others' are never shown, and are put back as they were found."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from penstock.clock import Clock, NewId, new_id, utc_now
from penstock.events import Event, EventStore, Origin, StreamId
from penstock.events.aggregate import Aggregate, Loaded, MemorySnapshotStore, Repository
from penstock.json import JSONObject, loads
from penstock.letters.errors import InvalidLetter, Settled, UnknownLetter
from penstock.letters.events import EVENTS, DeadLetterDiscarded, DeadLetterEdited, DeadLetterRedriven
from penstock.letters.model import Letter, Status, checked
from penstock.letters.ports import DeadLetterQueues, Scan


@dataclass(frozen=True, slots=True)
class Record:
    """What is on record of a letter: nothing while it waits untouched."""

    id: StreamId
    status: Status = Status.WAITING
    consumer: str = ""
    stream: str = ""
    body: str = ""


def _evolve(record: Record, event: Any, _: Event) -> Record:
    status = Status.DISCARDED if isinstance(event, DeadLetterDiscarded) else Status.REDRIVEN
    return replace(record, status=status, consumer=event.consumer, stream=event.stream, body=event.body)


AGGREGATE = Aggregate(EVENTS, Record, _evolve)


@dataclass(frozen=True, slots=True)
class Case:
    """A letter as it stands: `letter` is None when it waits no more."""

    id: str
    consumer: str
    status: Status
    stream: StreamId
    body: str
    letter: Letter | None


@dataclass(frozen=True, slots=True)
class Found:
    """Letters of one tenant; `is_complete` says whether there can be no more of them."""

    letters: Sequence[Letter]
    is_complete: bool


@dataclass(frozen=True, slots=True)
class Moved:
    """How many letters were sent back; `is_complete` says whether those were all of the tenant's."""

    count: int
    is_complete: bool


@dataclass(frozen=True)
class Letters:
    """The dead letters of every tenant. All methods raise UnknownConsumer and StoreUnavailable."""

    store: EventStore
    queues: DeadLetterQueues
    clock: Clock = utc_now
    new_id: NewId = new_id

    def browse(self, tenant: str, consumer: str, limit: int) -> Found:
        """The tenant's letters, `limit` at most."""
        letters: list[Letter] = []
        with self.queues.scan(consumer) as scan:
            for letter in scan:
                if _owns(tenant, letter):
                    letters.append(letter)
                if len(letters) == limit:
                    break
        return Found(letters, scan.is_complete)

    def read(self, tenant: str, consumer: str, letter: str) -> Case:
        """A letter that waits, or what is on record of one that waited. Raises UnknownLetter."""
        record = self._load(tenant, letter)
        with self.queues.scan(consumer) as scan:
            found = _find(scan, tenant, letter)
        if found and found.stream:
            return Case(letter, consumer, Status.WAITING, found.stream, found.body, found)
        known = _recorded(record, consumer)
        return Case(letter, consumer, known.status, StreamId.parse(known.stream), known.body, None)

    def redrive(self, tenant: str, consumer: str, letter: str, reason: str, origin: Origin) -> None:
        """Send a letter to its consumer again, also one that was discarded. Raises UnknownLetter, Settled."""
        with self.queues.scan(consumer) as scan:
            if found := _find(scan, tenant, letter):
                self._redrive(scan, tenant, found, reason, origin)
                return
        record = self._load(tenant, letter)
        known = _recorded(record, consumer)
        if known.status is not Status.DISCARDED or not known.body:  # it was shredded
            raise Settled(letter, known.status)
        self._save(record, [DeadLetterRedriven(consumer, known.stream, known.body, reason)], origin)
        self.queues.send(consumer, known.body)

    def redrive_all(self, tenant: str, consumer: str, reason: str, origin: Origin) -> Moved:
        """Send the tenant's letters to their consumer again, as many as one scan meets."""
        count = 0
        with self.queues.scan(consumer) as scan:
            for letter in scan:
                if _owns(tenant, letter):
                    self._redrive(scan, tenant, letter, reason, origin)
                    count += 1
        return Moved(count, scan.is_complete)

    def edit(self, tenant: str, consumer: str, letter: str, body: JSONObject, reason: str, origin: Origin) -> None:
        """Send another body in the letter's place. Raises UnknownLetter, InvalidLetter."""
        with self.queues.scan(consumer) as scan:
            found = _found(scan, tenant, consumer, letter)
            text = checked(body, found)
            stream = str(found.stream)
            edited = DeadLetterEdited(consumer, stream, found.body, text, reason)
            redriven = DeadLetterRedriven(consumer, stream, text, reason)
            self._save(self._load(tenant, letter), [edited, redriven], origin)
            self.queues.send(consumer, text)
            scan.delete(found)

    def discard(self, tenant: str, consumer: str, letter: str, reason: str | None, origin: Origin) -> None:
        """Take a letter out of the queue; the record keeps its body. Raises UnknownLetter, InvalidLetter."""
        with self.queues.scan(consumer) as scan:
            found = _found(scan, tenant, consumer, letter)
            if not reason or not reason.strip():
                raise InvalidLetter("reason", "must be given: it stays on record")
            self._save(
                self._load(tenant, letter),
                [DeadLetterDiscarded(consumer, str(found.stream), found.body, reason)],
                origin,
            )
            scan.delete(found)

    def _redrive(self, scan: Scan, tenant: str, letter: Letter, reason: str, origin: Origin) -> None:
        """On record, then sent, then deleted: a crash in between doubles the message and loses none."""
        event = DeadLetterRedriven(letter.consumer, str(letter.stream), letter.body, reason)
        self._save(self._load(tenant, letter.id), [event], origin)
        self.queues.send(letter.consumer, letter.body)
        scan.delete(letter)

    def _load(self, tenant: str, letter: str) -> Loaded[Record]:
        return self._repository.load(AGGREGATE.stream(tenant, letter))

    def _save(self, loaded: Loaded[Record], events: Sequence[Any], origin: Origin) -> None:
        self._repository.save(loaded, events, self.clock(), replace(origin, correlation=_correlation(events, origin)))

    @property
    def _repository(self) -> Repository[Record]:
        return Repository(AGGREGATE, self.store, MemorySnapshotStore(), self.new_id)


def _owns(tenant: str, letter: Letter) -> bool:
    return letter.stream is not None and letter.stream.tenant == tenant


def _find(scan: Scan, tenant: str, wanted: str) -> Letter | None:
    return next((letter for letter in scan if letter.id == wanted and _owns(tenant, letter)), None)


def _found(scan: Scan, tenant: str, consumer: str, wanted: str) -> Letter:
    letter = _find(scan, tenant, wanted)
    if letter is None:
        raise UnknownLetter(consumer, wanted)
    return letter


def _recorded(record: Loaded[Record], consumer: str) -> Record:
    if not record.exists or record.state.consumer != consumer:
        raise UnknownLetter(consumer, record.stream.key)
    return record.state


def _correlation(events: Sequence[Any], origin: Origin) -> str:
    """That of the event which the letter carries, whose data is sealed with the letter's; else the request's."""
    detail = loads(events[0].body).get("detail") or {}
    return str(detail.get("correlation") or origin.correlation)
