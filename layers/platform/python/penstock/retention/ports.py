"""The archive's objects as those see them who lock and delete them."""

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from penstock.retention.model import Lock


class Vault(Protocol):
    """Objects with locks. Naming one that is not there raises an EventStoreError."""

    def tenants(self) -> Iterator[str]:
        """Every tenant that has an object."""
        ...

    def names(self, prefix: str = "", after: str = "") -> Iterator[str]:
        """Every key with the prefix that comes after `after`, in the order of their UTF-8."""
        ...

    def thawed(self, key: str) -> bytes | None:
        """The object; None while it is in a class of storage that must be asked, which has then been done."""
        ...

    def locked(self, key: str) -> Lock:
        """How the object is locked."""
        ...

    def retain(self, key: str, until: datetime) -> None:
        """Lock the object until then (aware). Only ever later than it is locked: a lock is not shortened."""
        ...

    def hold(self, key: str, is_held: bool) -> None:
        """Hold the object, or hold it no more."""
        ...

    def delete(self, key: str) -> bool:
        """Delete every version of the object; False, and the object is still there, when a lock forbids it."""
        ...
