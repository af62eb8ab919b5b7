"""The keys that personal data is sealed with: ending a key makes what it sealed unreadable, wherever copies lie.

There is one data key for each business transaction: the events that share a tenant and a correlation. What is known of
a transaction's keys outside of the keyring is a *family*, a pseudonym of the correlation that only the tenant's secret
can make; a key's id is `<family>.<generation>`. A key that was ended is never made again: the next one of its family
has the next generation, and so has the one after a key that seals as many streams as it may.
"""

import hmac
import secrets
import threading
import time
from base64 import urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Protocol

from penstock.events.errors import UnknownKey
from penstock.events.model import StreamId

KEY_BYTES = 32
MOST_STREAMS = 100
"""Streams that one key seals at most: what is noted of them is read and written whole."""
CACHE_SECONDS = 60.0
CACHED_KEYS = 4096


@dataclass(frozen=True, slots=True)
class DataKey:
    """A key for AES-256-GCM, and the id that it is found by."""

    id: str
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Family:
    """What is known of a family: the ids of its keys that live, of those that were ended, and what they seal."""

    live: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()
    streams: frozenset[StreamId] = frozenset()


class Keyring(Protocol):
    """Makes keys, finds them, ends them. All methods raise StoreUnavailable."""

    def pseudonym(self, tenant: str, text: str) -> str:
        """16 letters, digits, `-` and `_` that stand for the text; only the tenant's secret makes them."""
        ...

    def seal_key(self, tenant: str, correlation: str, stream: StreamId) -> DataKey:
        """The key that seals the transaction's events now, made if there is none; noted as one that seals `stream`."""
        ...

    def open_key(self, tenant: str, key: str) -> bytes | None:
        """The key's secret; None when it was ended. Raises UnknownKey for one that never was."""
        ...

    def family(self, tenant: str, family: str) -> Family:
        """What is known of a family; nothing when it has no key."""
        ...

    def end(self, tenant: str, family: str) -> Family:
        """End every key of a family for good. Ending it again finds nothing left to end."""
        ...


def family_of(keyring: Keyring, tenant: str, correlation: str) -> str:
    """The family of a transaction's keys."""
    return keyring.pseudonym(tenant, f"correlation {correlation}")


def key_id(family: str, generation: int) -> str:
    """The id of a family's key; generations count from 1."""
    return f"{family}.{generation}"


def parse_key_id(key: str) -> tuple[str, int]:
    """The inverse of `key_id`. Raises UnknownKey for what is none."""
    family, _, generation = key.partition(".")
    if not family or not generation.isdigit():
        raise UnknownKey(key)
    return family, int(generation)


def pseudonym(secret: bytes, text: str) -> str:
    """See Keyring.pseudonym; `secret` is the tenant's."""
    digest = hmac.digest(hmac.digest(secret, b"pseudonyms", sha256), text.encode(), sha256)
    return urlsafe_b64encode(digest[:12]).decode()


@dataclass(slots=True)
class _Entry:
    secret: bytes | None
    streams: set[StreamId] = field(default_factory=set)


class MemoryKeyring:
    """A Keyring in memory. Safe for threads."""

    def __init__(self) -> None:
        self._tenants: dict[str, bytes] = {}
        self._families: dict[tuple[str, str], list[_Entry]] = {}
        self._lock = threading.RLock()

    def pseudonym(self, tenant: str, text: str) -> str:
        """See Keyring.pseudonym."""
        with self._lock:
            secret = self._tenants.setdefault(tenant, secrets.token_bytes(KEY_BYTES))
        return pseudonym(secret, text)

    def seal_key(self, tenant: str, correlation: str, stream: StreamId) -> DataKey:
        """See Keyring.seal_key."""
        family = family_of(self, tenant, correlation)
        with self._lock:
            entries = self._families.setdefault((tenant, family), [])
            if not entries or not _takes(entries[-1], stream):
                entries.append(_Entry(secrets.token_bytes(KEY_BYTES)))
            entries[-1].streams.add(stream)
            return DataKey(key_id(family, len(entries)), entries[-1].secret or b"")

    def open_key(self, tenant: str, key: str) -> bytes | None:
        """See Keyring.open_key."""
        family, generation = parse_key_id(key)
        entries = self._families.get((tenant, family), [])
        if not 1 <= generation <= len(entries):
            raise UnknownKey(key)
        return entries[generation - 1].secret

    def family(self, tenant: str, family: str) -> Family:
        """See Keyring.family."""
        with self._lock:
            entries = dict(enumerate(self._families.get((tenant, family), []), 1))
        return Family(
            tuple(key_id(family, number) for number, entry in entries.items() if entry.secret),
            tuple(key_id(family, number) for number, entry in entries.items() if not entry.secret),
            frozenset(stream for entry in entries.values() for stream in entry.streams),
        )

    def end(self, tenant: str, family: str) -> Family:
        """See Keyring.end."""
        with self._lock:
            for entry in self._families.get((tenant, family), []):
                entry.secret = None
        return self.family(tenant, family)


def _takes(entry: _Entry, stream: StreamId) -> bool:
    return entry.secret is not None and (stream in entry.streams or len(entry.streams) < MOST_STREAMS)


class CachedKeyring:
    """A Keyring that remembers keys for a minute, the last 4096: so long an ended one may still work in a process.

    Pseudonyms are the inner keyring's to remember. `now` counts seconds, from anywhere.
    """

    def __init__(
        self, inner: Keyring, now: Callable[[], float] = time.monotonic, seconds: float = CACHE_SECONDS
    ) -> None:
        self._inner, self._now, self._seconds = inner, now, seconds
        self._known: OrderedDict[tuple[Any, ...], tuple[float, Any]] = OrderedDict()
        self._lock = threading.Lock()

    def pseudonym(self, tenant: str, text: str) -> str:
        """See Keyring.pseudonym."""
        return self._inner.pseudonym(tenant, text)

    def seal_key(self, tenant: str, correlation: str, stream: StreamId) -> DataKey:
        """See Keyring.seal_key."""
        known: DataKey = self._remembered(
            ("seal", tenant, correlation, stream), lambda: self._inner.seal_key(tenant, correlation, stream)
        )
        return known

    def open_key(self, tenant: str, key: str) -> bytes | None:
        """See Keyring.open_key."""
        known: bytes | None = self._remembered(("open", tenant, key), lambda: self._inner.open_key(tenant, key))
        return known

    def family(self, tenant: str, family: str) -> Family:
        """See Keyring.family. Never remembered."""
        return self._inner.family(tenant, family)

    def end(self, tenant: str, family: str) -> Family:
        """See Keyring.end. This process forgets all that it remembered."""
        try:
            return self._inner.end(tenant, family)
        finally:
            with self._lock:
                self._known.clear()

    def _remembered(self, name: tuple[Any, ...], find: Callable[[], Any]) -> Any:
        with self._lock:
            until, found = self._known.get(name, (0.0, None))
        if self._now() < until:
            return found
        asked = self._now()
        found = find()
        with self._lock:
            self._known[name] = (asked + self._seconds, found)
            self._known.move_to_end(name)
            if len(self._known) > CACHED_KEYS:
                self._known.popitem(last=False)
        return found
