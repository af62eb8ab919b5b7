"""A tenant's store, archive and retention in memory, with a clock that a test moves."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from penstock.events import Draft, Origin, StreamId
from penstock.events.aggregate import MemorySnapshotStore
from penstock.events.archive import Segment, keep
from penstock.events.checkpoints import MemoryCheckpointStore
from penstock.events.codec import PackedCommit
from penstock.events.memory import MemoryEventStore
from penstock.events.store import head
from penstock.retention.expiry import Step, expire
from penstock.retention.keeping import Rest, keep_locks
from penstock.retention.memory import MemoryVault
from penstock.retention.model import Lock
from penstock.retention.policy import policy_stream
from penstock.retention.service import Retention

T0 = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
ADMIN = Origin("key:admin", "c-1")
WHY = "because"


class Store(MemoryEventStore):
    """A CopyableStore in memory."""

    def since(self, stream: StreamId, after: int) -> Iterator[PackedCommit]:
        return iter(self._stored(stream, after))

    def adopt(self, packed: PackedCommit) -> None:
        self._streams.setdefault(packed.stream, []).append(packed)


class Locking:
    """The vault as the archiver puts into it: each object with the lock that its tenant's policy gives it."""

    def __init__(self, vault: MemoryVault, retention: Retention) -> None:
        self._vault, self._retention = vault, retention

    def put(self, key: str, blob: bytes) -> bool:
        return self._vault.put(key, blob, self._retention.lock(key))

    def get(self, key: str) -> bytes:
        return self._vault.get(key)

    def names(self, prefix: str = "") -> Iterator[str]:
        return self._vault.names(prefix)


@dataclass
class World:
    now: datetime = T0
    floor: int = 0
    store: Store = field(default_factory=Store)
    checkpoints: MemoryCheckpointStore = field(default_factory=MemoryCheckpointStore)

    def __post_init__(self) -> None:
        self.vault = MemoryVault(self.clock)
        self.retention = Retention(self.store, MemorySnapshotStore(), self.floor, self.clock)

    def clock(self) -> datetime:
        return self.now

    def later(self, days: int) -> None:
        self.now += timedelta(days=days)

    def archived(self, key: str, kind: str = "execution", tenant: str = "acme") -> str:
        """Append two events to a stream and archive them; the name of the newest object."""
        stream = StreamId(tenant, kind, key)
        end = head(self.store.commits(stream))
        drafts = [Draft("Noted", {"n": n}, self.now) for n in range(2)]
        self.store.append(stream, drafts, expected=end, commit_id=f"c{end.commit}", origin=ADMIN)
        keep(self.store, self.checkpoints, Locking(self.vault, self.retention), stream)
        return max(self.names(key, kind, tenant), key=lambda name: Segment.parse(name).first)

    def names(self, key: str, kind: str = "execution", tenant: str = "acme") -> list[str]:
        from penstock.events.archive import stream_hash

        hashed = stream_hash(StreamId(tenant, kind, key))
        return [name for name in self.vault.names() if hashed in name]

    def locked(self, name: str) -> Lock:
        return self.vault.locked(name)

    def keep_locks(self, tenant: str = "acme", rest: Rest | None = None) -> Rest | None:
        return keep_locks(self.retention, self.vault, self.checkpoints, policy_stream(tenant), rest)

    def expire(self, tenant: str = "acme", after: str = "") -> Step:
        return expire(self.retention, self.vault, self.store, tenant, Origin("retention", "expiry"), after)
