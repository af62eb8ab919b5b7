"""A tenant with the healthcare sample workflows, everything in memory: started, answered, and time passing."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from penstock.events import Event, Origin, StreamId
from penstock.events.memory import MemoryEventStore
from penstock.workflows.catalogue import catalogue
from penstock.workflows.execution.engine import Engine
from penstock.workflows.execution.ports import Start
from penstock.workflows.execution.state import Execution, Status, Waiting
from penstock.workflows.in_process import in_process_engine
from penstock.workflows.samples import sample_workflows
from penstock.workflows.triggers import event_item, wants
from penstock.workflows.validation import parse
from penstock_healthcare.fhir.resources import Resources

ORIGIN = Origin("key:test", "request-1")
Item = dict[str, Any]


def forever() -> bool:
    return False


@dataclass
class Ward:
    """`workflow` is the id of the sample that it runs, after `healthcare.`."""

    workflow: str
    store: MemoryEventStore = field(default_factory=MemoryEventStore)
    now: datetime = datetime(2026, 11, 24, 8, tzinfo=UTC)

    def __post_init__(self) -> None:
        found = {sample.id: sample.definition for sample in sample_workflows()}
        self.definition = parse(found[f"healthcare.{self.workflow}"], catalogue())
        self.engine: Engine = in_process_engine(
            {self.workflow: self.definition}, store=self.store, clock=lambda: self.now
        )

    def keep(self, *resources: Item) -> None:
        """Resources that were there before."""
        for number, resource in enumerate(resources):
            Resources(self.store, lambda: self.now).save("acme", resource, ORIGIN, f"before-{number}")

    def start(self, item: Item, trigger: str | None = None) -> Execution:
        """An execution, as far as it comes by itself."""
        return self.engine.start(Start("acme", self.workflow, 1, [item], "test", trigger), ORIGIN, forever)

    def start_on(self, event: Event, trigger: str) -> Execution:
        """What the event trigger makes of an event, which it must want."""
        node = next(node for node in self.definition.nodes if node.name == trigger)
        item = event_item(event)
        assert wants(node.type, node.parameters, item)
        return self.start(item, trigger)

    def answer(self, execution: Execution, payload: Any) -> Execution:
        """The one who is asked answers."""
        token = self.asked(execution).token
        assert token
        return self.engine.signal(execution.id, token, payload, ORIGIN, forever)

    def asked(self, execution: Execution) -> Waiting:
        """The one question that is open; it names nobody."""
        assert execution.status is Status.WAITING, execution.error
        [waiting] = execution.waiting.values()
        return waiting

    def after(self, execution: Execution, **wait: float) -> Execution:
        """The execution when some time has passed."""
        self.now += timedelta(**wait)
        return self.engine.resume(execution.id, forever)

    def events(self) -> list[Event]:
        """What workflows emitted, in order."""
        streams = [stream for stream in self.store.streams() if stream.kind == "event"]
        return [event for stream in streams for commit in self.store.commits(stream) for event in commit.events]

    def emitted(self) -> list[tuple[str, Item]]:
        return [(event.type, event.data) for event in self.events()]

    def types(self) -> list[str]:
        return [event.type for event in self.events()]

    def read(self, reference: str) -> Item:
        kind, _, name = reference.partition("/")
        return Resources(self.store).get("acme", kind, name).resource

    def all(self, kind: str) -> list[Item]:
        """Every resource of a type, as it stands."""
        return [self.read(stream.key.replace("-", "/", 1)) for stream in self._streams(kind)]

    def nothing_emitted_holds(self, *texts: str) -> bool:
        """What identifies a person stays out of events that others read."""
        told = json.dumps(self.emitted())
        return not any(text in told for text in texts)

    def _streams(self, kind: str) -> list[StreamId]:
        return [each for each in self.store.streams() if each.kind == "fhir" and each.key.startswith(f"{kind}-")]


def done(execution: Execution) -> bool:
    return execution.status is Status.DONE
