"""Takes messages for one destination from the platform's queues, by a subscription that keeps the place.

The queues hold pointers only. A pointer is followed, the message put on the disk, and then the place acknowledged: a
crash in between brings the pointer again, and the message is known by its key, or settled on the platform.
"""

import asyncio
import base64
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from penstock_healthcare.hl7 import header_of
from penstock_mllp.api import PlatformApi
from penstock_mllp.delivery import Backoff, Delivery
from penstock_mllp.errors import OutboxFull, PlatformUnavailable
from penstock_mllp.outbox import Receipt
from penstock_mllp.settings import Settings

logger = logging.getLogger("penstock_mllp")

PATH = "/v1/healthcare/outbound"
_SUBSCRIPTIONS, _EVENTS = "/v1/subscriptions", "/v1/events"
_KIND, _TYPE = "hl7_queue", "HL7MessageEnqueued"
_LEASE = 60
_PAGE = 50
_CREATED, _NOT_FOUND, _CONFLICT = 201, 404, 409
_SHREDDED = {"code": "", "errors": [{"message": "its content was shredded before it was sent"}], "attempts": 0}
_CONTROL_ID_LENGTH = 199

Report = Callable[[Receipt, dict[str, Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Taking:
    """One destination's. ``report`` tells the platform of a message that cannot be sent at all."""

    settings: Settings
    destination: str
    api: PlatformApi
    sending: Delivery
    report: Report
    reports: Delivery
    backoff: Backoff
    clock: Callable[[], datetime]

    async def run(self) -> None:
        """Until cancelled; a platform that is away is asked again."""
        failures = 0
        while True:
            try:
                found = await self._page()
            except (PlatformUnavailable, OutboxFull, OSError, ValueError, KeyError, TypeError) as error:
                wait = self.backoff.seconds(failures, getattr(error, "retry_after", None))
                failures += 1
                reason = str(error) if isinstance(error, PlatformUnavailable | OutboxFull) else type(error).__name__
                logger.warning("nothing taken for %s, again in %.1f s: %s", self.destination, wait, reason)
                await asyncio.sleep(wait)
                continue
            failures = 0
            if not found:
                await asyncio.sleep(self.settings.poll_interval)

    @property
    def _subscription(self) -> str:
        return f"hl7-outbound.{self.destination}"

    async def _page(self) -> bool:
        """Take what a claim gives; False when there is nothing now."""
        order = {"consumer": self.settings.name, "lease_seconds": _LEASE, "limit": _PAGE, "events": True}
        status, claim = await self.api.ask("POST", f"{_SUBSCRIPTIONS}/{self._subscription}/claim", order)
        if status == _NOT_FOUND:
            return await self._subscribe()
        if not claim:
            return False
        position = await self._take_all(claim)
        done = {"partition": claim["partition"], "token": claim["token"], "position": position, "lease_seconds": 0}
        await self.api.ask("POST", f"{_SUBSCRIPTIONS}/{self._subscription}/acknowledge", done)
        return True

    async def _subscribe(self) -> bool:
        """From the beginning: what was queued before the gateway knew the destination is sent, too."""
        wanted = {"name": self._subscription, "kinds": [_KIND], "types": [_TYPE], "start": "beginning"}
        order = wanted | {"description": f"MLLP gateway {self.settings.name}"}
        status, _ = await self.api.ask("POST", _SUBSCRIPTIONS, order)
        if status not in (_CREATED, _CONFLICT):
            raise PlatformUnavailable(f"HTTP {status} for a subscription")
        return True

    async def _take_all(self, claim: dict[str, Any]) -> int:
        """The position up to which everything is on the disk."""
        for span in claim["items"]:
            events = span["events"]
            for event in events if events is not None else await self._read(span):
                if event["type"] == _TYPE and event["data"]["destination"] == self.destination:
                    await self._take(str(event["data"]["message"]), int(event["data"]["round"]))
        return int(claim["next"])

    async def _read(self, span: dict[str, Any]) -> list[dict[str, Any]]:
        """The events of a span that the claim had no room for."""
        stream = f"{_EVENTS}/{quote(span['kind'], safe='')}/{quote(span['key'], safe='')}"
        commits = f"after_commit={span['first_commit'] - 1}&to_commit={span['last_commit']}"
        events: list[dict[str, Any]] = []
        after: int | None = 0
        while after is not None:
            _, page = await self.api.ask("GET", f"{stream}?{commits}&limit=100&after_version={after}")
            events += page["items"]
            after = page["next"]
        return events

    async def _take(self, name: str, number: int) -> None:
        key = f"{name}.{number}"
        if self.sending.knows(key) or self.reports.knows(key):
            return
        status, found = await self.api.ask("GET", f"{PATH}/{name}")
        if status == _NOT_FOUND or found["status"] != "queued" or found["round"] != number:
            return
        raw = base64.b64decode(found["raw"])
        control_id = header_of(raw).control_id[:_CONTROL_ID_LENGTH]
        receipt = Receipt(key, self.destination, control_id, self.clock().isoformat(), "", self.settings.name)
        if raw:
            await self.sending.submit(receipt, raw)
        else:
            await self.report(receipt, dict(_SHREDDED))
