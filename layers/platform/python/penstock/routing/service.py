"""What users do with webhooks: commands on the event store."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from penstock.clock import Clock, NewId, new_id, utc_now
from penstock.events import EventStore, Origin, StreamId
from penstock.events.aggregate import Loaded, MemorySnapshotStore, Repository
from penstock.events.views import ViewStore
from penstock.http.guard import DEFAULT_PORTS, Guard
from penstock.routing import patterns
from penstock.routing.errors import InvalidWebhook, TooManyWebhooks, UnknownWebhook
from penstock.routing.sealing import Seal, new_secret
from penstock.routing.webhook import (
    AGGREGATE,
    Change,
    Command,
    Create,
    Delete,
    Disable,
    Enable,
    RotateSecret,
    Target,
    Webhook,
    decide,
)
from penstock.workflows.errors import Problem

MOST_WEBHOOKS = 100
LONGEST_URL = 2_000


@dataclass(frozen=True)
class Webhooks:
    """The webhooks of every tenant. All that change one raise UnknownWebhook, Conflict.

    `guard` says which hosts may be named: addresses that are not public only where the operator allows them.
    """

    store: EventStore
    views: ViewStore
    seal: Seal
    guard: Guard = field(default_factory=Guard)
    clock: Clock = utc_now
    new_id: NewId = new_id
    new_secret: Callable[[], str] = new_secret

    def create(self, tenant: str, target: Target, origin: Origin) -> tuple[Webhook, str]:
        """Begin to send. The secret that is returned with it is shown this once.

        Raises InvalidWebhook, TooManyWebhooks; the number is counted as it was a moment ago.
        """
        self._check(target)
        if len(self.views.list(tenant, "webhooks", limit=MOST_WEBHOOKS).items) >= MOST_WEBHOOKS:
            raise TooManyWebhooks(MOST_WEBHOOKS)
        loaded = self._repository().load(AGGREGATE.stream(tenant, self.new_id()))
        secret = self.new_secret()
        return self._save(loaded, Create(target, self.seal.seal(secret, loaded.stream)), origin), secret

    def read(self, tenant: str, webhook: str) -> Webhook:
        """A webhook as it is. Raises UnknownWebhook."""
        return self.load(AGGREGATE.stream(tenant, webhook)).state

    def load(self, webhook: StreamId) -> Loaded[Webhook]:
        """A webhook and where its stream stands. Raises UnknownWebhook."""
        loaded = self._repository().load(webhook)
        if not loaded.state.exists:
            raise UnknownWebhook(webhook.key)
        return loaded

    def change(self, tenant: str, webhook: str, target: Target, origin: Origin) -> Webhook:
        """Send other events, or to another place. Raises InvalidWebhook."""
        loaded = self.load(AGGREGATE.stream(tenant, webhook))
        self._check(target)
        return self._save(loaded, Change(target), origin)

    def rotate_secret(self, tenant: str, webhook: str, origin: Origin) -> tuple[Webhook, str]:
        """Sign by another secret, which is shown this once. The one before signs too for a day."""
        loaded, secret = self.load(AGGREGATE.stream(tenant, webhook)), self.new_secret()
        return self._save(loaded, RotateSecret(self.seal.seal(secret, loaded.stream)), origin), secret

    def enable(self, tenant: str, webhook: str, origin: Origin) -> Webhook:
        """Send again, whatever its endpoint did before."""
        return self._do(tenant, webhook, Enable(), origin)

    def disable(self, tenant: str, webhook: str, reason: str, origin: Origin) -> Webhook:
        """Send no more, until it is enabled."""
        return self._do(tenant, webhook, Disable(reason), origin)

    def delete(self, tenant: str, webhook: str, origin: Origin) -> None:
        """Take it away."""
        self._do(tenant, webhook, Delete(), origin)

    def secrets(self, webhook: Webhook, now: datetime) -> Sequence[str]:
        """What signs for it at a time. Raises BrokenSeal."""
        return [self.seal.open(secret.sealed, webhook.id) for secret in webhook.signing(now)]

    def _do(self, tenant: str, webhook: str, command: Command, origin: Origin) -> Webhook:
        return self._save(self.load(AGGREGATE.stream(tenant, webhook)), command, origin)

    def _save(self, loaded: Loaded[Webhook], command: Command, origin: Origin) -> Webhook:
        events = decide(loaded.state, command)
        return self._repository().save(loaded, events, self.clock(), origin).state if events else loaded.state

    def _repository(self) -> Repository[Webhook]:
        return Repository(AGGREGATE, self.store, MemorySnapshotStore(), self.new_id)

    def _check(self, target: Target) -> None:
        url = [Problem("url", "url", reason) for reason in url_problems(target.url, self.guard)]
        if found := [*url, *patterns.problems(target.pattern)]:
            raise InvalidWebhook(found)


def url_problems(text: str, guard: Guard) -> Iterator[str]:
    """What keeps a URL from being sent to. Names are resolved when something is sent, and checked then."""
    try:
        url = urlsplit(text)
        host, port = url.hostname or "", url.port
    except ValueError:
        yield "is not a URL"
        return
    if len(text) > LONGEST_URL or not text.isascii() or not text.isprintable() or " " in text:
        yield f"must have at most {LONGEST_URL} characters, all of them ASCII and none of them a space"
    if url.scheme not in DEFAULT_PORTS or not host:
        yield "must begin with https:// and a host"
        return
    if not guard.takes(url.scheme, host, port):
        yield "must begin with https://; only hosts that the operator allows are reached without"
    if url.username or url.password or url.fragment:
        yield "must have no user, no password and no fragment: requests are signed"
    if reason := guard.refusal(url.scheme, host, port):
        yield reason
