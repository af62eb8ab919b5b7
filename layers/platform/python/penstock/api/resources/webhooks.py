"""Webhooks as the API shows them: their secrets in the answer that makes them, and in no other."""

from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import urlsplit

from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import BaseModel, ConfigDict, Field

from penstock.api.resources.paging import Page, page
from penstock.clock import iso
from penstock.events.views import Page as Listing
from penstock.identity.model import Principal, Scope
from penstock.routing.circuit import Circuit, State, since
from penstock.routing.delivery import Attempt
from penstock.routing.service import LONGEST_URL
from penstock.routing.webhook import Status, Target, Webhook

WebhookId = Annotated[str, Path(min_length=1, max_length=200, description="The webhook's id")]
_URL = "Where the events are sent. Those who may not administer see its site only: a path may be a secret"
_PATTERN = "Which events, as EventBridge writes event patterns"


class WebhookTarget(BaseModel):
    """Where which events go."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(min_length=1, max_length=LONGEST_URL, description="https, at an address that is public or allowed")
    description: str = Field(default="", max_length=1_000, description="What it is for")
    pattern: dict[str, Any] = Field(
        default={"kind": ["event"]}, description=f"{_PATTERN}; left out, those that workflows emit"
    )

    def target(self) -> Target:
        """The same as the domain has it."""
        return Target(self.url, self.description, self.pattern)


class Disabling(BaseModel):
    """Why nothing is to be sent."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=1_000, description="It stays on record")


class WebhookSummary(BaseModel):
    """A webhook as it is listed."""

    model_config = ConfigDict(extra="ignore")

    id: str
    url: str = Field(description=_URL)
    description: str
    pattern: dict[str, Any] = Field(description=_PATTERN)
    status: Status
    reason: str | None = Field(description="Why it is disabled")
    created_at: str
    created_by: str
    updated_at: str
    secret_rotated_at: str | None


class CircuitView(BaseModel):
    """What the breaker knows of the endpoint."""

    state: State = Field(description="closed: events go there; open: they wait; half_open: one of them tries it")
    failures: int = Field(description="Since the last success")
    failing_since: str | None
    until: str | None = Field(description="When the endpoint is tried again")

    @classmethod
    def of(cls, circuit: Circuit) -> "CircuitView":
        """The circuit as it is shown."""
        return cls(
            state=circuit.state,
            failures=circuit.failures,
            failing_since=iso(circuit.failing_since) if circuit.failing_since else None,
            until=iso(circuit.until) if circuit.until else None,
        )


class WebhookView(BaseModel):
    """A webhook."""

    id: str
    url: str = Field(description=_URL)
    description: str
    pattern: dict[str, Any] = Field(description=_PATTERN)
    status: Status
    reason: str | None = Field(description="Why it is disabled")
    circuit: CircuitView

    @classmethod
    def of(cls, webhook: Webhook, circuit: Circuit | None, who: Principal) -> "WebhookView":
        """The webhook as the principal may see it."""
        target = webhook.target
        return cls(
            id=webhook.id.key,
            url=_shown(target.url, who),
            description=target.description,
            pattern=target.pattern,
            status=webhook.status,
            reason=webhook.reason,
            circuit=CircuitView.of(since(circuit, webhook.epoch)),
        )


class WebhookSecret(BaseModel):
    """A secret that was made."""

    id: str = Field(description="The webhook's")
    secret: str = Field(description="Verify signatures by it. It is shown this once")
    previous_until: str | None = Field(description="Until when the one before signs too")

    @classmethod
    def of(cls, webhook: Webhook, secret: str) -> "WebhookSecret":
        """The webhook's newest secret."""
        ends = [before.until for before in webhook.secrets if before.until]
        return cls(id=webhook.id.key, secret=secret, previous_until=iso(max(ends)) if ends else None)


class AttemptView(BaseModel):
    """An attempt at a delivery; never what was sent or answered."""

    event: str = Field(description="The event's id, which is sent as `webhook-id`")
    type: str
    attempt: int = Field(description="Counts from 1; 0 for a test")
    at: str
    is_delivered: bool = Field(description="Whether the endpoint answered with a status of 200 to 299")
    status: int | None = Field(description="The HTTP status; null where there was no answer")
    error: str | None = Field(description="What went wrong: HTTP 500, ExchangeTimeout, AddressRefused …")
    duration_ms: int

    @classmethod
    def of(cls, attempt: Attempt) -> "AttemptView":
        """The attempt as it is shown."""
        outcome = attempt.outcome
        return cls(
            event=attempt.event,
            type=attempt.type,
            attempt=attempt.number,
            at=iso(attempt.at),
            is_delivered=outcome.is_delivered,
            status=outcome.status,
            error=outcome.failure,
            duration_ms=outcome.millis,
        )


class AttemptList(BaseModel):
    """The last attempts, newest first; older ones than a week are forgotten."""

    items: list[AttemptView]

    @classmethod
    def of(cls, attempts: Sequence[Attempt]) -> "AttemptList":
        """The attempts as they are shown."""
        return cls(items=[AttemptView.of(attempt) for attempt in attempts])


def webhook_page(found: Listing, who: Principal) -> Page[WebhookSummary]:
    """A listing as the principal may see it."""
    listed = page(WebhookSummary, found)
    shown = [each.model_copy(update={"url": _shown(each.url, who)}) for each in listed.items]
    return Page(items=shown, next=listed.next)


def _shown(url: str, who: Principal) -> str:
    parts = urlsplit(url)
    return url if who.may(Scope.ADMIN) else f"{parts.scheme}://{parts.netloc}"
