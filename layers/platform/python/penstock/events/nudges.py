"""Nudges: what a consumer is told when a stream has moved.

A nudge says *where*, never *what*: the consumer reads the store from its own checkpoint. Nudges may therefore be
doubled, reordered or merged, and hold nothing that a queue must not see.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from penstock.events.model import StreamId
from penstock.json import JSONObject, loads

ALL_KINDS = "*"


@dataclass(frozen=True, slots=True)
class Nudge:
    """The stream had at least `commit` commits when this was sent."""

    stream: StreamId
    commit: int

    def to_json(self) -> JSONObject:
        """`{"stream": "tenant#kind#key", "commit": 7}`."""
        return {"stream": str(self.stream), "commit": self.commit}

    @classmethod
    def parse(cls, body: str) -> "Nudge":
        """The inverse of `to_json`, from text. Raises ValueError, InvalidStreamId."""
        parts = loads(body)
        if not (isinstance(parts, dict) and isinstance(parts.get("stream"), str)):
            raise ValueError("a nudge names a stream")
        return cls(StreamId.parse(parts["stream"]), int(parts.get("commit", 0)))


@dataclass(frozen=True, slots=True)
class Consumer:
    """Who wants nudges: of which kinds of streams (ALL_KINDS for all), on which queue, after how many seconds."""

    name: str
    queue_url: str
    kinds: frozenset[str]
    delay: int = 0

    def wants(self, stream: StreamId) -> bool:
        """Whether the stream is of one of its kinds."""
        return ALL_KINDS in self.kinds or stream.kind in self.kinds


def merge(nudges: Iterable[Nudge]) -> tuple[Nudge, ...]:
    """One nudge a stream, the furthest, in the order of their first ones."""
    furthest: dict[StreamId, Nudge] = {}
    for nudge in nudges:
        known = furthest.get(nudge.stream, nudge)
        furthest[nudge.stream] = max(known, nudge, key=lambda each: each.commit)
    return tuple(furthest.values())
