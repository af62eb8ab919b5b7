"""Executions as they are listed: where each stands, without its items."""

from collections.abc import Callable, Mapping

from penstock.clock import iso, to_millis
from penstock.events import Event, StreamId
from penstock.events.projection import Projection
from penstock.json import JSONObject
from penstock.workflows.execution.events import EVENTS
from penstock.workflows.execution.state import Status


def _started(_: JSONObject, event: Event) -> JSONObject:
    return {
        "id": event.stream.key,
        "workflow": event.data["workflow"],
        "revision": event.data["revision"],
        "mode": event.data["mode"],
        "trigger": event.data["trigger"],
        "parent": (event.data["parent"] or {}).get("execution"),
        "correlation": event.origin.correlation,
        "actor": event.origin.actor,
        "status": Status.RUNNING,
        "started_at": iso(event.time),
        "ended_at": None,
        "duration_ms": None,
        "nodes_completed": 0,
        "failures": 0,
        "waiting": [],
        "error": None,
    }


def _completed(document: JSONObject, _: Event) -> JSONObject:
    return {**document, "nodes_completed": document["nodes_completed"] + 1}


def _failed(document: JSONObject, _: Event) -> JSONObject:
    return {**document, "failures": document["failures"] + 1}


def _waiting(document: JSONObject, event: Event) -> JSONObject:
    entry = {name: event.data[name] for name in ("node", "run", "reason", "until")}
    return {**document, "status": Status.WAITING, "waiting": [*document["waiting"], entry]}


def _resumed(document: JSONObject, event: Event) -> JSONObject:
    run = (event.data["node"], event.data["run"])
    waiting = [entry for entry in document["waiting"] if (entry["node"], entry["run"]) != run]
    return {**document, "status": Status.WAITING if waiting else Status.RUNNING, "waiting": waiting}


def _ended(status: Status) -> Callable[[JSONObject, Event], JSONObject]:
    def end(document: JSONObject, event: Event) -> JSONObject:
        return {
            **document,
            "status": status,
            "ended_at": iso(event.time),
            "duration_ms": to_millis(event.time) - document["started_ms"],
            "waiting": [],
            "error": event.data.get("error"),
        }

    return end


def _retried(document: JSONObject, _: Event) -> JSONObject:
    return {**document, "status": Status.RUNNING, "ended_at": None, "duration_ms": None, "error": None}


_EVOLVE: Mapping[str, Callable[[JSONObject, Event], JSONObject]] = {
    "ExecutionStarted": lambda document, event: {**_started(document, event), "started_ms": to_millis(event.time)},
    "NodeCompleted": _completed,
    "NodeFailed": _failed,
    "NodeWaiting": _waiting,
    "NodeResumed": _resumed,
    "ExecutionCompleted": _ended(Status.DONE),
    "ExecutionFailed": _ended(Status.FAILED),
    "ExecutionCancelled": _ended(Status.CANCELLED),
    "ExecutionRetried": _retried,
}


def evolve(document: JSONObject | None, event: Event) -> JSONObject | None:
    """The document after the event."""
    return _EVOLVE[event.type](document or {}, event)


def index(stream: StreamId, document: JSONObject) -> Mapping[str, str]:
    """Listed by status, by workflow, and by both, each by age."""
    status, workflow, age = document["status"], document["workflow"], f"{document['started_at']} {stream.key}"
    return {
        "status": f"{status} {age}",
        "workflow": f"{workflow} {age}",
        "workflow_status": f"{workflow} {status} {age}",
    }


def order(stream: StreamId, document: JSONObject) -> str:
    """By age: an execution's id need not tell it."""
    return f"{document['started_at']} {stream.key}"


EXECUTIONS = Projection("executions", EVENTS.kind, evolve, order=order, index=index, types=EVENTS)
