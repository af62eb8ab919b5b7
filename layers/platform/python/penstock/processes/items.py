"""Events as expressions see them, read from the streams that hold them.

An instance names its events and does not copy them: what is confidential stays where access to it is granted.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from penstock.events import EventStore, StreamGap, StreamId
from penstock.json import JSONObject
from penstock.processes.state import START, Process
from penstock.sagas.state import StepStatus
from penstock.workflows.expressions import Scope, Where, resolve
from penstock.workflows.triggers import event_item


@dataclass(frozen=True)
class Items(Mapping[str, JSONObject]):
    """The events of an instance by their ids; each is read when it is asked for, once."""

    store: EventStore
    places: Mapping[str, int]
    _read: dict[str, JSONObject] = field(default_factory=dict)

    @classmethod
    def of(cls, process: Process, store: EventStore) -> "Items":
        """Those of an instance as it stands."""
        return cls(store, process.places)

    def __getitem__(self, event: str) -> JSONObject:
        """The event as an item. Raises KeyError, StreamGap when its stream does not reach so far."""
        if event not in self._read:
            self._read[event] = self._item(event, self.places[event])
        return self._read[event]

    def __iter__(self) -> Iterator[str]:
        return iter(self.places)

    def __len__(self) -> int:
        return len(self.places)

    def _item(self, event: str, commit: int) -> JSONObject:
        stream, _, version = event.rpartition("@")
        found = next(iter(self.store.commits(StreamId.parse(stream), commit - 1)), None)
        for each in found.events if found else ():
            if each.version == int(version):
                return event_item(each)
        raise StreamGap(stream, commit - 1, commit)


def scope(
    process: Process, items: Mapping[str, JSONObject], event: str, now: datetime, effect: str | None = None
) -> Scope:
    """What an expression of an instance sees, on account of an event. `effect` is the key of an action's effect."""
    none: dict[str, list[JSONObject]] = {name: [] for name in process.tasks}
    results = {run.action: [run.result] for run in process.runs.values() if run.status is StepStatus.SUCCEEDED}
    return Scope(
        json=items[event],
        items=[items[event]],
        nodes={**none, **results, START: [items[process.start]]},
        workflow={"id": process.process, "name": process.definition.name, "version": process.version},
        execution={"id": process.id.key, "key": effect},
        now=now,
    )


def holds(condition: str, seen: Scope) -> bool:
    """Whether a condition is true, as JavaScript has it: an empty list is. Raises ExpressionError."""
    value = resolve(condition, seen, where=Where("when"))
    return isinstance(value, dict | list) or bool(value)
