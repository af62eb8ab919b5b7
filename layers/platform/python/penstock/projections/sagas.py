"""Runs of sagas as they are listed: where each stands, without its input and results."""

from collections.abc import Callable, Mapping

from penstock.clock import iso, to_millis
from penstock.events import Event, StreamId
from penstock.events.projection import Projection
from penstock.json import JSONObject
from penstock.sagas.events import EVENTS
from penstock.sagas.state import Status


def _started(_: JSONObject, event: Event) -> JSONObject:
    return {
        "id": event.stream.key,
        "saga": event.data["saga"],
        "name": event.data["definition"]["name"],
        "status": Status.RUNNING,
        "step": None,
        "stuck": [],
        "reason": None,
        "failures": 0,
        "is_reversed": False,
        "correlation": event.origin.correlation,
        "actor": event.origin.actor,
        "started_at": iso(event.time),
        "started_ms": to_millis(event.time),
        "ended_at": None,
        "duration_ms": None,
    }


def _at_step(document: JSONObject, event: Event) -> JSONObject:
    return {**document, "step": event.data["step"]}


def _failed(document: JSONObject, _: Event) -> JSONObject:
    return {**document, "failures": document["failures"] + 1}


def _reversed(document: JSONObject, _: Event) -> JSONObject:
    return {**document, "status": Status.COMPENSATING, "is_reversed": True}


def _needs_attention(document: JSONObject, event: Event) -> JSONObject:
    return {
        **document,
        "status": Status.NEEDS_ATTENTION,
        "stuck": event.data["steps"],
        "reason": event.data["reason"],
        "ended_at": None,
        "duration_ms": None,
    }


def _resolved(document: JSONObject, event: Event) -> JSONObject:
    return document if event.data["happened"] else {**document, "is_reversed": True}


def _resumed(document: JSONObject, _: Event) -> JSONObject:
    status = Status.COMPENSATING if document["is_reversed"] else Status.RUNNING
    return {**document, "status": status, "stuck": [], "reason": None}


def _ended(status: Status) -> Callable[[JSONObject, Event], JSONObject]:
    def end(document: JSONObject, event: Event) -> JSONObject:
        took = to_millis(event.time) - document["started_ms"]
        return {**document, "status": status, "step": None, "ended_at": iso(event.time), "duration_ms": took}

    return end


_EVOLVE: Mapping[str, Callable[[JSONObject, Event], JSONObject]] = {
    "SagaStarted": _started,
    "StepStarted": _at_step,
    "StepFailed": _failed,
    "SagaReversed": _reversed,
    "CompensationStarted": _at_step,
    "CompensationFailed": _failed,
    "SagaCompleted": _ended(Status.COMPLETED),
    "SagaCompensated": _ended(Status.COMPENSATED),
    "SagaNeedsAttention": _needs_attention,
    "StepResolved": _resolved,
    "SagaResumed": _resumed,
}


def evolve(document: JSONObject | None, event: Event) -> JSONObject | None:
    """The document after the event; what it does not show changes nothing."""
    change = _EVOLVE.get(event.type)
    return change(document or {}, event) if change else document


def index(stream: StreamId, document: JSONObject) -> Mapping[str, str]:
    """Listed by status, by saga, and by both, each by age."""
    status, saga, age = document["status"], document["saga"], f"{document['started_at']} {stream.key}"
    return {"status": f"{status} {age}", "saga": f"{saga} {age}", "saga_status": f"{saga} {status} {age}"}


def order(stream: StreamId, document: JSONObject) -> str:
    """By age: a run's id need not tell it."""
    return f"{document['started_at']} {stream.key}"


SAGAS = Projection("sagas", EVENTS.kind, evolve, order=order, index=index, types=EVENTS)
