"""A rebuild's work, cut into tasks that run side by side: each may be cut off, handed over, and performed twice."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Protocol

from penstock.events.checkpoints import CheckpointStore
from penstock.events.model import Event, StreamId
from penstock.events.store import EventStore, contiguous
from penstock.json import JSONObject
from penstock.rebuilds.generations import LONGEST_MEMORY, stored_name
from penstock.rebuilds.standing import AGGREGATE, Standing, load

CONSUMER = "rebuild_tasks"
THE_END = 0
GRACE_SECONDS = int(LONGEST_MEMORY) + 5
"""After a start or a switch, by then every process has heard of it."""

SWEEP_SECONDS = 900


class Work(StrEnum):
    """What a task does."""

    FOLD = "fold"
    """Fold a slice into the new generation."""
    SWITCH = "switch"
    """Fold what came since the start, and show the generation to readers."""
    SWEEP = "sweep"
    """Fold that once more, later: a projector that had not heard of the generation may have left a stream out."""
    REMOVE = "remove"
    """Take away a generation that is out of use."""


@dataclass(frozen=True, slots=True)
class Task:
    """Some of a generation's work: on the feed's entries after `first` and up to `last`; THE_END is where it ends."""

    work: Work
    tenant: str
    projection: str
    generation: int
    slice: int
    first: int
    last: int

    @property
    def stream(self) -> StreamId:
        """The standing's stream."""
        return AGGREGATE.stream(self.tenant, self.projection)

    @property
    def stored(self) -> str:
        """The name under which the generation's rows are kept."""
        return stored_name(self.projection, self.generation)

    @property
    def name(self) -> str:
        """Under which the task keeps its checkpoint."""
        return f"{self.work}:{self.stored}:{self.slice}"

    def to_json(self) -> JSONObject:
        """As queues carry it."""
        return asdict(self)

    @classmethod
    def of(cls, body: JSONObject) -> "Task":
        """The inverse of `to_json`. Raises ValueError, TypeError, KeyError on anything else."""
        return cls(**{**body, "work": Work(body["work"])})


Asked = Sequence[tuple[Task, int]]
"""Tasks, each with the seconds after which it is due."""


class Tasks(Protocol):
    """Carries tasks to those that perform them."""

    def send(self, task: Task, delay: int = 0) -> None:
        """Have the task performed after `delay` seconds, at least once. Raises StoreUnavailable."""
        ...


def hand_out(store: EventStore, checkpoints: CheckpointStore, tasks: Tasks, stream: StreamId) -> None:
    """Hand out the work that a standing's events ask for, those after the checkpoint; twice after a crash."""
    standing, done = load(store, stream), checkpoints.load(CONSUMER, stream)
    for commit in contiguous(stream, store.commits(stream, done), done):
        for event in commit.events:
            for task, delay in _ASKED.get(event.type, _nothing)(standing, event):
                tasks.send(task, delay)
        checkpoints.advance(CONSUMER, stream, commit.number)


def folding(standing: Standing) -> Iterable[Task]:
    """The tasks of the slices that are not folded yet."""
    if rebuild := standing.rebuild:
        for number in rebuild.open:
            yield _task(Work.FOLD, standing, rebuild.generation, *rebuild.bounds(number), number)


def _task(work: Work, standing: Standing, generation: int, first: int, last: int = THE_END, number: int = 0) -> Task:
    return Task(work, standing.id.tenant, standing.id.key, generation, number, first, last)


def _nothing(_: Standing, __: Event) -> Asked:
    return ()


def _open(standing: Standing, _: Event) -> Asked:
    return [(task, 0) for task in folding(standing)] or _switching(standing, _)


def _switching(standing: Standing, _: Event) -> Asked:
    rebuild = standing.rebuild
    if rebuild is None or rebuild.open:
        return []
    return [(_task(Work.SWITCH, standing, rebuild.generation, rebuild.head), GRACE_SECONDS)]


def _switched(standing: Standing, event: Event) -> Asked:
    generation, replaced, head = (event.data[name] for name in ("generation", "replaced", "head"))
    return [
        (_task(Work.SWEEP, standing, generation, head), SWEEP_SECONDS),
        (_task(Work.REMOVE, standing, replaced, 0), GRACE_SECONDS),
    ]


def _given_up(standing: Standing, event: Event) -> Asked:
    return [(_task(Work.REMOVE, standing, event.data["generation"], 0), GRACE_SECONDS)]


_ASKED: Mapping[str, Callable[[Standing, Event], Asked]] = {
    "RebuildStarted": _open,
    "RebuildResumed": _open,
    "SliceRebuilt": _switching,
    "RebuildSwitched": _switched,
    "RebuildAbandoned": _given_up,
}
