"""Counting a tenant's feed into buckets: each commit once, whatever happens between two writes.

A step of entries is folded to one change for each bucket and entry. A bucket's row stands at the last entry that is
counted in it, and takes only later ones, on the condition that nobody else has changed it. The consumer's checkpoint
follows when all buckets are written. After a crash in between, or beside a rival, the step comes again, and the buckets
that have it already take nothing of it.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice

from penstock.events import Commit, StreamId
from penstock.events.checkpoints import CheckpointStore
from penstock.events.errors import Conflict
from penstock.events.feed import Entry, Feed, Span, follow
from penstock.events.store import EventStore
from penstock.events.views import ViewStore
from penstock.metrics.buckets import Bucket, consumer, hour_of, projection
from penstock.metrics.subjects import SUBJECTS, Beginning, Subject
from penstock.metrics.tally import Metrics

ENTRIES_A_STEP = 20
_READERS = 8
_REMEMBERED = 4_096
_LARGEST_LOSING_STREAK = 10

Changes = Mapping[Bucket, Mapping[int, Metrics]]
"""What each entry, by its number, changes in each bucket."""


@dataclass
class Beginnings:
    """How runs began: from their first commit, and from memory for those that were met last. Safe for threads."""

    store: EventStore
    _known: dict[StreamId, Beginning] = field(default_factory=dict)

    def of(self, subject: Subject, stream: StreamId, read: Sequence[Commit]) -> Beginning | None:
        """The run's beginning, in `read` when that begins with the first commit; None for what is no run."""
        if known := self._known.get(stream):
            return known
        is_here = bool(read) and read[0].number == 1
        found = subject.beginning(read if is_here else islice(self.store.commits(stream), 1))
        if found:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[stream] = found
        return found


def count(
    feed: Feed,
    beginnings: Beginnings,
    views: ViewStore,
    checkpoints: CheckpointStore,
    tenant: str,
    generation: int = 1,
    spent: Callable[[], bool] = lambda: False,
) -> int:
    """Count what the feed has after the generation's checkpoint; returns the last entry that is counted.

    Raises Conflict after losing a bucket to rivals again and again, and what the stores raise.
    """

    def take(entries: Sequence[Entry]) -> None:
        for bucket, changed in changes(beginnings, entries).items():
            apply(views, bucket, changed, generation)

    return follow(feed, checkpoints, consumer(generation), tenant, take, ENTRIES_A_STEP, spent)


def changes(beginnings: Beginnings, entries: Sequence[Entry]) -> Changes:
    """What the entries change. The commits are read from the store, several streams at a time."""
    spans = [(entry.number, span) for entry in entries for span in entry.spans if span.stream.kind in SUBJECTS]
    parts: dict[Bucket, dict[int, list[Metrics]]] = defaultdict(lambda: defaultdict(list))
    with ThreadPoolExecutor(_READERS) as pool:
        for (number, _), found in zip(spans, pool.map(lambda each: _span(beginnings, each[1]), spans), strict=True):
            for bucket, changed in found:
                parts[bucket][number].append(changed)
    hours = _summed(parts)
    return {**hours, **_days(hours)}


def _days(hours: Changes) -> Changes:
    """The same by days."""
    parts: dict[Bucket, dict[int, list[Metrics]]] = defaultdict(lambda: defaultdict(list))
    for bucket, changed in hours.items():
        for number, metrics in changed.items():
            parts[bucket.day][number].append(metrics)
    return _summed(parts)


def _summed(parts: Mapping[Bucket, Mapping[int, Sequence[Metrics]]]) -> Changes:
    return {
        bucket: {number: Metrics.sum(found) for number, found in changed.items()} for bucket, changed in parts.items()
    }


def apply(views: ViewStore, bucket: Bucket, changed: Mapping[int, Metrics], generation: int = 1) -> None:
    """Add what follows the entry at which the bucket stands. Raises Conflict after losing to rivals ten times."""
    name = projection(bucket.subject, generation)
    for _ in range(_LARGEST_LOSING_STREAK):
        kept = views.load(name, bucket.stream)
        stands = kept.position.commit if kept else 0
        new = [metrics for number, metrics in changed.items() if number > stands]
        if not new:
            return
        old = [Metrics.parse(kept.document)] if kept and kept.document else []
        row = bucket.row(Metrics.sum([*old, *new]).within(), max(changed), generation)
        if views.save(row, replaces=kept):
            return
    raise Conflict(str(bucket.stream), stands)


def _span(beginnings: Beginnings, span: Span) -> Sequence[tuple[Bucket, Metrics]]:
    """What some commits of a run change, event by event, by the hour."""
    subject, stream = SUBJECTS[span.stream.kind], span.stream
    commits = tuple(islice(beginnings.store.commits(stream, span.first - 1), span.last - span.first + 1))
    beginning = beginnings.of(subject, stream, commits)
    if beginning is None:
        return ()
    return [
        (Bucket(stream.tenant, subject.name, beginning.name, hour_of(time)), changed)
        for time, changed in subject.changes(commits, beginning)
    ]
