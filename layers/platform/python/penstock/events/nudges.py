"""Nudges: what a consumer is told when a stream has moved.

A nudge says *where*, never *what*: the consumer reads the store from its own checkpoint. Nudges may therefore be
doubled, reordered or merged, and hold nothing that a queue must not see.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from penstock.events.model import StreamId
from penstock.json import JSONObject, loads

ALL_KINDS = "*"
FEED_KIND = "feed"
"""No stream of events: what stands for a tenant's feed (`events.feed`), for those who follow it."""


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
    """Who wants nudges: of which kinds of streams (ALL_KINDS for all), on which queue, after how many seconds.

    An ordered one gets those of a tenant one after the other; its delay is the queue's own.
    """

    name: str
    queue_url: str
    kinds: frozenset[str]
    delay: int = 0
    is_ordered: bool = False

    def wants(self, stream: StreamId) -> bool:
        """Whether the stream is of one of its kinds; the feed is only wanted by name."""
        return stream.kind in self.kinds or (ALL_KINDS in self.kinds and stream.kind != FEED_KIND)


def merge(nudges: Iterable[Nudge]) -> tuple[Nudge, ...]:
    """One nudge a stream, the furthest, in the order of their first ones."""
    furthest: dict[StreamId, Nudge] = {}
    for nudge in nudges:
        known = furthest.get(nudge.stream, nudge)
        furthest[nudge.stream] = max(known, nudge, key=lambda each: each.commit)
    return tuple(furthest.values())
