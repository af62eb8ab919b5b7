"""Performs a rebuild's tasks."""

from collections.abc import Mapping
from dataclasses import dataclass

from penstock.clock import Clock, to_millis, utc_now
from penstock.events.model import Origin
from penstock.events.store import EventStore
from penstock.rebuilds.making import Making, Spent
from penstock.rebuilds.standing import FinishSlice, Standing, SwitchOver, commands, load
from penstock.rebuilds.tasks import GRACE_SECONDS, Task, Tasks, Work


@dataclass(frozen=True)
class Worker:
    """Performs tasks for the read models whose code it has: `makings`, by their names."""

    store: EventStore
    tasks: Tasks
    makings: Mapping[str, Making]
    clock: Clock = utc_now

    def perform(self, task: Task, spent: Spent) -> None:
        """Do the task; what there is no time for is handed over. Nothing is done for what is out of use by now."""
        perform = {Work.FOLD: self._fold, Work.SWITCH: self._switch, Work.SWEEP: self._sweep, Work.REMOVE: self._remove}
        perform[task.work](task, load(self.store, task.stream), spent)

    def _fold(self, task: Task, standing: Standing, spent: Spent) -> None:
        if standing.making(task.generation) and self._is_caught_up(task, spent):
            self._handle(task, FinishSlice(task.generation, task.slice))

    def _switch(self, task: Task, standing: Standing, spent: Spent) -> None:
        rebuild = standing.making(task.generation)
        if rebuild is None:
            return
        if to_millis(self.clock()) < rebuild.started + GRACE_SECONDS * 1000:
            self.tasks.send(task, GRACE_SECONDS)
        elif self._is_caught_up(task, spent):
            self._handle(task, SwitchOver(task.generation))

    def _sweep(self, task: Task, standing: Standing, spent: Spent) -> None:
        if task.generation in standing.kept_up:
            self._is_caught_up(task, spent)

    def _remove(self, task: Task, standing: Standing, spent: Spent) -> None:
        if task.generation in standing.kept_up:
            return
        if not self.makings[task.projection].take_away(task, standing, spent):
            self.tasks.send(task)

    def _is_caught_up(self, task: Task, spent: Spent) -> bool:
        """False when the rest is handed over."""
        is_done = self.makings[task.projection].catch_up(task, spent)
        if not is_done:
            self.tasks.send(task)
        return is_done

    def _handle(self, task: Task, command: object) -> None:
        commands(self.store, self.clock).handle(task.stream, command, Origin("rebuild", task.name))
