"""One healthcare node in a workflow that the engine runs, over a store with FHIR resources."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from penstock.events import Origin, StreamId
from penstock.events.memory import MemoryEventStore
from penstock.workflows.catalogue import catalogue
from penstock.workflows.execution.ports import Start
from penstock.workflows.execution.running import NodeRequest
from penstock.workflows.execution.state import Execution, Status
from penstock.workflows.in_process import FoldedViews, in_process_engine
from penstock.workflows.node import Emit, Services
from penstock.workflows.runner import LocalRunner
from penstock.workflows.validation import parse
from penstock_healthcare.fhir.resources import Resources

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
Item = dict[str, Any]
Outputs = Mapping[str, Sequence[Item]]


@dataclass
class Hospital:
    """A tenant's store, and what nodes do to it. `more` are further parameters of the node."""

    store: MemoryEventStore = field(default_factory=MemoryEventStore)

    def keep(self, *resources: Item) -> None:
        """Resources that were there before."""
        for number, resource in enumerate(resources):
            Resources(self.store, lambda: NOW).save("acme", resource, Origin("test", "r-0"), f"before-{number}")

    def execute(self, kind: str, *items: Item, parameters: Item) -> Execution:
        """A workflow of a trigger and the node."""
        definition = {
            "name": "One node",
            "nodes": [
                {"name": "start", "type": "core.trigger.manual"},
                {"name": "node", "type": f"healthcare.{kind}", "parameters": parameters},
            ],
            "connections": [{"from": "start", "to": "node"}],
        }
        engine = in_process_engine({"w": parse(definition, catalogue())}, store=self.store, clock=lambda: NOW)
        return engine.start(
            Start("acme", "w", 1, list(items) or [{}], "test"), Origin("key:test", "r-1"), lambda: False
        )

    def outputs(self, kind: str, *items: Item, **parameters: Any) -> Outputs:
        """What the node sent out."""
        execution = self.execute(kind, *items, parameters=parameters)
        assert execution.status is Status.DONE, execution.error
        [(_, outputs)] = execution.outputs["node"].items()
        return outputs

    def run(self, kind: str, item: Item | None = None, **parameters: Any) -> Item:
        """The one item that left by `main`."""
        [made] = self.outputs(kind, item or {}, **parameters)["main"]
        return made

    def failure(self, kind: str, item: Item | None = None, **parameters: Any) -> tuple[str, str]:
        """The kind and the text of the node's failure, which must be permanent."""
        execution = self.execute(kind, item or {}, parameters=parameters)
        assert execution.status is Status.FAILED, execution.outputs
        assert execution.error
        assert execution.error.get("permanent", True)
        return execution.error["type"], execution.error["message"]

    def twice(self, kind: str, item: Item | None = None, **parameters: Any) -> tuple[Outputs, Outputs]:
        """What the node sends out when a crash makes it run again under its key."""
        runner = LocalRunner(catalogue(), Services(self.store, views=FoldedViews(self.store)))
        request = NodeRequest(
            f"healthcare.{kind}", {"main": [item or {}]}, [parameters], "e/n/1/1", 1, NOW, "acme", "w", "e"
        )
        first, again = runner.run(request), runner.run(request)
        assert isinstance(first, Emit)
        assert isinstance(again, Emit)
        return first.outputs, again.outputs

    def read(self, reference: str) -> Item:
        """A resource as it stands, its decimals exact."""
        kind, _, name = reference.partition("/")
        return Resources(self.store).get("acme", kind, name).resource

    def text(self, reference: str) -> str:
        kind, _, name = reference.partition("/")
        return Resources(self.store).get("acme", kind, name).text

    def commits(self, reference: str) -> int:
        """How often a resource was written."""
        stream = StreamId("acme", "fhir", reference.replace("/", "-", 1))
        return len(list(self.store.commits(stream)))

    def count(self, kind: str) -> int:
        """How many resources of a type there ever were."""
        return len([each for each in self.store.streams() if each.kind == "fhir" and each.key.startswith(f"{kind}-")])
