"""AuditEvents in the event store: each is one append, and none can be changed or taken out unseen.

Every process writes a trail of its own for each tenant, so that no two writers meet: `AuditEvent/<trail>.1`, `.2` …,
each a `fhir` stream of one commit. The commit's id begins with the digest of the commit before it in the trail
(`events.chain`), sealed part and all: checking needs neither keys nor decoding. The one read beside the append is of
that commit.
"""

import threading
from dataclasses import dataclass
from functools import lru_cache

from penstock.clock import Clock, NewId, iso, new_id, utc_now
from penstock.events import Conflict, EventStore, Origin, StreamId
from penstock.events.chain import digest
from penstock.events.store import START
from penstock.json import JSONObject
from penstock_healthcare.fhir.resources import AUDIT_EVENT, EVENTS, AuditRecorded
from penstock_healthcare.fhir.text import write

FIRST = "first"
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Place:
    """Where an AuditEvent stands: the trail, and its number from 1."""

    trail: str
    number: int

    @property
    def name(self) -> str:
        """Its id as a resource."""
        return f"{self.trail}.{self.number}"

    def stream(self, tenant: str) -> StreamId:
        """The stream that holds it."""
        return StreamId(tenant, EVENTS.kind, f"{AUDIT_EVENT}-{self.name}")


def placed(stream: StreamId) -> Place | None:
    """The place of a stream in a trail; None when it is no AuditEvent of one."""
    trail, _, number = stream.key.removeprefix(f"{AUDIT_EVENT}-").rpartition(".")
    is_one = stream.kind == EVENTS.kind and stream.key.startswith(f"{AUDIT_EVENT}-") and trail and number.isdigit()
    return Place(trail, int(number)) if is_one else None


class Trail:
    """What one process writes. Safe for threads, which then write one after the other."""

    def __init__(self, store: EventStore, clock: Clock = utc_now, name: NewId = new_id) -> None:
        self._store, self._clock, self._name = store, clock, name
        self._ends: dict[str, Place] = {}
        self._lock = threading.Lock()

    def now(self) -> str:
        """The time, as an AuditEvent has it."""
        return iso(self._clock())

    def keep(self, tenant: str, found: JSONObject, origin: Origin, reason: str = "") -> str:
        """Keep an AuditEvent; returns its reference. `reason`, why the glass was broken, is kept sealed.

        Raises what the store raises; then it is not kept, or was without the caller's knowing.
        """
        with self._lock:
            for _ in range(_TRIES - 1):
                try:
                    return self._append(tenant, found, origin, reason)
                except Conflict:  # an append that was thought lost was not
                    self._ends.pop(tenant, None)
            return self._append(tenant, found, origin, reason)

    def _append(self, tenant: str, found: JSONObject, origin: Origin, reason: str) -> str:
        last = self._ends.get(tenant) or Place(self._name().replace("-", ""), 0)
        place = Place(last.trail, last.number + 1)
        text = write({"resourceType": AUDIT_EVENT, "id": place.name, **found})
        draft = EVENTS.draft(AuditRecorded(AUDIT_EVENT, place.name, text, reason), self._clock())
        commit_id = f"{self._before(tenant, last)} {self._name()}"
        self._store.append(place.stream(tenant), [draft], expected=START, commit_id=commit_id, origin=origin)
        self._ends[tenant] = place
        return f"{AUDIT_EVENT}/{place.name}"

    def _before(self, tenant: str, last: Place) -> str:
        """The digest of the trail's last commit. Raises Conflict when that is gone: a new trail begins then."""
        if not last.number:
            return FIRST
        stream = last.stream(tenant)
        for packed in self._store.packed(stream):
            return digest(packed).hex()
        raise Conflict(str(stream), 0)


@lru_cache(maxsize=1)
def trail_of(store: EventStore) -> Trail:
    """The trail of this process in a store."""
    return Trail(store)
