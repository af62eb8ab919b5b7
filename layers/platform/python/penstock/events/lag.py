"""How far read models stand behind the events that they are made of, by the newest entries of a tenant's feed.

This is the sight from outside. Consumers also measure themselves, by what `events.watched` tells them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from penstock.clock import to_millis
from penstock.events.feed import Entry, Feed, Span
from penstock.events.model import StreamId
from penstock.events.projection import Described
from penstock.events.views import ViewStore

ENTRIES = 50
MOST_STREAMS = 50
_NONE: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ProjectionLag:
    """How many streams a projection stands behind, and for how long the oldest commit that it lacks has been there."""

    name: str
    kind: str
    revision: int
    behind: int
    lag_ms: int


def lag(
    feed: Feed,
    views: ViewStore,
    projections: Iterable[Described],
    tenant: str,
    now: datetime,
    places: Mapping[str, int] = _NONE,
) -> Sequence[ProjectionLag]:
    """How each projection stands by the newest 50 entries of the feed, and in these the 50 streams that moved last.

    A projection that is further behind than that shows at least as much. `places` tells, by the names of those that
    follow the feed, after which of its entries they go on: they lack every stream of the later ones.
    """
    entries = list(feed.entries(tenant, max(feed.head(tenant) - ENTRIES, 0)))
    recent, millis = _recent(entries), to_millis(now)

    def standing(projection: Described) -> ProjectionLag:
        if projection.name in places:
            return _following(projection, entries, places[projection.name], millis)
        return _standing(views, projection, recent, millis)

    return [standing(projection) for projection in projections]


def _recent(entries: Sequence[Entry]) -> Mapping[StreamId, Sequence[Span]]:
    """The spans of each stream in the entries, oldest first; the streams that moved last come first."""
    spans: dict[StreamId, list[Span]] = {}
    for entry in reversed(entries):
        for span in entry.spans:
            spans.setdefault(span.stream, []).insert(0, span)
    return spans


def _standing(
    views: ViewStore, projection: Described, recent: Mapping[StreamId, Sequence[Span]], now: int
) -> ProjectionLag:
    streams = [stream for stream in recent if stream.kind == projection.kind][:MOST_STREAMS]
    missing = [span.millis for stream in streams if (span := _missing(views, projection, stream, recent[stream]))]
    return _lag(projection, len(missing), missing, now)


def _following(projection: Described, entries: Iterable[Entry], place: int, now: int) -> ProjectionLag:
    missing = [span for entry in entries if entry.number > place for span in entry.spans]
    streams = {span.stream for span in missing}
    return _lag(projection, min(len(streams), MOST_STREAMS), [span.millis for span in missing], now)


def _lag(projection: Described, behind: int, missing: Iterable[int], now: int) -> ProjectionLag:
    """`missing` are the times of what it lacks."""
    waits = max((now - millis for millis in missing), default=0)
    return ProjectionLag(projection.name, projection.kind, projection.revision, behind, max(waits, 0))


def _missing(views: ViewStore, projection: Described, stream: StreamId, spans: Iterable[Span]) -> Span | None:
    """The first of the spans that the row does not hold."""
    row = views.load(projection.name, stream)
    stands = row.position.commit if row else 0
    return next((span for span in spans if span.last > stands), None)
