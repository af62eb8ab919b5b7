"""What the platform made of the messages, read back through the public API; what waits for a clinician is answered."""

import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from penstock.events import StreamId
from penstock.nodes.emit_event import EVENT_KIND, event_key
from penstock_cli.api import Api
from penstock_cli.demo.expected import DECISION, Expected, references
from penstock_healthcare.messages.message import AGGREGATE

SECONDS = 60.0
POLL_SECONDS = 0.3
MOST = 1_000
MOST_EVENTS = 10_000
ENDED = ("done", "failed", "cancelled")
EMIT = "core.emit"
Document = dict[str, Any]


@dataclass(frozen=True)
class Ran:
    """One execution: as it ended, its timeline, the message that started it, whether it asked, what it emitted."""

    message: str
    workflow: str
    execution: Document
    timeline: Sequence[Document]
    asked: bool
    resources: frozenset[str]
    emitted: Sequence[Document]


@dataclass(frozen=True)
class Outcome:
    """All of it. `resources` are by reference, `events` all of the messages, executions and what they emitted."""

    acknowledgments: Sequence[Document]
    ran: Sequence[Ran]
    resources: dict[str, Document]
    events: Sequence[Document]
    rejected: Sequence[Document]


@dataclass
class Reader:
    """Reads the platform, for `SECONDS` at most. Raises ApiProblem, Unreachable."""

    api: Api
    workflows: dict[str, str]
    end: float = field(default_factory=lambda: time.monotonic() + SECONDS)
    asked: set[str] = field(default_factory=set)

    def executions(self, messages: Collection[str], count: int) -> list[Document]:
        """The executions that the messages started, once there are `count` or the time is up."""
        while True:
            listed = self.api.pages("/v1/executions", MOST)
            found = [entry for entry in listed if entry["correlation"] in messages and not entry["parent"]]
            if len(found) >= count or self._is_late():
                return found
            time.sleep(POLL_SECONDS)

    def settled(self, execution: str) -> Document:
        """The execution once it has ended, with every question answered on the way; or as it stands in the end."""
        while True:
            found: Document = self.api.get(f"/v1/executions/{execution}")
            for waiting in found["waiting"]:
                if waiting["callback"]:
                    self.asked.add(execution)
                    self.api.post(waiting["callback"], DECISION)
            if found["status"] in ENDED or self._is_late():
                return found
            time.sleep(POLL_SECONDS)

    def ran(self, entry: Document) -> Ran:
        """An execution with all that it left behind. It must have settled."""
        execution = self.settled(entry["id"])
        timeline = self.api.pages(f"/v1/executions/{entry['id']}/timeline", MOST_EVENTS, cursor="after")
        return Ran(
            message=entry["correlation"],
            workflow=self.workflows.get(entry["workflow"], str(entry["workflow"])),
            execution=execution,
            timeline=timeline,
            asked=entry["id"] in self.asked,
            resources=frozenset(references(execution["items"])),
            emitted=list(self._emitted(execution, timeline)),
        )

    def resources(self, wanted: Collection[str]) -> dict[str, Document]:
        """FHIR resources by reference."""
        return {reference: self.api.get(f"/v1/healthcare/fhir/{reference}") for reference in sorted(wanted)}

    def stream(self, kind: str, key: str) -> list[Document]:
        """Every event of a stream."""
        return self.api.pages(f"/v1/events/{kind}/{key}", MOST_EVENTS, cursor="after_version")

    def rejected(self, wanted: Collection[str]) -> list[Document]:
        """The rejected messages among those, as the API lists them, once they are listed or the time is up."""
        while True:
            listed = self.api.pages("/v1/healthcare/messages", MOST, {"status": "rejected"})
            found = [entry for entry in listed if entry["id"] in wanted]
            if len(found) >= len(wanted) or self._is_late():
                return found
            time.sleep(POLL_SECONDS)

    def _emitted(self, execution: Document, timeline: Sequence[Document]) -> Iterator[Document]:
        definition = self.api.get(f"/v1/workflows/{execution['workflow']}", {"revision": execution["revision"]})
        emitting = {node["name"] for node in definition["definition"]["nodes"] if node["type"] == EMIT}
        for entry in timeline:
            if entry["type"] == "NodeCompleted" and entry["node"] in emitting:
                run = f"{execution['id']}/{entry['node']}/{entry['run']}/{entry['attempt']}"
                for index in range(entry["outputs"].get("main", 0)):
                    yield from self.stream(EVENT_KIND, event_key(self._tenant(execution), run, index))

    def _tenant(self, execution: Document) -> str:
        """The tenant stands in the ids of its events."""
        first = self.stream("execution", execution["id"])[0]
        return StreamId.parse(first["id"].rpartition("@")[0]).tenant

    def _is_late(self) -> bool:
        return time.monotonic() > self.end


def read_back(reader: Reader, messages: Sequence[Expected], acknowledgments: Sequence[Document]) -> Outcome:
    """Everything the messages came to."""
    ids = {message.id for message in messages}
    found = reader.executions(ids, sum(len(message.runs) for message in messages))
    ran = [reader.ran(entry) for entry in reversed(found)]
    events = [event for each in sorted(ids) for event in reader.stream(AGGREGATE.types.kind, each)]
    events += [event for each in ran for event in reader.stream("execution", each.execution["id"])]
    events += [event for each in ran for event in each.emitted]
    return Outcome(
        acknowledgments=acknowledgments,
        ran=ran,
        resources=reader.resources(frozenset().union(*(each.resources for each in ran))),
        events=events,
        rejected=reader.rejected({message.id for message in messages if message.code != "AA"}),
    )
