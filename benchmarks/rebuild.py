"""All projections rebuilt from a million events, by the code that does it on AWS, with its stores in memory.

    python -m benchmarks.rebuild [EVENTS]

The tasks of a rebuild run one after the other in one process here; on AWS, up to 64 run side by side. Beside the time
it prints what the process holds: before, and at most while it rebuilds, since the work must not grow with the past.
What the stores in memory keep is in it: all of the events, and the rows of both generations.
"""

import resource
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from benchmarks.measuring import machine
from benchmarks.synthetic import histories
from penstock.events import Origin, Position
from penstock.events.checkpoints import MemoryCheckpointStore
from penstock.events.discovery import projections
from penstock.events.feed import Mark, MemoryFeed, index
from penstock.events.memory import MemoryEventStore
from penstock.events.projection import project_all
from penstock.events.views import MemoryViewStore
from penstock.rebuilds.making import folding
from penstock.rebuilds.service import Rebuilds
from penstock.rebuilds.standing import AGGREGATE
from penstock.rebuilds.tasks import Task, hand_out
from penstock.rebuilds.worker import Worker

TENANT = "lakeside"
BY = Origin("benchmark", "rebuild")
MEBIBYTE = 1024 * 1024


@dataclass
class Queue:
    """Tasks that are due at once: the clock moves to where the next one is due."""

    now: datetime = datetime(2026, 11, 24, tzinfo=UTC)
    waiting: deque[tuple[datetime, Task]] = field(default_factory=deque)

    def send(self, task: Task, delay: int = 0) -> None:
        """See Tasks.send."""
        self.waiting.append((self.now + timedelta(seconds=delay), task))

    def clock(self) -> datetime:
        """The time."""
        return self.now

    def take(self) -> Task:
        """The next one that is due."""
        due, task = self.waiting.popleft()
        self.now = max(self.now, due)
        return task


@dataclass
class World:
    """The stores, and a past in them that is projected as it would be live."""

    store: MemoryEventStore = field(default_factory=MemoryEventStore)
    feed: MemoryFeed = field(default_factory=MemoryFeed)
    rows: MemoryViewStore = field(default_factory=MemoryViewStore)
    checkpoints: MemoryCheckpointStore = field(default_factory=MemoryCheckpointStore)

    def happen(self, count: int) -> int:
        """Store histories until there are so many events; how many there are then."""
        written = 0
        for history in histories(count):
            place, marks = Position(), []
            for number, drafts in enumerate(history.commits):
                commit = self.store.append(
                    history.stream, drafts, expected=place, commit_id=str(number), origin=history.origin
                )
                place = commit.position
                marks.append(Mark.of(commit))
            index(self.feed, self.store, TENANT, {history.stream: marks})
            project_all(self.store, self.rows, projections(), history.stream)
            written += place.version
            if written >= count:
                break
        return written

    def rebuild(self, projection: str) -> None:
        """Rebuild one projection, from its start to its switch and what follows."""
        queue, known = Queue(), {each.name: each for each in projections()}
        Rebuilds(self.store, self.feed, self.checkpoints, known, queue.clock).start(TENANT, projection, BY)
        makings = folding(self.store, self.feed, self.rows, self.checkpoints, projections(), queue.clock)
        worker = Worker(self.store, queue, makings, queue.clock)
        stream = AGGREGATE.stream(TENANT, projection)
        hand_out(self.store, self.checkpoints, queue, stream)
        while queue.waiting:
            worker.perform(queue.take(), lambda: False)
            hand_out(self.store, self.checkpoints, queue, stream)


def held() -> float:
    """The most that this process has held, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MEBIBYTE


def main() -> None:
    """Print the table."""
    world = World()
    events = world.happen(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
    before = held()
    begun = time.perf_counter()
    for projection in projections():
        world.rebuild(projection.name)
    took = time.perf_counter() - begun
    print(f"{machine()}\n")
    print("| events | projections | seconds | events/s | MiB before | MiB at most |")
    print("|---:|---:|---:|---:|---:|---:|")
    print(f"| {events:,} | {len(projections())} | {took:.0f} | {events / took:,.0f} | {before:,.0f} | {held():,.0f} |")


if __name__ == "__main__":
    main()
