"""The state of an outbound message, and what is decided on it."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from penstock.clock import iso
from penstock.events import Event, StreamId
from penstock.events.aggregate import Aggregate
from penstock.events.commands import Decisions
from penstock.json import JSONObject
from penstock_healthcare.outbound.errors import UnknownOutbound
from penstock_healthcare.outbound.events import (
    EVENTS,
    QUEUE_EVENTS,
    HL7MessageAcknowledged,
    HL7MessageEnqueued,
    HL7MessageQueued,
    HL7MessageRefused,
    HL7MessageRequeued,
)


class Status(StrEnum):
    """Where a message stands; a `failed` one can be sent again."""

    QUEUED = "queued"
    ACKNOWLEDGED = "acknowledged"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class OutboundMessage:
    """A message as it is now. `raw` is base64, "" once it was shredded; `round` 0 means that there is none."""

    id: StreamId
    status: Status = Status.QUEUED
    round: int = 0
    destination: str = ""
    raw: str = ""
    sha256: str = ""
    size: int = 0
    message_type: str = ""
    control_id: str = ""
    code: str = ""
    errors: tuple[JSONObject, ...] = ()
    acknowledgment: str = ""
    attempts: int = 0
    queued_at: str = ""
    updated_at: str = ""


@dataclass(frozen=True, slots=True)
class QueueMessage:
    """Send it. `raw` is base64 of `content`'s bytes."""

    destination: str
    raw: str
    sha256: str
    size: int
    message_type: str
    control_id: str


@dataclass(frozen=True, slots=True)
class ReportOutcome:
    """What the receiver answered, in a round; see the events."""

    round: int
    code: str
    errors: list[JSONObject]
    acknowledgment: str
    acknowledged_at: str
    attempts: int


@dataclass(frozen=True, slots=True)
class SendAgain:
    """Queue it once more, when it is settled."""

    reason: str


POSITIVE = frozenset({"AA", "CA"})


def _queue(message: OutboundMessage, command: QueueMessage) -> Sequence[Any]:
    if message.round:
        return []
    return [HL7MessageQueued(**{name: getattr(command, name) for name in QueueMessage.__slots__})]


def _report(message: OutboundMessage, command: ReportOutcome) -> Sequence[Any]:
    """The first report of a round counts: a gateway that repeats itself changes nothing."""
    if not message.round:
        raise UnknownOutbound(message.id.key)
    if command.round != message.round or message.status is not Status.QUEUED:
        return []
    answer = (command.acknowledgment, command.acknowledged_at, command.attempts)
    if command.code in POSITIVE:
        return [HL7MessageAcknowledged(command.round, command.code, *answer)]
    return [HL7MessageRefused(command.round, command.code, command.errors, *answer)]


def _send_again(message: OutboundMessage, command: SendAgain) -> Sequence[Any]:
    if not message.round:
        raise UnknownOutbound(message.id.key)
    return [] if message.status is Status.QUEUED else [HL7MessageRequeued(command.reason)]


DECISIONS: Decisions[OutboundMessage] = {QueueMessage: _queue, ReportOutcome: _report, SendAgain: _send_again}


def _queued(message: OutboundMessage, event: HL7MessageQueued) -> OutboundMessage:
    given = {name: getattr(event, name) for name in QueueMessage.__slots__}
    return replace(message, round=1, **given)


def _acknowledged(message: OutboundMessage, event: HL7MessageAcknowledged) -> OutboundMessage:
    return replace(
        message,
        status=Status.ACKNOWLEDGED,
        code=event.code,
        errors=(),
        acknowledgment=event.acknowledgment,
        attempts=event.attempts,
    )


def _refused(message: OutboundMessage, event: HL7MessageRefused) -> OutboundMessage:
    return replace(
        message,
        status=Status.FAILED,
        code=event.code,
        errors=tuple(event.errors),
        acknowledgment=event.acknowledgment,
        attempts=event.attempts,
    )


def _requeued(message: OutboundMessage, _: HL7MessageRequeued) -> OutboundMessage:
    again = replace(message, status=Status.QUEUED, round=message.round + 1, code="", errors=())
    return replace(again, acknowledgment="", attempts=0)


_EVOLVE: Mapping[type, Callable[[OutboundMessage, Any], OutboundMessage]] = {
    HL7MessageQueued: _queued,
    HL7MessageAcknowledged: _acknowledged,
    HL7MessageRefused: _refused,
    HL7MessageRequeued: _requeued,
}


def _evolve(message: OutboundMessage, happened: Any, event: Event) -> OutboundMessage:
    changed = _EVOLVE[type(happened)](message, happened)
    return replace(changed, queued_at=message.queued_at or iso(event.time), updated_at=iso(event.time))


AGGREGATE = Aggregate(EVENTS, OutboundMessage, _evolve)


@dataclass(frozen=True, slots=True)
class Enqueue:
    """Put messages into a destination's queue, in this order; each is an id and its round."""

    destination: str
    messages: list[tuple[str, int]]


def _enqueue(_: StreamId, command: Enqueue) -> Sequence[Any]:
    return [HL7MessageEnqueued(command.destination, name, number) for name, number in command.messages]


QUEUE = Aggregate(QUEUE_EVENTS, lambda stream: stream, lambda queue, _, __: queue)
QUEUE_DECISIONS: Decisions[StreamId] = {Enqueue: _enqueue}


def digest(raw: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(raw).hexdigest()
