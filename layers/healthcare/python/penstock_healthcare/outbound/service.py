"""Queues messages for gateways, and keeps what became of them."""

import base64
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from penstock.clock import Clock, utc_now
from penstock.events import EventStore, Origin, StreamId
from penstock.events.aggregate import MemorySnapshotStore, Repository
from penstock.events.commands import Commands
from penstock_healthcare.hl7 import Message
from penstock_healthcare.outbound.checking import sendable
from penstock_healthcare.outbound.errors import UnknownOutbound
from penstock_healthcare.outbound.message import (
    AGGREGATE,
    DECISIONS,
    QUEUE,
    QUEUE_DECISIONS,
    Enqueue,
    OutboundMessage,
    QueueMessage,
    ReportOutcome,
    SendAgain,
    digest,
)

_LONGEST_TYPE = 60
_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Order:
    """A message for a destination; `name` is its id."""

    name: str
    destination: str
    message: Message


@dataclass(frozen=True)
class Outbound:
    """The outbound messages of every tenant."""

    store: EventStore
    clock: Clock = utc_now

    def queue(self, tenant: str, orders: Sequence[Order], origin: Origin, queue: str, key: str) -> None:
        """Send messages: each after those before it, and after all that the same `queue` sent to its destination.

        Asked again under the same `key`, it changes nothing. Raises Unsendable, CommitTooLarge, InvalidStreamId.
        """
        commands = [_command(order) for order in orders]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            stored = pool.map(lambda order, command: self._store(tenant, order.name, command, origin), orders, commands)
        waiting: dict[str, list[OutboundMessage]] = {}
        for message in stored:
            waiting.setdefault(message.destination, []).append(message)
        for messages in waiting.values():
            self._enqueue(messages, origin, queue, key)

    def report(self, tenant: str, name: str, outcome: ReportOutcome, origin: Origin) -> OutboundMessage:
        """Keep what came of a round; of a round that is settled already nothing changes. Raises UnknownOutbound."""
        return self._commands().handle(AGGREGATE.stream(tenant, name), outcome, origin).state

    def send_again(self, tenant: str, name: str, reason: str, origin: Origin) -> OutboundMessage:
        """Queue a settled message once more, behind what is queued by now. Raises UnknownOutbound."""
        again = self._commands().handle(AGGREGATE.stream(tenant, name), SendAgain(reason), origin).state
        self._enqueue([again], origin, name, name)
        return again

    def get(self, tenant: str, name: str) -> OutboundMessage:
        """A message as it is. Raises UnknownOutbound."""
        found = Repository(AGGREGATE, self.store, MemorySnapshotStore()).load(AGGREGATE.stream(tenant, name))
        if not found.exists:
            raise UnknownOutbound(name)
        return found.state

    def _store(self, tenant: str, name: str, command: QueueMessage, origin: Origin) -> OutboundMessage:
        return self._commands().handle(AGGREGATE.stream(tenant, name), command, origin).state

    def _enqueue(self, messages: Sequence[OutboundMessage], origin: Origin, queue: str, key: str) -> None:
        """After the messages are stored, in one commit: a crash in between is mended by whoever asks again."""
        first = messages[0]
        stream = QUEUE.stream(first.id.tenant, f"{first.destination}.{queue}")
        command = Enqueue(first.destination, [(message.id.key, message.round) for message in messages])
        commands: Commands[StreamId] = Commands(
            Repository(QUEUE, self.store, MemorySnapshotStore()), QUEUE_DECISIONS, self.clock
        )
        commands.handle(stream, command, origin, command_id=key)

    def _commands(self) -> Commands[OutboundMessage]:
        return Commands(Repository(AGGREGATE, self.store, MemorySnapshotStore()), DECISIONS, self.clock)


def _command(order: Order) -> QueueMessage:
    raw = sendable(order.message)
    text = base64.b64encode(raw).decode("ascii")
    kind = order.message.type[:_LONGEST_TYPE]
    return QueueMessage(order.destination, text, digest(raw), len(raw), kind, order.message.control_id)
