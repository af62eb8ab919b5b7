"""The nouns of the event store.

Drafts and events are named tuples: hundreds of thousands are made a second, and a frozen dataclass takes three times
as long to make. A changed copy is `event._replace(...)`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from penstock.events.errors import InvalidStreamId
from penstock.json import JSONObject

_PART = re.compile(r"[^\s#]+\Z")
_LONGEST_PART = 200


@dataclass(frozen=True, slots=True, order=True)
class StreamId:
    """The name of one aggregate's stream. Written `tenant#kind#key`."""

    tenant: str
    kind: str
    key: str

    def __post_init__(self) -> None:
        for part in ("tenant", "kind", "key"):
            value = getattr(self, part)
            if not _PART.match(value):
                raise InvalidStreamId(part, value, "must be non-empty, without white space or '#'")
            if len(value) > _LONGEST_PART:
                raise InvalidStreamId(part, value, f"is longer than {_LONGEST_PART} characters")

    def __str__(self) -> str:
        return f"{self.tenant}#{self.kind}#{self.key}"

    @classmethod
    def parse(cls, text: str) -> "StreamId":
        """The inverse of `str`. Raises InvalidStreamId."""
        parts = text.split("#")
        if len(parts) != 3:
            raise InvalidStreamId("id", text, "must be tenant#kind#key")
        return cls(*parts)


@dataclass(frozen=True, slots=True)
class Position:
    """How far a stream was read: the last commit that was read whole, and the last event's version.

    It comes from a read or an append, never from arithmetic: appending names it as the end of the stream.
    """

    commit: int = 0
    version: int = 0


@dataclass(frozen=True, slots=True)
class Origin:
    """Who did it and why: the actor, the business transaction, and the id of the event or request that caused it."""

    actor: str
    correlation: str
    causation: str | None = None


class Draft(NamedTuple):
    """An event that is not stored yet. `schema` is the version of the shape of `data`."""

    type: str
    data: JSONObject
    time: datetime
    schema: int = 1


class Event(NamedTuple):
    """A stored event. `version` counts from 1 within its stream; `time` is UTC to the millisecond."""

    stream: StreamId
    version: int
    type: str
    schema: int
    time: datetime
    data: JSONObject
    origin: Origin

    @property
    def id(self) -> str:
        """Derived, so it is never stored and never collides."""
        return f"{self.stream}@{self.version}"


@dataclass(frozen=True, slots=True)
class Commit:
    """What one append wrote. `number` counts from 1 within its stream, without gaps."""

    stream: StreamId
    number: int
    id: str
    events: Sequence[Event]

    @property
    def position(self) -> Position:
        """The end of the stream as this commit left it."""
        return Position(self.number, self.events[-1].version)


def record(stream: StreamId, after: Position, drafts: Sequence[Draft], origin: Origin) -> tuple[Event, ...]:
    """The drafts as events that follow `after`."""
    return tuple(
        [
            Event(stream, version, event_type, schema, time, data, origin)
            for version, (event_type, data, time, schema) in enumerate(drafts, after.version + 1)
        ]
    )
