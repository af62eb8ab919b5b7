"""One frame in, one acknowledgment out. Nothing here interprets more than the message's MSH."""

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from penstock_healthcare.hl7 import Fault, Message, acknowledge, header_of
from penstock_healthcare.hl7.acknowledgment import Code
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

_CONTROL_ID_LENGTH = 199
"""Of MSH-10 in the latest version; what is longer is cut in logs and receipts, not in the message."""


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

    async def receive(self, frame: Frame | Oversize, peer: str) -> Awaitable[bytes]:
        """Hold the message on disk, then return what will become its acknowledgment.

        Awaiting this call keeps a connection's messages in order; awaiting the result may take ``ack_timeout``.
        """
        if isinstance(frame, Oversize):
            reason = f"the message has {frame.size} bytes; the limit is {self.max_frame_bytes}"
            return self._now(header_of(frame.head), "AR", Fault("199", reason))
        header = header_of(frame.content)
        receipt = self._receipt(header, frame.content, peer)
        try:
            ticket = await self.delivery.submit(receipt, frame.content)
        except OutboxFull as error:
            logger.error("%s", error)
            return self._now(header, self._code("AE"), _FULL)
        except OSError as error:
            logger.error("the outbox failed: %s", error.strerror)
            return self._now(header, self._code("AE"), _DISK)
        if self.ack_on == "disk":
            return self._now(header, "CA")
        return self._when_decided(header, ticket)

    async def _when_decided(self, header: Message, ticket: Ticket) -> bytes:
        try:
            async with asyncio.timeout(self.ack_timeout):
                outcome = await asyncio.shield(ticket.outcome)
        except TimeoutError:
            logger.warning("answered AE, still held: %s", ticket.receipt.control_id)
            return self._acknowledge(header, "AE", (_NOT_YET,))
        code, faults = _verdict(outcome)
        logger.info("answered %s: %s", code, ticket.receipt.control_id)
        return self._acknowledge(header, code, faults)

    async def _now(self, header: Message, code: Code, *faults: Fault) -> bytes:
        logger.info("answered %s: %s", code, header.control_id)
        return self._acknowledge(header, code, faults)

    def _code(self, original: Code) -> Code:
        """The code of enhanced mode where the sender is answered from the disk."""
        return "CE" if self.ack_on == "disk" and original == "AE" else original

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
