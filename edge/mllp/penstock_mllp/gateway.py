"""One frame in, its acknowledgments out. Nothing here interprets more than the message's MSH."""

import asyncio
import hashlib
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from penstock_healthcare.hl7 import Fault, Message, acknowledge, header_of
from penstock_healthcare.hl7.acknowledgment import Code
from penstock_mllp.acknowledgment_mode import Mode, mode_of
from penstock_mllp.cloud import Answered
from penstock_mllp.delivery import Delivery, Final, Ticket
from penstock_mllp.errors import OutboxFull
from penstock_mllp.frame import Frame, Oversize
from penstock_mllp.outbox import Receipt
from penstock_mllp.settings import AckOn

logger = logging.getLogger("penstock_mllp")

_NOT_YET = Fault("207", "the gateway holds the message, the platform has not stored it yet; send it again later")
_FULL = Fault("207", "the gateway has no room to hold the message; send it again later")
_DISK = Fault("207", "the gateway could not write the message to its disk; send it again later")
_CROWDED = Fault("207", "the gateway serves as many connections as it may; send the message again later")

_ACCEPT_CODES: dict[Code, Code] = {"AE": "CE", "AR": "CR"}

_CONTROL_ID_LENGTH = 199
"""Of MSH-10 in the latest version; what is longer is cut in logs and receipts, not in the message."""


@dataclass(frozen=True, slots=True)
class Later:
    """An application acknowledgment in enhanced mode: made of the outcome, None where the sender wants to hear none."""

    outcome: asyncio.Future[Final]
    acknowledge: Callable[[Final], bytes | None]


@dataclass(frozen=True, slots=True)
class Reply:
    """``answer`` is sent in the order of the messages, ``later`` when it is known."""

    answer: Awaitable[bytes] | None = None
    later: Later | None = None


@dataclass(frozen=True, slots=True)
class Gateway:
    """``clock`` gives UTC, ``new_id`` the control id of an acknowledgment."""

    delivery: Delivery
    listener: str
    ack_on: AckOn
    ack_timeout: float
    max_frame_bytes: int
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    counters: Counter[str]

    async def receive(self, frame: Frame | Oversize, peer: str) -> Reply:
        """Hold the message on disk, then return what will become its acknowledgments.

        Awaiting this call keeps a connection's messages in order; awaiting the answer may take ``ack_timeout``.
        """
        self.counters["received"] += 1
        if isinstance(frame, Oversize):
            reason = f"the message has {frame.size} bytes; the limit is {self.max_frame_bytes}"
            return self._refused(header_of(frame.head), "AR", Fault("199", reason))
        header = header_of(frame.content)
        receipt = self._receipt(header, frame.content, peer)
        try:
            ticket = await self.delivery.submit(receipt, frame.content)
        except OutboxFull as error:
            logger.error("%s", error)
            return self._refused(header, "AE", _FULL)
        except OSError as error:
            logger.error("the outbox failed: %s", error.strerror)
            return self._refused(header, "AE", _DISK)
        mode = mode_of(header)
        if mode.is_enhanced:
            return self._committed(header, mode, ticket)
        return Reply(self._now(header, "CA") if self.ack_on == "disk" else self._when_decided(header, ticket))

    def turn_away(self, frame: Frame | Oversize) -> Reply:
        """The answer to a message on a connection that is one too many."""
        head = frame.head if isinstance(frame, Oversize) else frame.content
        return self._refused(header_of(head), "AE", _CROWDED)

    def _committed(self, header: Message, mode: Mode, ticket: Ticket) -> Reply:
        """Enhanced mode: accepted now that it is held; what the platform says follows, however long it takes."""

        def acknowledge_outcome(outcome: Final) -> bytes | None:
            code, faults = _verdict(outcome)
            return self._acknowledge(header, code, faults) if code in mode.application else None

        answer = self._now(header, "CA") if "CA" in mode.accept else None
        return Reply(answer, Later(ticket.outcome, acknowledge_outcome) if mode.application else None)

    def _refused(self, header: Message, original: Code, fault: Fault) -> Reply:
        """Not held: the sender is told in the form that it wants, unless it wants to hear of no failure."""
        mode, accept = mode_of(header), _ACCEPT_CODES[original]
        self.counters["turned_away"] += 1
        if not mode.is_enhanced:
            return Reply(self._now(header, accept if self._says_accept(original) else original, fault))
        code = accept if accept in mode.accept else original if original in mode.application else None
        return Reply(self._now(header, code, fault) if code else None)

    def _says_accept(self, original: Code) -> bool:
        """Whether a sender that is answered from the disk is told so: one that sent too much gets its AR."""
        return self.ack_on == "disk" and original == "AE"

    async def _when_decided(self, header: Message, ticket: Ticket) -> bytes:
        try:
            async with asyncio.timeout(self.ack_timeout):
                outcome = await asyncio.shield(ticket.outcome)
        except TimeoutError:
            logger.warning("answered AE, still held: %s", ticket.receipt.control_id)
            return self._acknowledge(header, "AE", (_NOT_YET,))
        return self._acknowledge(header, *_verdict(outcome))

    async def _now(self, header: Message, code: Code, *faults: Fault) -> bytes:
        return self._acknowledge(header, code, faults)

    def _receipt(self, header: Message, content: bytes, peer: str) -> Receipt:
        sender = f"{header.raw('MSH-3')}\n{header.raw('MSH-4')}"
        return Receipt(
            key=idempotency_key(sender, header.control_id, content),
            lane=sender if sender.strip() else peer.rpartition(":")[0],
            control_id=header.control_id[:_CONTROL_ID_LENGTH],
            received_at=self.clock().isoformat(),
            peer=peer,
            listener=self.listener,
        )

    def _acknowledge(self, header: Message, code: Code, faults: tuple[Fault, ...]) -> bytes:
        self.counters[f"answered_{code}"] += 1
        logger.info("answered %s: %s", code, header.control_id[:_CONTROL_ID_LENGTH])
        return acknowledge(header, code, control_id=self.new_id(), timestamp=self.clock(), errors=faults)


def idempotency_key(sender: str, control_id: str, content: bytes) -> str:
    """The same for the same bytes of the same sender, whichever connection or process brings them."""
    digest = hashlib.sha256()
    for part in (sender.encode("utf-8", "replace"), control_id.encode("utf-8", "replace"), content):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def _verdict(outcome: Final) -> tuple[Code, tuple[Fault, ...]]:
    if isinstance(outcome, Answered):
        return outcome.code, outcome.faults
    reason = f"the platform refused the message (HTTP {outcome.status}): {outcome.reason}".rstrip(": ")
    return "AR", (Fault("207", reason),)
