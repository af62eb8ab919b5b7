"""The state of a received message."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from penstock.clock import iso
from penstock.events import Event, StreamId
from penstock.events.aggregate import Aggregate
from penstock.json import JSONObject
from penstock_healthcare.messages.events import (
    EVENTS,
    HL7MessageAccepted,
    HL7MessageRejected,
    HL7MessageResubmitted,
    HL7MessageStored,
)


class Status(StrEnum):
    """Where a message stands. `stored` lasts only from one commit to the next."""

    STORED = "stored"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """A message as it is now. `original` is base64 of what came in, `raw` of what holds: the last correction."""

    id: StreamId
    status: Status = Status.STORED
    original: str = ""
    raw: str = ""
    sha256: str = ""
    received_at: str = ""
    source: JSONObject = field(default_factory=dict)
    header: JSONObject = field(default_factory=dict)
    findings: tuple[JSONObject, ...] = ()
    error: JSONObject | None = None
    submissions: int = 0
    updated_at: str = ""

    @property
    def content(self) -> bytes:
        """The bytes that hold."""
        return base64.b64decode(self.raw)

    @property
    def is_read(self) -> bool:
        """Whether the last submission was accepted or rejected already."""
        return self.status is not Status.STORED


def _stored(message: ReceivedMessage, event: HL7MessageStored) -> ReceivedMessage:
    return replace(
        message,
        original=event.raw,
        raw=event.raw,
        sha256=event.sha256,
        received_at=event.received_at,
        source=event.source,
        submissions=1,
    )


def _accepted(message: ReceivedMessage, event: HL7MessageAccepted) -> ReceivedMessage:
    names = ("message_type", "structure", "control_id", "sending_application", "sending_facility", "version", "charset")
    header = {name: getattr(event, name) for name in names}
    return replace(message, status=Status.ACCEPTED, header=header, findings=tuple(event.findings), error=None)


def _rejected(message: ReceivedMessage, event: HL7MessageRejected) -> ReceivedMessage:
    names = ("message_type", "control_id", "sending_application", "sending_facility")
    header = {name: getattr(event, name) for name in names}
    return replace(message, status=Status.REJECTED, header=header, findings=tuple(event.findings), error=event.error)


def _resubmitted(message: ReceivedMessage, event: HL7MessageResubmitted) -> ReceivedMessage:
    return replace(
        message, status=Status.STORED, raw=event.raw or message.raw, submissions=message.submissions + 1, error=None
    )


_EVOLVE: Mapping[type, Callable[[ReceivedMessage, Any], ReceivedMessage]] = {
    HL7MessageStored: _stored,
    HL7MessageAccepted: _accepted,
    HL7MessageRejected: _rejected,
    HL7MessageResubmitted: _resubmitted,
}


def evolve(message: ReceivedMessage, happened: Any, event: Event) -> ReceivedMessage:
    """The message after the event."""
    return replace(_EVOLVE[type(happened)](message, happened), updated_at=iso(event.time))


AGGREGATE = Aggregate(EVENTS, ReceivedMessage, evolve)
