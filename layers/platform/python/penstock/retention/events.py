"""What was decided about a tenant's archive, and what was deleted from it. One stream a tenant: `retention`, `policy`.

Streams' keys, reasons and actors stay in the event store; queues and logs name the tenant only.
"""

from dataclasses import dataclass

from penstock.events.types import EventTypes

EVENTS = EventTypes("retention")
KEY = "policy"


@EVENTS.type
@dataclass(frozen=True, slots=True)
class RetentionSet:
    """A kind of stream (`*`: every kind without a rule of its own) is kept for so many days, and then deleted."""

    kind: str
    days: int
    reason: str


@EVENTS.type
@dataclass(frozen=True, slots=True)
class RetentionCleared:
    """The kind has no rule of its own any more."""

    kind: str
    reason: str


@EVENTS.type
@dataclass(frozen=True, slots=True)
class HoldPlaced:
    """Nothing in scope may be deleted: one stream (`key`), a kind ("" for `key`), or everything (`*`)."""

    hold: str
    kind: str
    key: str
    reason: str


@EVENTS.type
@dataclass(frozen=True, slots=True)
class HoldLifted:
    """The hold is over; kind and key are those that it had."""

    hold: str
    kind: str
    key: str
    reason: str


@EVENTS.type
@dataclass(frozen=True, slots=True)
class SegmentsExpired:
    """These objects of the archive have been kept long enough. They are deleted right after this is stored."""

    segments: list[str]
