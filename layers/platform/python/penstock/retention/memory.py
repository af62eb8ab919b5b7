"""A Vault in memory."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from penstock.clock import Clock, utc_now
from penstock.events.archive import Segment
from penstock.events.errors import EventStoreError
from penstock.retention.model import Lock


class NoSuchObject(EventStoreError):
    """The vault has no object of that name."""


class MemoryVault:
    """A Vault, and an Archive, in memory."""

    def __init__(self, clock: Clock = utc_now) -> None:
        self._clock = clock
        self._objects: dict[str, tuple[bytes, Lock]] = {}

    def put(self, key: str, blob: bytes, lock: Lock | None = None) -> bool:
        """See Archive.put; the object is locked like that from the beginning."""
        if key in self._objects:
            return False
        self._objects[key] = blob, lock or Lock()
        return True

    def tenants(self) -> Iterator[str]:
        """See Vault.tenants."""
        yield from sorted({Segment.parse(key).tenant for key in self._objects})

    def names(self, prefix: str = "", after: str = "") -> Iterator[str]:
        """See Vault.names."""
        yield from sorted(key for key in self._objects if key.startswith(prefix) and key > after)

    def get(self, key: str) -> bytes:
        """See Archive.get."""
        return self._object(key)[0]

    def thawed(self, key: str) -> bytes | None:
        """See Vault.thawed. Nothing is ever frozen here."""
        return self.get(key)

    def locked(self, key: str) -> Lock:
        """See Vault.locked."""
        return self._object(key)[1]

    def retain(self, key: str, until: datetime) -> None:
        """See Vault.retain."""
        blob, lock = self._object(key)
        self._objects[key] = blob, replace(lock, until=max(until, lock.until or until))

    def hold(self, key: str, is_held: bool) -> None:
        """See Vault.hold."""
        blob, lock = self._object(key)
        self._objects[key] = blob, replace(lock, is_held=is_held)

    def delete(self, key: str) -> bool:
        """See Vault.delete."""
        if self.locked(key).holds(self._clock()):
            return False
        del self._objects[key]
        return True

    def _object(self, key: str) -> tuple[bytes, Lock]:
        if key not in self._objects:
            raise NoSuchObject(f"there is no object {key}")
        return self._objects[key]
