"""A payer on 127.0.0.1 that answers with X12, and an engine with one sample workflow that asks it."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from penstock.events import Origin
from penstock.events.memory import MemoryEventStore
from penstock.json import loads
from penstock.workflows.catalogue import catalogue
from penstock.workflows.execution.engine import Engine
from penstock.workflows.execution.ports import Start
from penstock.workflows.execution.state import Execution, Status
from penstock.workflows.in_process import in_process_engine
from penstock.workflows.samples import sample_workflows
from penstock.workflows.validation import parse
from tests.unit.platform.nodes.http_server import Answer, Asked, Server

EVENTS = Path(__file__).parents[4] / "events"
ORIGIN = Origin("key:test", "request-1")


def forever() -> bool:
    return False


def edi(content: str | bytes, status: int = 200) -> Answer:
    body = content.encode() if isinstance(content, str) else content
    return Answer(status, body, {"Content-Type": "application/edi-x12"})


@dataclass
class Clinic:
    """A tenant with one sample workflow, whose payer is the server."""

    sample: str
    payer: Server
    store: MemoryEventStore = field(default_factory=MemoryEventStore)
    now: datetime = datetime(2026, 11, 24, 8, tzinfo=UTC)

    def __post_init__(self) -> None:
        [found] = [each for each in sample_workflows() if each.id == f"healthcare.{self.sample}"]
        definition = parse(found.definition, catalogue())
        variables = {**definition.settings.variables, "payer_url": f"{self.payer.url}/x12"}
        settings = definition.settings.model_copy(update={"variables": variables})
        used = {"w": definition.model_copy(update={"settings": settings})}
        self.engine: Engine = in_process_engine(used, store=self.store, clock=lambda: self.now)
        self.item = loads((EVENTS / "workflows" / f"{self.sample}.json").read_bytes())

    def start(self, **changes: Any) -> Execution:
        start = Start("acme", "w", 1, [{**self.item, **changes}], "manual")
        return self.engine.start(start, ORIGIN, forever)

    def answer(self, execution: Execution, payload: Any) -> Execution:
        """What the one who waits is told."""
        [waiting] = execution.waiting.values()
        assert waiting.token
        return self.engine.signal(execution.id, waiting.token, payload, ORIGIN, forever)

    def waited_out(self, execution: Execution, times: int = 3) -> Execution:
        """The execution after it has waited five minutes, so many times."""
        for _ in range(times):
            assert execution.status is Status.WAITING
            self.now += timedelta(minutes=5)
            execution = self.engine.resume(execution.id, forever)
        return execution

    def asked_by(self, execution: Execution) -> str:
        """What a person or the payer is asked."""
        [waiting] = execution.waiting.values()
        return str(waiting.details["message"])

    def emitted(self) -> list[tuple[str, Any]]:
        """The events that the workflow emitted, in order."""
        streams = [stream for stream in self.store.streams() if stream.kind == "event"]
        events = [event for stream in streams for commit in self.store.commits(stream) for event in commit.events]
        return [(event.type, event.data) for event in events]


def answering(content: str, sent: str) -> str:
    """A sample as the answer to what was sent: with its trace."""
    [trace] = re.findall(r"TRN\*1\*([^*]+)", sent)
    return re.sub(r"TRN\*2\*[^*]+", f"TRN*2*{trace}", content)


def question(asked: Asked) -> str:
    """The X12 that the payer was sent."""
    return asked.body.decode()
