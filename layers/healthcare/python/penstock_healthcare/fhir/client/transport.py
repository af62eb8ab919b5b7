"""One request to another server: tried again only where that is safe, within bounds of time, waits and size.

A request that the server says it did not take (429) may always be repeated. All else is repeated only when doing it
twice is doing it once: reads, searches, deletes, updates without a condition, creates on a condition.
"""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Protocol

from penstock.http.errors import (
    AddressRefused,
    ConnectionFailed,
    ExchangeError,
    ExchangeTimeout,
    HostNotFound,
    ReplyTooLarge,
    UnreadableReply,
)
from penstock.http.exchange import Limits, Reply, Request, Session
from penstock_healthcare.fhir.client import answers
from penstock_healthcare.fhir.client.errors import Unreachable

_TRANSIENT = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT}) | answers.BUSY
_FIRST_WAIT = 0.5
_LEAST_TIME = 0.5
"""Seconds: with less than that left, nothing is begun."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Seconds for one request and for all of them together, bytes of a reply, tries, and the longest wait for a try."""

    seconds: float = 20
    whole: float = 30
    reply_bytes: int = 5_000_000
    tries: int = 4
    longest_wait: float = 10


@dataclass(frozen=True, slots=True)
class Ask:
    """A request, what people call it, whether doing it twice is doing it once, and an error that is an answer to it."""

    what: str
    request: Request
    is_repeatable: bool
    accepted: int | None = None


class Authorizer(Protocol):
    """Lets requests in."""

    def authorize(self, sender: "Sender", request: Request) -> Request:
        """The request with what lets it in. Raises ClientError."""
        ...

    def renew(self) -> bool:
        """Whether other credentials can be had than those that a server has just refused; they are forgotten."""
        ...


@dataclass(frozen=True)
class Sender:
    """Sends requests in one session, until its time is up. Waiting and chance are arguments."""

    session: Session
    bounds: Bounds = field(default_factory=Bounds)
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    chance: Callable[[], float] = random.random
    _began: list[float] = field(default_factory=list)

    @property
    def left(self) -> float:
        """Seconds that are left for all of it, counted from the first request."""
        if not self._began:
            self._began.append(self.clock())
        return self._began[0] + self.bounds.whole - self.clock()

    def send(self, ask: Ask, authorizer: Authorizer) -> Reply:
        """The reply to a request that was let in and done. Raises ClientError."""
        reply = self.exchange(ask, authorizer)
        if reply.status == HTTPStatus.UNAUTHORIZED and authorizer.renew():
            reply = self.exchange(ask, authorizer)
        if reply.status != ask.accepted:
            answers.check(ask.what, reply, self._retry_after(reply))
        return reply

    def exchange(self, ask: Ask, authorizer: Authorizer) -> Reply:
        """The reply, whatever its status, after as many tries as are safe and in time. Raises ClientError."""
        for number in range(1, self.bounds.tries):
            found = self._try(ask, authorizer)
            wait = self._wait(ask, found, number)
            if wait is None:
                return _whole(found)
            self.sleep(wait)
        return _whole(self._try(ask, authorizer))

    def _try(self, ask: Ask, authorizer: Authorizer) -> Reply | Unreachable:
        request = authorizer.authorize(self, ask.request)
        seconds = min(self.bounds.seconds, self.left)
        if seconds < _LEAST_TIME:
            return Unreachable(ask.what, f"the {self.bounds.whole:g} s for all requests are over", permanent=False)
        try:
            return self.session.exchange(request, Limits(seconds, self.bounds.reply_bytes, redirects=0))
        except ExchangeError as failed:
            return Unreachable(ask.what, _reason(failed), permanent=failed.permanent)

    def _wait(self, ask: Ask, found: Reply | Unreachable, number: int) -> float | None:
        """Seconds until the next try; None when there shall be none."""
        if not _may_repeat(ask, found):
            return None
        backoff = _FIRST_WAIT * 2 ** (number - 1) * (1 + self.chance()) / 2
        asked = self._retry_after(found) if isinstance(found, Reply) else None
        wait = backoff if asked is None else asked
        return wait if wait <= self.bounds.longest_wait and wait + _LEAST_TIME < self.left else None

    def _retry_after(self, reply: Reply) -> float | None:
        """The header Retry-After in seconds from now (RFC 9110, section 10.2.3)."""
        text = reply.headers.get("retry-after", "").strip()
        if text.isascii() and text.isdigit():
            return float(text[:9])
        try:
            return max(0.0, (parsedate_to_datetime(text) - self.now()).total_seconds()) if text else None
        except (ValueError, TypeError):
            return None


def with_headers(request: Request, headers: Mapping[str, str]) -> Request:
    """The request with more headers."""
    return replace(request, headers={**request.headers, **headers})


def _may_repeat(ask: Ask, found: Reply | Unreachable) -> bool:
    if isinstance(found, Unreachable):
        return ask.is_repeatable and not found.permanent
    return found.status == HTTPStatus.TOO_MANY_REQUESTS or (ask.is_repeatable and found.status in _TRANSIENT)


def _whole(found: Reply | Unreachable) -> Reply:
    if isinstance(found, Unreachable):
        raise found
    return found


def _reason(failed: ExchangeError) -> str:
    """What went wrong, without the URL: a path holds ids of patients' records."""
    match failed:
        case AddressRefused() | ConnectionFailed() | UnreadableReply():
            return failed.reason
        case HostNotFound():
            return "no address was found for the host"
        case ExchangeTimeout():
            return f"no whole reply within {failed.seconds:g} s"
        case ReplyTooLarge():
            return f"the reply has more than {failed.limit} bytes"
        case _:
            return "the exchange failed"
