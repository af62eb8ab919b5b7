"""The state of a connection, and what is decided on it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from penstock.events import Event, StreamId
from penstock.events.aggregate import Aggregate
from penstock.events.commands import Decisions
from penstock.json import JSONObject
from penstock_healthcare.fhir.connections.errors import UnknownConnection
from penstock_healthcare.fhir.connections.events import (
    EVENTS,
    FhirConnectionRemoved,
    FhirConnectionSet,
    FhirKeySet,
    FhirTokenSet,
)

OVERLAP = timedelta(hours=24)
MOST_KEYS = 3


class Auth(StrEnum):
    """How requests are let in."""

    NONE = "none"
    BEARER = "bearer"
    BACKEND_SERVICE = "backend_service"
    AWS = "aws"


@dataclass(frozen=True, slots=True)
class Settings:
    """What users say of a connection, but for its secrets. `base_url` has no slash at its end."""

    base_url: str
    vendor: str = "generic"
    description: str = ""
    auth: Auth = Auth.NONE
    client_id: str = ""
    scopes: str = ""
    token_url: str = ""


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """A key pair: its public half, its private half sealed, and until when it is published; None: for now."""

    id: str
    algorithm: str
    jwk: JSONObject
    sealed: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection as it is. `keys` has the newest first; `revision` is the version of its last event."""

    id: StreamId
    exists: bool = False
    settings: Settings = Settings("")
    token: str = ""
    keys: tuple[PublishedKey, ...] = ()
    revision: int = 0

    def published(self, now: datetime) -> Sequence[PublishedKey]:
        """The keys that a server may meet at a time."""
        return [key for key in self.keys if key.until is None or key.until > now]


@dataclass(frozen=True, slots=True)
class SetUp:
    """Make it, or change what it is."""

    settings: Settings


@dataclass(frozen=True, slots=True)
class SetToken:
    """Send another bearer token."""

    sealed: str


@dataclass(frozen=True, slots=True)
class SetKey:
    """Sign by another key."""

    kid: str
    algorithm: str
    jwk: JSONObject
    sealed: str


@dataclass(frozen=True, slots=True)
class Remove:
    """Take it away."""


def _set_up(connection: Connection, command: SetUp) -> Sequence[Any]:
    if connection.exists and connection.settings == command.settings:
        return []
    given = {name: str(getattr(command.settings, name)) for name in Settings.__slots__}
    return [FhirConnectionSet(**given)]


def _set_token(connection: Connection, command: SetToken) -> Sequence[Any]:
    _check(connection)
    return [FhirTokenSet(command.sealed)]


def _set_key(connection: Connection, command: SetKey) -> Sequence[Any]:
    _check(connection)
    if connection.keys and connection.keys[0].id == command.kid:
        return []
    seconds = int(OVERLAP.total_seconds())
    return [FhirKeySet(command.kid, command.algorithm, command.jwk, command.sealed, seconds)]


def _remove(connection: Connection, _: Remove) -> Sequence[Any]:
    _check(connection)
    return [FhirConnectionRemoved()]


def _check(connection: Connection) -> None:
    if not connection.exists:
        raise UnknownConnection(connection.id.key)


DECISIONS: Decisions[Connection] = {SetUp: _set_up, SetToken: _set_token, SetKey: _set_key, Remove: _remove}


def _was_set(connection: Connection, event: FhirConnectionSet, _: Event) -> Connection:
    """A token that is kept goes nowhere else: another base forgets it."""
    given = {name: getattr(event, name) for name in Settings.__slots__}
    token = connection.token if event.base_url == connection.settings.base_url else ""
    return replace(connection, exists=True, token=token, settings=Settings(**{**given, "auth": Auth(event.auth)}))


def _token_was_set(connection: Connection, event: FhirTokenSet, _: Event) -> Connection:
    return replace(connection, token=event.sealed)


def _key_was_set(connection: Connection, event: FhirKeySet, stored: Event) -> Connection:
    end = stored.time + timedelta(seconds=event.overlap_seconds)
    before = [replace(old, until=min(old.until or end, end)) for old in connection.published(stored.time)]
    made = PublishedKey(event.kid, event.algorithm, event.jwk, event.sealed)
    others = [old for old in before if old.id != event.kid]
    return replace(connection, keys=(made, *others)[:MOST_KEYS])


def _was_removed(connection: Connection, _: FhirConnectionRemoved, __: Event) -> Connection:
    return Connection(connection.id)


_EVOLVE: Mapping[type, Callable[[Connection, Any, Event], Connection]] = {
    FhirConnectionSet: _was_set,
    FhirTokenSet: _token_was_set,
    FhirKeySet: _key_was_set,
    FhirConnectionRemoved: _was_removed,
}


def _evolve(connection: Connection, happened: Any, event: Event) -> Connection:
    return replace(_EVOLVE[type(happened)](connection, happened, event), revision=event.version)


AGGREGATE = Aggregate(EVENTS, Connection, _evolve)
