"""How the generations of a read model are made and taken away; and how, where each row folds one stream."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Protocol

from penstock.clock import Clock, utc_now
from penstock.events.checkpoints import CheckpointStore
from penstock.events.feed import Entry, Feed, feed_stream
from penstock.events.model import Origin, StreamId
from penstock.events.projection import Projection, named, project
from penstock.events.store import EventStore
from penstock.events.views import ViewStore
from penstock.rebuilds.standing import LeaveOut, Standing, commands
from penstock.rebuilds.tasks import THE_END, Task

Spent = Callable[[], bool]
"""Whether the time there is has been used up."""


class Making(Protocol):
    """Does a task's work on a generation, from where it was left; it may be cut off anywhere, and done twice."""

    def catch_up(self, task: Task, spent: Spent) -> bool:
        """Take the task's entries into its generation; False when time was spent before."""
        ...

    def take_away(self, task: Task, standing: Standing, spent: Spent) -> bool:
        """Take the task's generation away, which is out of use; False when time was spent before."""
        ...


@dataclass(frozen=True)
class Folding:
    """A Making of a projection's generations: the streams of its kind, one by one."""

    store: EventStore
    feed: Feed
    rows: ViewStore
    checkpoints: CheckpointStore
    projection: Projection
    clock: Clock = utc_now

    def catch_up(self, task: Task, spent: Spent) -> bool:
        """See Making.catch_up. A stream that cannot be folded keeps no other from it."""
        return self._is_done(task, self._project, spent)

    def take_away(self, task: Task, _: Standing, spent: Spent) -> bool:
        """See Making.take_away."""
        return self._is_done(task, self._remove, spent)

    def _is_done(self, task: Task, do: Callable[[Task, StreamId], None], spent: Spent) -> bool:
        """Do something to each stream of the task's entries, from where it was."""
        place, kind, seen = feed_stream(task.tenant), self.projection.kind, set[StreamId]()
        for entry in self._entries(task):
            if spent():
                return False
            for span in entry.spans:
                if span.stream.kind == kind and span.stream not in seen:
                    do(task, span.stream)
            seen.update(span.stream for span in entry.spans)
            self.checkpoints.advance(task.name, place, entry.number)
        return True

    def _entries(self, task: Task) -> Iterator[Entry]:
        done = max(task.first, self.checkpoints.load(task.name, feed_stream(task.tenant)))
        entries = self.feed.entries(task.tenant, done)
        return takewhile(lambda entry: task.last == THE_END or entry.number <= task.last, entries)

    def _project(self, task: Task, stream: StreamId) -> None:
        try:
            project(self.store, self.rows, named(self.projection, task.stored), stream)
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            command = LeaveOut(task.generation, stream.key, type(error).__name__)
            commands(self.store, self.clock).handle(task.stream, command, Origin("rebuild", task.name))

    def _remove(self, task: Task, stream: StreamId) -> None:
        if row := self.rows.load(task.stored, stream):
            self.rows.remove(row)


def folding(
    store: EventStore,
    feed: Feed,
    rows: ViewStore,
    checkpoints: CheckpointStore,
    projections: Iterable[Projection],
    clock: Clock = utc_now,
) -> Mapping[str, Making]:
    """The makings of projections, by their names."""
    return {each.name: Folding(store, feed, rows, checkpoints, each, clock) for each in projections}
