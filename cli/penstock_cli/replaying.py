"""Folds an execution's stream here, from the events that the API reads out, and keeps the state after each of them."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from penstock.clock import from_millis, iso
from penstock.events import Commit, Event, Origin, StreamId
from penstock.events.aggregate import Aggregate
from penstock.json import JSONObject
from penstock.workflows.catalogue import catalogue
from penstock.workflows.definition import WorkflowDefinition
from penstock.workflows.execution.events import EVENTS
from penstock.workflows.execution.snapshot import aggregate
from penstock.workflows.execution.state import Execution, Items
from penstock.workflows.execution.timeline import timeline
from penstock.workflows.graph import Graph, compile_graph
from penstock_cli.connection import segment
from penstock_cli.errors import WrongUse

if TYPE_CHECKING:
    from penstock_cli.api import Api

MOST_EVENTS = 100_000


def replay(api: "Api", execution: str, to: int | None) -> list[JSONObject]:
    """`{entry, state}` for each event, up to the version `to`. Raises ApiProblem, Unreachable, WrongUse."""
    path = f"/v1/events/{EVENTS.kind}/{segment(execution)}"
    found = api.pages(path, MOST_EVENTS, {"to_version": to}, cursor="after_version")
    if not found:
        raise WrongUse(f"execution {execution} has no events up to version {to}")
    events = [event_from(each) for each in found]
    folding = aggregate(lambda workflow, revision: _graph(api, workflow, revision))
    commit = Commit(events[0].stream, 1, "replay", events)
    entries = timeline(folding, commit.stream, [commit])
    return [
        {"entry": asdict(entry), "state": state}
        for entry, state in zip(entries, _states(folding, commit.stream, events), strict=True)
    ]


def event_from(shown: JSONObject) -> Event:
    """An event as it is stored, from how the API shows it."""
    stream, _, _ = str(shown["id"]).rpartition("@")
    return Event(
        stream=StreamId.parse(stream),
        version=shown["version"],
        type=shown["type"],
        schema=shown["schema_version"],
        time=datetime.fromisoformat(shown["time"]),
        data=shown["data"],
        origin=Origin(shown["actor"], shown["correlation"], shown["causation"]),
    )


def _states(folding: Aggregate[Execution], stream: StreamId, events: Sequence[Event]) -> Iterator[JSONObject]:
    state = folding.initial(stream)
    for event in events:
        state = folding.fold(state, (event,))
        yield standing(state)


def standing(execution: Execution) -> JSONObject:
    """What an execution has come to: which runs are ready, which wait for what, and what each node has sent."""
    return {
        "status": execution.status,
        "ready": [run.key for run in execution.ready],
        "waiting": [
            {
                "run": key,
                "for": waiting.reason,
                "until": None if waiting.until is None else iso(from_millis(waiting.until)),
            }
            for key, waiting in execution.waiting.items()
        ],
        "sent": {
            node: dict(sum((Counter(_counts(run)) for run in runs.values()), Counter()))
            for node, runs in execution.outputs.items()
        },
        "error": execution.error,
    }


def _counts(run: Mapping[str, Items]) -> dict[str, int]:
    return {port: len(items) for port, items in run.items()}


def _graph(api: "Api", workflow: str, revision: int) -> Graph:
    found: Any = api.get(f"/v1/workflows/{segment(workflow)}", {"revision": revision})
    return compile_graph(WorkflowDefinition.model_validate(found["definition"]), catalogue())
