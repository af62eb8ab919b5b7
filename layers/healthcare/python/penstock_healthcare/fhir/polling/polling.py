"""One poll: from where the last one ended, in spans of time that are each told whole."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Protocol

from penstock.clock import iso
from penstock.events import Conflict, EventStore, Origin, StreamId
from penstock.events.aggregate import Aggregate, MemorySnapshotStore, Repository
from penstock.events.commands import settle
from penstock.json import JSONObject
from penstock_healthcare.fhir.client.client import Page
from penstock_healthcare.fhir.client.errors import ClientError, UnreadableAnswer
from penstock_healthcare.fhir.client.vendor import Vendor
from penstock_healthcare.fhir.polling.events import EVENTS, POLL_EVENTS, EhrPolled, EhrResourceChanged
from penstock_healthcare.fhir.polling.poll import Poll, last_updated, version_mark

LONGEST_PAUSE = 31
"""Days: a poll that paused for longer begins again where it first began, and tells nothing twice all the same."""
SHORTEST_SPAN = timedelta(seconds=1)
_NOTED_EVERY = timedelta(minutes=10)
_AT_ONCE = 8


class TooManyAtOnce(ClientError):
    """More changed within a second than the poll may fetch."""

    def __init__(self, poll: Poll) -> None:
        most = poll.page_size * poll.max_pages
        super().__init__(f"poll {poll.name}: more than {poll.max_pages} pages (of {most} resources) within a second")


class Searcher(Protocol):
    """A server that can be searched; FhirClient is one."""

    @property
    def vendor(self) -> Vendor: ...

    def search(
        self, resource_type: str, query: Sequence[tuple[str, str]], *, count: int | None = None
    ) -> Iterator[Page]: ...


@dataclass(frozen=True, slots=True)
class Polled:
    """What a poll came to: versions it met, those of them that nobody was told of before, and how far it came."""

    found: int
    new: int
    until: datetime


def _came_to(reached: datetime | None, event: EhrPolled, _: Any) -> datetime:
    until = datetime.fromisoformat(event.until.replace("Z", "+00:00"))
    return max(reached, until) if reached else until


def _nothing(_: StreamId) -> datetime | None:
    return None


PROGRESS: Aggregate[datetime | None] = Aggregate(POLL_EVENTS, _nothing, _came_to)
CHANGES: Aggregate[int] = Aggregate(EVENTS, lambda _: 0, lambda told, _, __: told + 1)


@dataclass(frozen=True)
class Polling:
    """The polls of one tenant, as one execution runs them. `now` is when it runs (UTC)."""

    store: EventStore
    tenant: str
    origin: Origin
    now: datetime

    def run(self, poll: Poll, server: Searcher, since: datetime | None = None) -> Polled:
        """Tell what changed since the last poll; the first one begins at `since`, or now.

        Raises ClientError; what was told before that is told, and the next poll goes on from there.
        """
        parameter = poll.parameter(server.vendor)
        reached = self.reached(poll, since or self.now)
        begin = reached - timedelta(seconds=poll.overlap_seconds)
        done, width = Polled(0, 0, reached), self.now - begin
        while begin < self.now:
            end = min(begin + width, self.now)
            whole, found, new = self._span(poll, server, parameter, (begin, end))
            done = Polled(done.found + found, done.new + new, done.until)
            if whole:
                done = replace(done, until=max(done.until, end))
                self._note(poll, reached, done)
                begin = end
            elif width <= SHORTEST_SPAN:
                raise TooManyAtOnce(poll)
            else:
                width = max(width / 2, SHORTEST_SPAN)
        return done

    def reached(self, poll: Poll, since: datetime) -> datetime:
        """Up to when all was told; where a poll never ran, it begins at `since`, and that is noted."""
        begun = self._progress(poll.key)
        if begun is None:
            self._advance(poll.key, since)
            return since
        days = (self._progress(self._day(poll, back)) for back in range(LONGEST_PAUSE + 1))
        return next((reached for reached in days if reached), begun)

    def _span(
        self, poll: Poll, server: Searcher, parameter: str, span: tuple[datetime, datetime]
    ) -> tuple[bool, int, int]:
        """Tell what changed within a span: whether that was all of it, and how many versions were met, and new."""
        window = [(parameter, f"ge{iso(span[0])}"), (parameter, f"lt{iso(span[1])}")]
        pages = server.search(poll.resource_type, [*poll.query, *window], count=poll.page_size)
        found = new = 0
        for number, page in enumerate(pages, start=1):
            told = self._tell(poll, [each for each in page.matches if each.get("resourceType") == poll.resource_type])
            found, new = found + len(told), new + sum(told)
            if page.has_next and number == poll.max_pages:
                return False, found, new
        return True, found, new

    def _tell(self, poll: Poll, resources: Sequence[JSONObject]) -> list[bool]:
        """Whether each was told now, and not before."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return list(pool.map(lambda resource: self._tell_one(poll, resource), resources))

    def _tell_one(self, poll: Poll, resource: JSONObject) -> bool:
        key, mark = resource.get("id"), version_mark(resource)
        if not isinstance(key, str) or not key:
            raise UnreadableAnswer(f"poll {poll.name}", f"a {poll.resource_type} has no id")
        name = sha256(f"{poll.key} {poll.resource_type}/{key} {mark}".encode()).hexdigest()[:32]
        stream = CHANGES.stream(self.tenant, name)
        if next(self.store.packed(stream), None):
            return False
        event = EhrResourceChanged(
            poll.name, poll.connection, poll.resource_type, key, mark, last_updated(resource), resource
        )
        repository = Repository(CHANGES, self.store, MemorySnapshotStore())
        try:
            origin = replace(self.origin, correlation=name)
            repository.save(repository.load(stream), [event], self.now, origin, commit_id=name)
        except Conflict:
            return False
        return True

    def _note(self, poll: Poll, reached: datetime, done: Polled) -> None:
        """Note how far it came, where that says something; else the next poll asks for the same again."""
        if done.until > reached and (done.new or done.until - reached >= _NOTED_EVERY):
            self._advance(self._day(poll, 0), done.until)

    def _advance(self, key: str, until: datetime) -> None:
        def decide(stands: datetime | None) -> Sequence[Any]:
            return [EhrPolled(iso(until))] if stands is None or stands < until else []

        repository = Repository(PROGRESS, self.store, MemorySnapshotStore())
        settle(repository, PROGRESS.stream(self.tenant, key), decide, lambda _: self.origin, lambda: self.now)

    def _progress(self, key: str) -> datetime | None:
        repository = Repository(PROGRESS, self.store, MemorySnapshotStore())
        return repository.load(PROGRESS.stream(self.tenant, key)).state

    def _day(self, poll: Poll, back: int) -> str:
        """Progress is noted in a stream for each day, so that reading it stays short."""
        return f"{poll.key}.{self.now - timedelta(days=back):%Y%m%d}"
