"""Executions as an aggregate: how they fold from stored events, and their snapshots."""

from functools import cache
from typing import Any, get_type_hints

from pydantic import TypeAdapter

from penstock.events import Event, StreamId
from penstock.events.aggregate import Aggregate, Every
from penstock.json import JSON
from penstock.workflows.execution import events as happened
from penstock.workflows.execution.fold import evolve
from penstock.workflows.execution.state import Execution, Graphs

FOLD_VERSION = 1


def aggregate(graphs: Graphs) -> Aggregate[Execution]:
    """How executions fold over the graphs of their workflows."""
    return Aggregate(
        types=happened.EVENTS,
        initial=lambda stream: Execution(id=stream, graphs=graphs),
        evolve=_evolve,
        fold_version=FOLD_VERSION,
        dump=_dump,
        restore=lambda state: _restore(state, graphs),
        snapshots=Every(),
    )


def _evolve(execution: Execution, event: Any, stored: Event) -> Execution:
    if isinstance(event, happened.ExecutionStarted):
        execution.correlation = stored.origin.correlation
    return evolve(execution, event)


@cache
def _fields() -> dict[str, TypeAdapter[Any]]:
    """What a snapshot holds: all of the state but what is looked up again. Outputs stay JSON: there are many."""
    hints = {**get_type_hints(Execution), "outputs": dict[str, dict[int, Any]]}
    return {name: TypeAdapter(hint) for name, hint in hints.items() if name not in ("id", "graphs", "graph")}


def _dump(execution: Execution) -> JSON:
    state = {name: field.dump_python(getattr(execution, name), mode="json") for name, field in _fields().items()}
    return {"id": str(execution.id), **state}


def _restore(state: JSON, graphs: Graphs) -> Execution:
    known = {name: field.validate_python(state[name]) for name, field in _fields().items()}
    execution = Execution(StreamId.parse(state["id"]), graphs, **known)
    if execution.started:
        execution.graph = graphs(execution.started.workflow, execution.started.revision)
    return execution
