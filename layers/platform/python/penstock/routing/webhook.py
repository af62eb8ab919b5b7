"""A webhook: where which events go, as an aggregate. Commands are pure: `decide(state, command) → events`.

Secrets are in the events sealed (`sealing`). After a rotation the one before signs too for a day, so that a receiver
has time to change over.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeAlias

from penstock.events import Event, StreamId
from penstock.events.aggregate import Aggregate
from penstock.events.types import EventTypes
from penstock.json import JSONObject
from penstock.routing.errors import UnknownWebhook

EVENTS = EventTypes("webhook")
OVERLAP = timedelta(hours=24)
MOST_SECRETS = 3
SEALED = "sealed"
"""The field that nobody is shown."""


class Status(StrEnum):
    """Where a webhook stands."""

    NEW = "new"
    ENABLED = "enabled"
    DISABLED = "disabled"
    DELETED = "deleted"


@EVENTS.type
@dataclass(frozen=True, slots=True)
class WebhookCreated:
    """Events that match go there from now on. `sealed` is the secret, for who signs."""

    url: str
    description: str
    pattern: JSONObject
    sealed: str


@EVENTS.type
@dataclass(frozen=True, slots=True)
class WebhookChanged:
    """Another URL, description or pattern took the place of the old one."""

    url: str
    description: str
    pattern: JSONObject


@EVENTS.type
@dataclass(frozen=True, slots=True)
class WebhookSecretRotated:
    """Another secret signs. The ones before go on signing beside it for some seconds."""

    sealed: str
    overlap_seconds: int


@EVENTS.type
@dataclass(frozen=True, slots=True)
class WebhookEnabled:
    """Events go there again. What happened in between does not."""


@EVENTS.type
@dataclass(frozen=True, slots=True)
class WebhookDisabled:
    """Nothing goes there any more. The actor is the platform's when it gave the endpoint up."""

    reason: str


@EVENTS.type
@dataclass(frozen=True, slots=True)
class WebhookDeleted:
    """It is gone from every list. Its events stay."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A sealed secret, and until when it signs (UTC); None: until it is rotated."""

    sealed: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """What users say of a webhook."""

    url: str
    description: str
    pattern: JSONObject


@dataclass(frozen=True, slots=True)
class Webhook:
    """The state of one webhook. `secrets` has the newest first.

    `epoch` is the version of the event with which it last began afresh: what its breaker knew before counts no more.
    """

    id: StreamId
    status: Status = Status.NEW
    target: Target = field(default_factory=lambda: Target("", "", {}))
    secrets: tuple[Secret, ...] = ()
    reason: str | None = None
    epoch: int = 0

    def signing(self, now: datetime) -> Sequence[Secret]:
        """The secrets that sign at a time, the newest first."""
        return [secret for secret in self.secrets if secret.until is None or secret.until > now]

    @property
    def exists(self) -> bool:
        """Whether it was created and not deleted."""
        return self.status not in (Status.NEW, Status.DELETED)


@dataclass(frozen=True, slots=True)
class Create:
    """Begin to send; `sealed` is the secret."""

    target: Target
    sealed: str


@dataclass(frozen=True, slots=True)
class Change:
    """Send other events, or to another place."""

    target: Target


@dataclass(frozen=True, slots=True)
class RotateSecret:
    """Sign by another secret."""

    sealed: str


@dataclass(frozen=True, slots=True)
class Enable:
    """Send again."""


@dataclass(frozen=True, slots=True)
class Disable:
    """Send no more, for now."""

    reason: str


@dataclass(frozen=True, slots=True)
class Delete:
    """Send no more, for good."""


Command: TypeAlias = Create | Change | RotateSecret | Enable | Disable | Delete


def decide(webhook: Webhook, command: Command) -> Sequence[Any]:
    """The events that follow; none when nothing changes. Raises UnknownWebhook when there is none to change."""
    if not webhook.exists and not isinstance(command, Create):
        raise UnknownWebhook(webhook.id.key)
    return _DECIDE[type(command)](webhook, command)


def _create(_: Webhook, command: Create) -> Sequence[Any]:
    given = command.target
    return [WebhookCreated(given.url, given.description, given.pattern, command.sealed)]


def _change(webhook: Webhook, command: Change) -> Sequence[Any]:
    given = command.target
    return [] if given == webhook.target else [WebhookChanged(given.url, given.description, given.pattern)]


def _rotate(_: Webhook, command: RotateSecret) -> Sequence[Any]:
    return [WebhookSecretRotated(command.sealed, int(OVERLAP.total_seconds()))]


def _enable(webhook: Webhook, _: Enable) -> Sequence[Any]:
    return [] if webhook.status is Status.ENABLED else [WebhookEnabled()]


def _disable(webhook: Webhook, command: Disable) -> Sequence[Any]:
    return [] if webhook.status is Status.DISABLED else [WebhookDisabled(command.reason)]


def _delete(_: Webhook, __: Delete) -> Sequence[Any]:
    return [WebhookDeleted()]


_DECIDE: Mapping[type, Callable[[Webhook, Any], Sequence[Any]]] = {
    Create: _create,
    Change: _change,
    RotateSecret: _rotate,
    Enable: _enable,
    Disable: _disable,
    Delete: _delete,
}


def _evolve(webhook: Webhook, event: Any, stored: Event) -> Webhook:
    match event:
        case WebhookCreated(url, description, pattern, sealed):
            begun = replace(webhook, status=Status.ENABLED, secrets=(Secret(sealed),), epoch=stored.version)
            return replace(begun, target=Target(url, description, pattern))
        case WebhookChanged(url, description, pattern):
            epoch = webhook.epoch if url == webhook.target.url else stored.version
            return replace(webhook, target=Target(url, description, pattern), epoch=epoch)
        case WebhookSecretRotated(sealed, overlap_seconds):
            end = stored.time + timedelta(seconds=overlap_seconds)
            before = [replace(old, until=min(old.until or end, end)) for old in webhook.signing(stored.time)]
            return replace(webhook, secrets=(Secret(sealed), *before)[:MOST_SECRETS])
        case WebhookEnabled():
            return replace(webhook, status=Status.ENABLED, reason=None, epoch=stored.version)
        case WebhookDisabled(reason):
            return replace(webhook, status=Status.DISABLED, reason=reason)
        case _:
            return replace(webhook, status=Status.DELETED)


AGGREGATE = Aggregate(EVENTS, Webhook, _evolve)


def without_seal(event: Event) -> JSONObject:
    """An event's data as it may be shown: a webhook's without its sealed secret, any other as it is."""
    if event.stream.kind != EVENTS.kind or SEALED not in event.data:
        return event.data
    return {**event.data, SEALED: None}
