"""Starts workflows on what happens: events that the bus carries, and schedules that fire.

Everything here may come twice: an execution's id follows from its cause, so that the second time starts nothing.

Workflows could set each other off for ever. Therefore a workflow does not start on events of its own executions, and
a chain of executions, each started by an event of the one before, ends after ten (see `workflows.causes`).
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, islice

from penstock.events import Event, EventStore, Origin, StreamId
from penstock.events.views import ViewStore
from penstock.json import JSONObject
from penstock.projections.workflows import published_triggers
from penstock.workflows.causes import event_at, executions_behind
from penstock.workflows.errors import UnknownWorkflow, WrongState
from penstock.workflows.execution.engine import Engine
from penstock.workflows.execution.events import EVENTS
from penstock.workflows.execution.ports import Start
from penstock.workflows.triggers import ANY_KIND, event_item, execution_id, wants

LONGEST_CHAIN = 10
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Trigger:
    """A trigger of a published workflow."""

    workflow: str
    revision: int
    node: str
    type: str
    parameters: JSONObject


@dataclass(frozen=True, slots=True)
class Hearing:
    """How listeners are found and asked: the names of their lookups by the kind of a stream, and whether one wants an
    event (as `event_item` makes it). `item` is what a workflow starts with.
    """

    lookups: Callable[[str], Iterable[tuple[str, str]]] = lambda kind: (("event", kind), ("event", ANY_KIND))
    wants: Callable[[str, JSONObject, JSONObject], bool] = wants
    item: Callable[[JSONObject], JSONObject] = lambda event: event


@dataclass(frozen=True)
class Triggering:
    """Starts what is to start; one serves one batch, and looks listeners up once. Executions are left to the queue."""

    store: EventStore
    views: ViewStore
    engine: Engine
    hearing: Hearing = field(default_factory=Hearing)
    _listeners: dict[tuple[str, str], tuple[Trigger, ...]] = field(default_factory=dict)

    def heard(self, stream: StreamId, version: int) -> None:
        """An event happened: start the workflows that listen for it. Raises StreamGap when it cannot be read yet."""
        triggers = self._listening(stream.tenant, stream.kind)
        if not triggers:
            return
        event = event_at(self.store, stream, version)
        item = event_item(event)
        for trigger in triggers:
            is_wanted = self.hearing.wants(trigger.type, trigger.parameters, item)
            if is_wanted and self._may_start(trigger.workflow, event):
                self._start(trigger, event, self.hearing.item(item))

    def fired(self, tenant: str, workflow: str, node: str, time: str, delivery: str) -> None:
        """A schedule fired. `time` is when it was due; without one every `delivery` counts as a firing of its own.

        A workflow that is no longer published, or has no such trigger any more, does not start.
        """
        due = _is_time(time)
        origin = Origin(f"trigger:{node}", f"schedule:{workflow}", None)
        name = execution_id(f"schedule {time if due else delivery}", workflow, node)
        try:
            revision = self.engine.library.published(tenant, workflow)
            items = [{"scheduled_at": time}] if due else []
            self.engine.enqueue(Start(tenant, workflow, revision, items, "schedule", node), origin, name)
        except (UnknownWorkflow, WrongState) as gone:
            _LOG.warning("a schedule of workflow %s fired and starts nothing: %s", workflow, type(gone).__name__)

    def _listening(self, tenant: str, kind: str) -> tuple[Trigger, ...]:
        """The triggers that listen to streams of the kind."""
        if (tenant, kind) not in self._listeners:
            found = {key for each in self.hearing.lookups(kind) for key in self.views.lookup(tenant, *each)}
            triggers = (self._triggers(tenant, workflow) for workflow in sorted(found))
            self._listeners[tenant, kind] = tuple(chain.from_iterable(triggers))
        return self._listeners[tenant, kind]

    def _triggers(self, tenant: str, workflow: str) -> Iterator[Trigger]:
        view = self.views.get(tenant, "workflows", workflow)
        for trigger in published_triggers(view.document) if view else ():
            revision = view.document["versions"][-1]["revision"] if view else 0
            yield Trigger(workflow, revision, trigger["node"], trigger["type"], trigger["parameters"])

    def _may_start(self, workflow: str, event: Event) -> bool:
        """Whether it is sure that starting the workflow on the event does not go on for ever."""
        causes = list(islice(executions_behind(self.store, event), LONGEST_CHAIN))
        is_own = event.stream.kind == EVENTS.kind and bool(causes) and causes[0].data["workflow"] == workflow
        if is_own or len(causes) == LONGEST_CHAIN:
            _LOG.warning("workflow %s does not start on %s: that could go on for ever", workflow, event.id)
            return False
        return True

    def _start(self, trigger: Trigger, event: Event, item: JSONObject) -> None:
        start = Start(event.stream.tenant, trigger.workflow, trigger.revision, [item], "event", trigger.node)
        origin = Origin(f"trigger:{trigger.node}", event.origin.correlation, event.id)
        self.engine.enqueue(start, origin, execution_id(event.id, trigger.workflow, trigger.node))


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
