"""The locks of objects that are there already follow the policy: extended and held, never shortened.

A pass goes through the tenant's names in steps, and touches what the changes are about that it is made for. It is
resumed from the last name of a step, and its checkpoint is the last commit of the policy whose changes are applied:
a step that is done twice changes nothing, and a pass that is lost is made again with the next.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from urllib.parse import quote

from penstock.events import Event, EventStore, StreamId
from penstock.events.archive import DamagedSegment, Segment, stream_hash
from penstock.events.checkpoints import CheckpointStore
from penstock.retention.events import EVENTS, HoldLifted, HoldPlaced, RetentionSet
from penstock.retention.model import ALL_KINDS, Lock
from penstock.retention.ports import Vault
from penstock.retention.service import Retention

CONSUMER = "retention_keeper"
LISTED_A_STEP = 20_000
TOUCHED_A_STEP = 200


@dataclass(frozen=True, slots=True)
class Rest:
    """What a step left: the names after `after`. `commit` is that of the policy which the pass is for."""

    commit: int
    after: str


@dataclass(frozen=True, slots=True)
class Scope:
    """Objects whose lock may not be the right one any more: of a kind, or ALL_KINDS; of one stream's hash, or ""."""

    kind: str
    stream: str

    def covers(self, segment: Segment) -> bool:
        """Whether the segment's object is one of them."""
        return self.kind in (ALL_KINDS, segment.kind) and self.stream in ("", segment.stream)


def keep_locks(
    retention: Retention, vault: Vault, checkpoints: CheckpointStore, stream: StreamId, rest: Rest | None = None
) -> Rest | None:
    """One step of bringing the tenant's objects in line with its policy; what is left, None when that is nothing."""
    loaded = retention.load(stream.tenant)
    commit = rest.commit if rest else loaded.position.commit
    scopes = tuple(_scopes(retention.store, stream, checkpoints.load(CONSUMER, stream)))
    listed, touched, last = 0, 0, ""
    for key in _listed(vault, stream.tenant, rest.after if rest else "") if scopes else ():
        listed, last = listed + 1, key
        segment = parsed(key)
        if segment and any(scope.covers(segment) for scope in scopes):
            touched += 1
            _lock(vault, key, retention.lock_under(loaded.state, segment))
        if touched == TOUCHED_A_STEP:
            return Rest(commit, last)
    if listed == LISTED_A_STEP:
        return Rest(commit, last)
    checkpoints.advance(CONSUMER, stream, commit)
    return None


def prefix(tenant: str) -> str:
    """What the names of a tenant's objects begin with."""
    return f"tenant={quote(tenant, safe='')}/"


def parsed(key: str) -> Segment | None:
    """The segment of that name; None for a name that no segment has."""
    try:
        return Segment.parse(key)
    except DamagedSegment:
        return None


def _listed(vault: Vault, tenant: str, after: str) -> Iterator[str]:
    return islice(vault.names(prefix(tenant), after), LISTED_A_STEP)


def _lock(vault: Vault, key: str, wanted: Lock) -> None:
    found = vault.locked(key)
    if wanted.until and (found.until is None or found.until < wanted.until):
        vault.retain(key, wanted.until)
    if found.is_held != wanted.is_held:
        vault.hold(key, wanted.is_held)


def _scopes(store: EventStore, stream: StreamId, after: int) -> Iterator[Scope]:
    events: Sequence[Event]
    for events in (commit.events for commit in store.commits(stream, after)):
        for event in events:
            match EVENTS.decode(event):
                case RetentionSet(kind):
                    yield Scope(kind, "")
                case HoldPlaced(_, kind, key) | HoldLifted(_, kind, key):
                    yield Scope(kind, stream_hash(StreamId(stream.tenant, kind, key)) if key else "")
