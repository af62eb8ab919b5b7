"""What administrators do with a tenant's retention, and what the archive asks about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from penstock.clock import Clock, NewId, new_id, utc_now
from penstock.events import EventStore, Origin
from penstock.events.aggregate import Loaded, Repository, SnapshotStore
from penstock.events.archive import Segment
from penstock.retention.errors import InvalidHold, InvalidRule, UnknownHold
from penstock.retention.events import HoldLifted, HoldPlaced, RetentionCleared, RetentionSet, SegmentsExpired
from penstock.retention.model import (
    ALL_KINDS,
    LONGEST,
    MOST_HOLDS,
    MOST_RULES,
    SHORTEST,
    Hold,
    Lock,
    is_due,
    lock_for,
)
from penstock.retention.policy import POLICY, Policy, policy_stream

_NO_REASON = "must be given: it stays on record"


@dataclass(frozen=True)
class Retention:
    """The policies of every tenant. `floor` is how many days the stage keeps everything; 0 where it does not.

    Whatever writes raises Conflict when somebody else was faster.
    """

    store: EventStore
    snapshots: SnapshotStore
    floor: int = 0
    clock: Clock = utc_now
    new_id: NewId = new_id

    def load(self, tenant: str) -> Loaded[Policy]:
        """The tenant's policy; without rules and holds when it has decided nothing."""
        return self._repository.load(policy_stream(tenant))

    def set(self, tenant: str, kind: str, days: int, reason: str, origin: Origin) -> None:
        """Keep a kind for so many days. A longer time counts for what is there too. Raises InvalidRule."""
        loaded = self.load(tenant)
        shortest = max(SHORTEST, self.floor)
        if not shortest <= days <= LONGEST:
            raise InvalidRule("days", f"must be {shortest} to {LONGEST} days here")
        if kind not in loaded.state.rules and len(loaded.state.rules) >= MOST_RULES:
            raise InvalidRule("kind", f"there are {MOST_RULES} rules already")
        if loaded.state.rules.get(kind) != days:
            self._save(loaded, [RetentionSet(kind, days, reason)], origin)

    def clear(self, tenant: str, kind: str, reason: str | None, origin: Origin) -> None:
        """Take a kind's own rule away; clearing twice is harmless. Raises InvalidRule without a reason.

        Objects keep the locks that they have.
        """
        loaded = self.load(tenant)
        if not reason or not reason.strip():
            raise InvalidRule("reason", _NO_REASON)
        if kind in loaded.state.rules:
            self._save(loaded, [RetentionCleared(kind, reason)], origin)

    def place(self, tenant: str, kind: str, key: str, reason: str, origin: Origin) -> Hold:
        """Hold everything (ALL_KINDS), a kind, or one stream of it. Raises InvalidHold, InvalidStreamId."""
        loaded = self.load(tenant)
        if kind == ALL_KINDS and key:
            raise InvalidHold("key", "names a stream, but the hold names no kind of stream")
        if len(loaded.state.holds) >= MOST_HOLDS:
            raise InvalidHold("kind", f"there are {MOST_HOLDS} holds in force already")
        hold = self.new_id()
        return self._save(loaded, [HoldPlaced(hold, kind, key, reason)], origin).state.holds[hold]

    def lift(self, tenant: str, hold: str, reason: str | None, origin: Origin) -> None:
        """End a hold. Raises UnknownHold, InvalidHold without a reason."""
        loaded = self.load(tenant)
        if hold not in loaded.state.holds:
            raise UnknownHold(hold)
        if not reason or not reason.strip():
            raise InvalidHold("reason", _NO_REASON)
        held = loaded.state.holds[hold]
        self._save(loaded, [HoldLifted(hold, held.kind, held.key, reason)], origin)

    def expire(self, decided: Loaded[Policy], segments: Sequence[str], origin: Origin) -> Loaded[Policy]:
        """Put on record that these objects go. Raises Conflict when the policy is not that any more."""
        return self._save(decided, [SegmentsExpired(list(segments))], origin)

    def lock(self, key: str) -> Lock:
        """The lock that the archive's object of that name has to have. Raises DamagedSegment for another name."""
        segment = Segment.parse(key)
        return self.lock_under(self.load(segment.tenant).state, segment)

    def lock_under(self, policy: Policy, segment: Segment) -> Lock:
        """The lock that a segment has to have under a policy."""
        return lock_for(policy.rules, policy.holds.values(), segment, self.floor)

    def is_due(self, policy: Policy, segment: Segment) -> bool:
        """Whether a segment is to be deleted now under a policy."""
        return is_due(policy.rules, policy.holds.values(), segment, self.clock(), self.floor)

    def _save(self, loaded: Loaded[Policy], events: Sequence[Any], origin: Origin) -> Loaded[Policy]:
        return self._repository.save(loaded, events, self.clock(), origin)

    @property
    def _repository(self) -> Repository[Policy]:
        return Repository(POLICY, self.store, self.snapshots, self.new_id)
