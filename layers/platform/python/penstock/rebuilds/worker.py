"""Performs a rebuild's tasks."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile

from penstock.clock import Clock, to_millis, utc_now
from penstock.events.checkpoints import CheckpointStore
from penstock.events.feed import Entry, Feed, feed_stream
from penstock.events.model import Origin, StreamId
from penstock.events.projection import Projection, named, project
from penstock.events.store import EventStore
from penstock.events.views import ViewStore
from penstock.rebuilds.standing import FinishSlice, LeaveOut, Standing, SwitchOver, commands, load
from penstock.rebuilds.tasks import GRACE_SECONDS, THE_END, Task, Tasks, Work

Spent = Callable[[], bool]


@dataclass(frozen=True)
class Worker:
    """Performs tasks for the projections whose code it has."""

    store: EventStore
    feed: Feed
    rows: ViewStore
    checkpoints: CheckpointStore
    projections: Mapping[str, Projection]
    tasks: Tasks
    clock: Clock = utc_now

    def perform(self, task: Task, spent: Spent) -> None:
        """Do the task; what there is no time for is handed over. Nothing is done for what is out of use by now."""
        perform = {Work.FOLD: self._fold, Work.SWITCH: self._switch, Work.SWEEP: self._sweep, Work.REMOVE: self._remove}
        perform[task.work](task, load(self.store, task.stream), spent)

    def _fold(self, task: Task, standing: Standing, spent: Spent) -> None:
        if standing.making(task.generation) and self._is_done(task, self._project, spent):
            self._handle(task, FinishSlice(task.generation, task.slice))

    def _switch(self, task: Task, standing: Standing, spent: Spent) -> None:
        rebuild = standing.making(task.generation)
        if rebuild is None:
            return
        if to_millis(self.clock()) < rebuild.started + GRACE_SECONDS * 1000:
            self.tasks.send(task, GRACE_SECONDS)
        elif self._is_done(task, self._project, spent):
            self._handle(task, SwitchOver(task.generation))

    def _sweep(self, task: Task, standing: Standing, spent: Spent) -> None:
        if task.generation in standing.kept_up:
            self._is_done(task, self._project, spent)

    def _remove(self, task: Task, standing: Standing, spent: Spent) -> None:
        if task.generation not in standing.kept_up:
            self._is_done(task, self._take_away, spent)

    def _is_done(self, task: Task, do: Callable[[Task, StreamId], None], spent: Spent) -> bool:
        """Do something to each stream of the task's entries, from where it was; False when the rest is handed over."""
        place, kind, seen = feed_stream(task.tenant), self.projections[task.projection].kind, set[StreamId]()
        for entry in self._entries(task):
            if spent():
                self.tasks.send(task)
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
        """Catch the stream up; one that cannot be folded keeps no other from it."""
        try:
            project(self.store, self.rows, named(self.projections[task.projection], task.stored), stream)
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            self._handle(task, LeaveOut(task.generation, stream.key, type(error).__name__))

    def _take_away(self, task: Task, stream: StreamId) -> None:
        if row := self.rows.load(task.stored, stream):
            self.rows.remove(row)

    def _handle(self, task: Task, command: object) -> None:
        commands(self.store, self.clock).handle(task.stream, command, Origin("rebuild", task.name))
