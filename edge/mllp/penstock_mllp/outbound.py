"""Messages that go out: taken from the platform, sent to their destination, and what came of it reported back.

Each step is durable before the next one begins, and each may happen again after a crash:

1. **Take.** The platform's queues name a message; it is fetched and written to ``outbound/`` before the place in the
   queue is acknowledged.
2. **Send.** One message at a time to each destination, in order, until its receiver answers. A crash before the answer
   is on the disk sends it again: the same bytes, with the same control id.
3. **Report.** The answer is in ``reports/`` before the message leaves ``outbound/``, and stays until the platform
   has it.
"""

import asyncio
import json
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from penstock_mllp.api import PlatformApi
from penstock_mllp.cloud import Answered, Outcome, Refused, Unavailable
from penstock_mllp.delivery import Backoff, Delivery
from penstock_mllp.errors import OutboxFull, PlatformUnavailable
from penstock_mllp.outbox import Outbox, Receipt
from penstock_mllp.receiver import Receiver
from penstock_mllp.settings import Settings
from penstock_mllp.taking import PATH, Taking

logger = logging.getLogger("penstock_mllp")

_GONE = frozenset({404, 410, 422})


@dataclass(frozen=True, slots=True)
class Reports:
    """What receivers answered, on its way to the platform: the `Cloud` of the reports' outbox."""

    api: PlatformApi

    async def post(self, receipt: Receipt, message: bytes) -> Outcome:
        """One attempt. A message that the platform does not know is refused: the report is kept for a person."""
        name = receipt.key.rpartition(".")[0]
        try:
            status, _ = await self.api.ask("POST", f"{PATH}/{name}/outcome", json.loads(message))
        except PlatformUnavailable as error:
            return Unavailable(error.reason, error.retry_after)
        if status in _GONE:
            return Refused(status, "the platform does not take the report")
        return Answered("AA") if status < 300 else Unavailable(f"HTTP {status}")


class Sending:
    """Messages on their way to hospitals: the `Cloud` of the outbound outbox."""

    def __init__(
        self,
        receivers: Mapping[str, Receiver],
        reports: Delivery,
        clock: Callable[[], datetime],
        counters: Counter[str],
    ) -> None:
        self._receivers = receivers
        self._reports = reports
        self._clock = clock
        self._counters = counters
        self._attempts: Counter[str] = Counter()

    async def post(self, receipt: Receipt, message: bytes) -> Outcome:
        """One attempt: sent, answered, and the answer on the disk."""
        if self._reports.knows(receipt.key):
            return Answered("AA")
        receiver = self._receivers.get(receipt.lane)
        if receiver is None:
            return Unavailable("the settings have no such destination any more")
        self._attempts[receipt.key] += 1
        try:
            answer = await receiver.send(message)
        except (OSError, ValueError) as error:
            return Unavailable(type(error).__name__)
        body = {"code": answer.code, "errors": answer.errors, "acknowledgment": answer.text}
        try:
            await self.report(receipt, body | {"attempts": self._attempts[receipt.key]})
        except (OutboxFull, OSError) as error:
            return Unavailable(f"reports: {type(error).__name__}")
        self._counters[f"outbound_{answer.code}"] += 1
        del self._attempts[receipt.key]
        return Answered("AA")

    async def report(self, receipt: Receipt, body: dict[str, Any]) -> None:
        """Put a report on its way; returns when it is on the disk. Raises OutboxFull, OSError."""
        number = int(receipt.key.rpartition(".")[2])
        report = {"round": number, "acknowledged_at": self._clock().isoformat(), **body}
        await self._reports.submit(receipt, json.dumps(report).encode("ascii"))

    def close(self) -> None:
        """Drop the connections."""
        for receiver in self._receivers.values():
            receiver.close()


@dataclass(frozen=True, slots=True)
class Outbound:
    """The running parts, for those who want to know how they stand."""

    sending: Delivery
    reports: Delivery
    destinations: tuple[str, ...]

    def standing(self) -> dict[str, Any]:
        """How many messages wait, in all and for each destination, and how many reports."""
        waiting = {name: self.sending.waiting(name) for name in self.destinations}
        return {**self.sending.standing(), "destinations": waiting, "reports": self.reports.standing()}


@asynccontextmanager
async def sending_out(
    settings: Settings,
    api: PlatformApi,
    backoff: Backoff,
    clock: Callable[[], datetime],
    counters: Counter[str],
    *,
    restore_refused: bool,
) -> AsyncIterator[Outbound]:
    """Take, send and report until left; what is under way then stays on the disk. Raises OutboxLocked, BadSetting."""
    receivers = {name: Receiver(each) for name, each in settings.destinations.items()}
    limits = {"max_bytes": settings.outbox_max_bytes, "max_messages": settings.outbox_max_messages}
    lanes = max(len(receivers), 1)
    held = Outbox(settings.outbox / "reports", **limits)
    reports = Delivery("reports", held, Reports(api), backoff, max_requests=lanes, counters=counters)
    carrier = Sending(receivers, reports, clock, counters)
    outbox = Outbox(settings.outbox / "outbound", **limits)
    sending = Delivery("outbound", outbox, carrier, backoff, max_requests=lanes, counters=counters)
    if restore_refused:
        held.restore_refused()
    await reports.start()
    resumed = await sending.start()
    logger.info("sending to %d destinations, %d messages resumed from the outbox", len(receivers), resumed)
    taking = [
        asyncio.create_task(Taking(settings, name, api, sending, carrier.report, reports, backoff, clock).run())
        for name in receivers
    ]
    try:
        yield Outbound(sending, reports, tuple(receivers))
    finally:
        for task in taking:
            task.cancel()
        await asyncio.gather(*taking, return_exceptions=True)
        await sending.stop()
        await reports.stop()
        carrier.close()
