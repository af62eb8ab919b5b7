"""Executions and runs of sagas as streams of events, and a feed that tells of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from penstock.clock import to_millis
from penstock.events import Draft, Origin, StreamId
from penstock.events.feed import Entry, MemoryFeed, Span
from penstock.events.memory import MemoryEventStore
from penstock.events.store import head
from penstock.sagas import events as saga
from penstock.workflows.execution import events as execution

T0 = datetime(2026, 11, 24, 10, 59, 59, tzinfo=UTC)
BOOM = {"type": "Boom", "message": "no"}


def started(workflow: str = "w-1") -> execution.ExecutionStarted:
    return execution.ExecutionStarted(workflow, 1, "start", [{}], "manual")


def completed(node: str, took: int = 5) -> execution.NodeCompleted:
    return execution.NodeCompleted(node, 0, {"main": []}, took)


def failed(node: str, then: str = "stop") -> execution.NodeFailed:
    return execution.NodeFailed(node, 0, 1, BOOM, then)


def saga_started(name: str = "transfer") -> saga.SagaStarted:
    return saga.SagaStarted(name, {"name": name, "steps": []}, {})


_TYPES: Mapping[str, Any] = {"execution": execution.EVENTS, "saga": saga.EVENTS}


@dataclass
class History:
    """A store and the feed of what is in it. Events are `apart` from each other in time."""

    store: MemoryEventStore = field(default_factory=MemoryEventStore)
    feed: MemoryFeed = field(default_factory=MemoryFeed)
    apart: timedelta = timedelta(milliseconds=100)
    tenant: str = "acme"

    def append(self, key: str, commits: Sequence[Sequence[Any]], *, kind: str = "execution") -> Span:
        """Append the commits to a stream; the span that tells of them."""
        stream, types = StreamId(self.tenant, kind, key), _TYPES[kind]
        end = first = head(self.store.commits(stream))
        for events in commits:
            drafts = [
                Draft(draft.type, draft.data, T0 + self.apart * (end.version + place), draft.schema)
                for place, draft in enumerate(types.draft(event, T0) for event in events)
            ]
            origin = Origin("tester", "c")
            end = self.store.append(stream, drafts, expected=end, commit_id=f"{end.commit}", origin=origin).position
        return Span(stream, first.commit + 1, end.commit, (), to_millis(T0))

    def tell(self, *spans: Span) -> None:
        """An entry of the feed."""
        number = self.feed.head(self.tenant) + 1
        assert self.feed.append(Entry(self.tenant, number, spans))
