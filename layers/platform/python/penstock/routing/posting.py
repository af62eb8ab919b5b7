"""The way out: one bounded request, guarded as those of workflows are. Redirects are not followed."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from penstock.clock import Clock, utc_now
from penstock.http.errors import AddressRefused, ExchangeError
from penstock.http.guard import Guard
from penstock.routing.delivery import Outcome

SECONDS = 15.0
LARGEST_REPLY = 100_000
"""Bytes; what an endpoint answers is read to its end, and thrown away."""


@dataclass(frozen=True)
class HttpPost:
    """A Post over HTTP. `now` counts seconds, from anywhere."""

    guard: Guard
    clock: Clock = utc_now
    now: Callable[[], float] = time.monotonic

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes, method: str = "POST") -> Outcome:
        """See Post. Other methods are for who does not send events as webhooks do."""
        from penstock.http.exchange import Limits, Request, Session

        begun = self.now()
        request = Request(method, url, {**({"content-type": "application/json"} if body else {}), **headers}, body=body)
        try:
            with Session(self.guard) as session:
                reply = session.exchange(request, Limits(SECONDS, LARGEST_REPLY, redirects=0))
        except ExchangeError as failed:
            return Outcome(
                self._millis(begun), error=type(failed).__name__, is_final=isinstance(failed, AddressRefused)
            )
        asked = retry_after(reply.headers.get("retry-after", ""), self.clock())
        return Outcome(self._millis(begun), status=reply.status, retry_after=asked)

    def _millis(self, begun: float) -> int:
        return round((self.now() - begun) * 1000)


def retry_after(value: str, now: datetime) -> float | None:
    """Seconds, of the header Retry-After (RFC 9110, section 10.2.3): a number of them, or a time; None for neither."""
    if value.isdecimal() and len(value) < 10:
        return float(value)
    try:
        time = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max((time.replace(tzinfo=time.tzinfo or UTC) - now).total_seconds(), 0)
