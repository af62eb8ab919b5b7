"""What nobody has to keep any longer is deleted: on record first, then in fact.

A stream's objects go together, when the time of its last one is over: so whatever is left of a stream in the archive
begins with its first commit, and can be restored and checked. A stream that goes on after that begins anew there;
`expired_streams` names those, for whoever compares.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice

from penstock.events import EventStore, Origin, StreamId
from penstock.events.archive import CopyableStore, DamagedSegment, Segment, opened
from penstock.retention.events import EVENTS, SegmentsExpired
from penstock.retention.keeping import parsed, prefix
from penstock.retention.policy import Policy
from penstock.retention.ports import Vault
from penstock.retention.service import Retention

LISTED_A_STEP = 20_000
LOOKED_AT_A_STEP = 300
"""Objects whose time is over: each takes some requests to tell whether it may go."""

DELETED_A_STEP = 100


@dataclass(frozen=True, slots=True)
class Step:
    """How many objects went, and how many could not be read; what is left comes after `after`, None for nothing."""

    deleted: int = 0
    damaged: int = 0
    after: str | None = None


def expire(
    retention: Retention, vault: Vault, live: CopyableStore, tenant: str, origin: Origin, after: str = ""
) -> Step:
    """Delete some of the tenant's objects whose time is over. Raises Conflict when its policy changed meanwhile.

    An object in the coldest class is asked for, and deleted once a later step can read it.
    """
    decided = retention.load(tenant)
    if not decided.state.rules:
        return Step()
    chosen: list[str] = []
    looked = damaged = 0
    last = None
    for listed, key in enumerate(_old(retention, decided.state, vault, tenant, after), 1):
        if segment := _due(retention, decided.state, key):
            looked += 1
            try:
                chosen += _deletable(retention, vault, live, segment)
            except DamagedSegment:
                damaged += 1
        if len(chosen) >= DELETED_A_STEP or looked == LOOKED_AT_A_STEP or listed == LISTED_A_STEP:
            last = key
            break
    if chosen:
        retention.expire(decided, chosen, origin)
    return Step(sum(map(vault.delete, chosen)), damaged, last)


def expired_streams(store: EventStore, streams: Iterable[StreamId]) -> frozenset[str]:
    """The hashes of the streams, of all tenants whose policy is among `streams`, that objects were deleted of."""
    return frozenset(
        segment.stream
        for stream in streams
        if stream.kind == EVENTS.kind
        for commit in store.commits(stream)
        for event in commit.events
        if event.type == SegmentsExpired.__name__
        for segment in map(Segment.parse, EVENTS.decode(event).segments)
    )


def _old(retention: Retention, policy: Policy, vault: Vault, tenant: str, after: str) -> Iterator[str]:
    """The names of days that any rule has let go of. Names come in the order of their days."""
    shortest = max(min(policy.rules.values()), retention.floor)
    newest = (retention.clock() - timedelta(days=shortest)).date().isoformat()
    for key in vault.names(prefix(tenant), after):
        segment = parsed(key)
        if segment and segment.day > newest:
            return
        yield key


def _due(retention: Retention, policy: Policy, key: str) -> Segment | None:
    """The segment of that name, if its time is over and nothing holds it."""
    segment = parsed(key)
    return segment if segment and retention.is_due(policy, segment) else None


def _deletable(retention: Retention, vault: Vault, live: CopyableStore, segment: Segment) -> Sequence[str]:
    """All objects of the stream that the segment is the last of; none when a lock keeps one, or it is not the last."""
    found = _objects(vault, live, segment)
    now = retention.clock()
    return () if any(vault.locked(each).holds(now) for each in found) else found


def _objects(vault: Vault, live: CopyableStore, segment: Segment) -> Sequence[str]:
    """All objects of a stream, if the segment is its last; the live stream tells whether it is."""
    blob = vault.thawed(segment.key)
    if blob is None:
        return ()
    end = opened(segment.key, blob)[-1]
    if [packed.number for packed in islice(live.since(end.stream, end.number - 1), 2)] != [end.number]:
        return ()
    if segment.first == 1:
        return (segment.key,)
    days = {Segment.beginning_with(packed).day for packed in live.since(end.stream, 0)}
    homes = [replace(segment, day=day).key.rpartition("-")[0] for day in sorted(days)]
    return [name for home in homes for name in vault.names(f"{home}-")]
