"""API keys: `pk_<tenant>.<key id>.<secret>`, shown once, stored as a hash in the stream of the key.

The key's own text names its stream, so one consistent read answers whether it holds.
"""

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from penstock.clock import Clock, NewId, new_id, utc_now
from penstock.events import Event, EventStore, InvalidStreamId, Origin, StreamId
from penstock.events.aggregate import Aggregate, MemorySnapshotStore, Repository
from penstock.events.commands import Commands, Decisions
from penstock.events.types import EventTypes
from penstock.identity.model import Principal, Scope, Unauthenticated, UnknownKey
from penstock.json import JSONObject

EVENTS = EventTypes("key")
PREFIX = "pk_"
LONGEST_KEY = 512
_REFUSED = "the API key does not hold"


@EVENTS.type
@dataclass(frozen=True, slots=True)
class KeyCreated:
    """A key was made. `hash` is the SHA-256 of its secret, in hex."""

    name: str
    hash: str
    scopes: list[str]
    roles: list[str]


@EVENTS.upcaster("KeyCreated", 1)
def _without_roles(data: JSONObject) -> JSONObject:
    return {**data, "roles": []}


@EVENTS.type
@dataclass(frozen=True, slots=True)
class KeyRevoked:
    """The key holds no more."""


@dataclass(frozen=True, slots=True)
class Key:
    """The state of one key."""

    id: StreamId
    name: str = ""
    hash: str = ""
    scopes: frozenset[Scope] = field(default_factory=frozenset)
    roles: frozenset[str] = field(default_factory=frozenset)
    is_live: bool = False


def _evolve(key: Key, event: Any, _: Event) -> Key:
    match event:
        case KeyCreated(name, digest, scopes, roles):
            known = frozenset(map(Scope, scopes))
            return replace(key, name=name, hash=digest, scopes=known, roles=frozenset(roles), is_live=True)
        case _:
            return replace(key, is_live=False)


AGGREGATE = Aggregate(EVENTS, Key, _evolve)


@dataclass(frozen=True, slots=True)
class CreateKey:
    """Make a key. `hash` is the SHA-256 of its secret, in hex."""

    name: str
    hash: str
    scopes: tuple[Scope, ...]
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RevokeKey:
    """End a key; ending it twice is harmless."""


def _create(_: Key, command: CreateKey) -> Sequence[Any]:
    return [KeyCreated(command.name, command.hash, list(command.scopes), list(command.roles))]


def _revoke(key: Key, _: RevokeKey) -> Sequence[Any]:
    if not key.hash:
        raise UnknownKey(key.id.key)
    return [KeyRevoked()] if key.is_live else []


DECISIONS: Decisions[Key] = {CreateKey: _create, RevokeKey: _revoke}


@dataclass(frozen=True)
class Keys:
    """The API keys of every tenant."""

    store: EventStore
    clock: Clock = utc_now
    new_id: NewId = new_id

    def create(
        self,
        tenant: str,
        name: str,
        scopes: Iterable[Scope],
        origin: Origin,
        secret: str | None = None,
        roles: Iterable[str] = (),
    ) -> tuple[Key, str]:
        """Make a key. The text that is returned with it is the only time its secret is seen."""
        secret = secret or secrets.token_urlsafe(32)
        command = CreateKey(name, _digest(secret), tuple(sorted(scopes)), tuple(sorted(roles)))
        key = self._commands().handle(AGGREGATE.stream(tenant, self.new_id()), command, origin).state
        return key, f"{PREFIX}{tenant}.{key.id.key}.{secret}"

    def revoke(self, tenant: str, key: str, origin: Origin) -> None:
        """End a key. Raises UnknownKey; ending it twice is harmless."""
        self._commands().handle(AGGREGATE.stream(tenant, key), RevokeKey(), origin)

    def authenticate(self, text: str) -> Principal:
        """Whose key it is. Raises Unauthenticated."""
        stream, secret = _parsed(text)
        key = self._repository().load(stream).state
        if not secrets.compare_digest(key.hash, _digest(secret)) or not key.is_live:
            raise Unauthenticated(_REFUSED)
        return Principal(stream.tenant, f"key:{stream.key}", key.scopes, key.roles)

    def _commands(self) -> Commands[Key]:
        return Commands(self._repository(), DECISIONS, self.clock)

    def _repository(self) -> Repository[Key]:
        return Repository(AGGREGATE, self.store, MemorySnapshotStore(), self.new_id)


def _parsed(text: str) -> tuple[StreamId, str]:
    if not text.startswith(PREFIX) or len(text) > LONGEST_KEY or text.count(".") != 2:
        raise Unauthenticated(_REFUSED)
    tenant, key, secret = text.removeprefix(PREFIX).split(".")
    try:
        return AGGREGATE.stream(tenant, key), secret
    except InvalidStreamId:
        raise Unauthenticated(_REFUSED) from None


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
