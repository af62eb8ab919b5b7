"""Processes as they are listed: definitions, found by the kinds of stream they listen to, and instances."""

from collections.abc import Iterable, Mapping
from typing import Any

from penstock.clock import from_millis, iso, to_millis
from penstock.documents.lifecycle import Status as DefinitionStatus
from penstock.events import Event, StreamId
from penstock.events.projection import Projection
from penstock.json import JSONObject
from penstock.processes import lifecycle
from penstock.processes.events import EVENTS
from penstock.processes.patterns import found_by
from penstock.processes.state import Status


def evolve_definition(document: JSONObject | None, event: Event) -> JSONObject | None:
    """The definition's document after the event. Kinds that any version listens to stay: its instances may run."""
    known = document or {
        "id": event.stream.key,
        "status": DefinitionStatus.DRAFT,
        "version": None,
        "listens": [],
        "created_at": iso(event.time),
    }
    changed = {**known, **_DEFINITION[event.type](known, event)}
    return {**changed, "updated_at": iso(event.time), "updated_by": event.origin.actor}


def _drafted(_: JSONObject, event: Event) -> JSONObject:
    definition = event.data["definition"]
    kinds = sorted(kind for _, kind in found_by(definition))
    return {"name": definition["name"], "description": definition.get("description", ""), "draft": kinds}


def _published(known: JSONObject, event: Event) -> JSONObject:
    listens = sorted({*known["listens"], *known["draft"]})
    return {"status": DefinitionStatus.PUBLISHED, "version": event.data["version"], "listens": listens}


def _archived(_: JSONObject, __: Event) -> JSONObject:
    return {"status": DefinitionStatus.ARCHIVED}


_DEFINITION: Mapping[str, Any] = {
    "ProcessDrafted": _drafted,
    "ProcessPublished": _published,
    "ProcessArchived": _archived,
}


def lookups(_: StreamId, document: JSONObject) -> Iterable[tuple[str, str]]:
    """How the definition is found by an event: by the kind of its stream."""
    return [("process", kind) for kind in document["listens"]]


def index_definition(_: StreamId, document: JSONObject) -> Mapping[str, str]:
    """Listed by status, too."""
    return {"status": f"{document['status']} {document['updated_at']}"}


def order_definition(stream: StreamId, document: JSONObject) -> str:
    """By age."""
    return f"{document['created_at']} {stream.key}"


PROCESS_DEFINITIONS = Projection(
    "process_definitions",
    lifecycle.EVENTS.kind,
    evolve_definition,
    order=order_definition,
    index=index_definition,
    lookups=lookups,
    types=lifecycle.EVENTS,
)


def _started(event: Event) -> JSONObject:
    return {
        "id": event.stream.key,
        "process": event.data["process"],
        "version": event.data["version"],
        "name": event.data["definition"]["name"],
        "status": Status.RUNNING,
        "state": None,
        "deadline": None,
        "stuck": [],
        "reason": None,
        "failures": 0,
        "is_reversed": False,
        "correlation": event.data["correlation"],
        "started_at": iso(event.time),
        "started_ms": to_millis(event.time),
        "ended_at": None,
        "duration_ms": None,
    }


def _entered(document: JSONObject, event: Event) -> JSONObject:
    return {**document, "state": event.data["state"], "deadline": None}


def _deadline(document: JSONObject, event: Event) -> JSONObject:
    return {**document, "deadline": iso(from_millis(event.data["due"]))}


def _failed(document: JSONObject, _: Event) -> JSONObject:
    return {**document, "failures": document["failures"] + 1}


def _reversed(document: JSONObject, event: Event) -> JSONObject:
    turned = {"status": Status.COMPENSATING, "is_reversed": True, "deadline": None, "stuck": []}
    return {**document, **turned, "reason": event.data["reason"]}


def _needs_attention(document: JSONObject, event: Event) -> JSONObject:
    asked = {"status": Status.NEEDS_ATTENTION, "deadline": None, "ended_at": None, "duration_ms": None}
    return {**document, **asked, "stuck": event.data["stuck"], "reason": event.data["reason"]}


def _resumed(document: JSONObject, _: Event) -> JSONObject:
    status = Status.COMPENSATING if document["is_reversed"] else Status.RUNNING
    return {**document, "status": status, "stuck": [], "reason": None}


def _ended(document: JSONObject, event: Event) -> JSONObject:
    took = to_millis(event.time) - document["started_ms"]
    ended = {"status": event.data["end"], "deadline": None, "ended_at": iso(event.time), "duration_ms": took}
    return {**document, **ended}


def _passed(document: JSONObject, _: Event) -> JSONObject:
    return {**document, "deadline": None}


_INSTANCE: Mapping[str, Any] = {
    "StateEntered": _entered,
    "DeadlineSet": _deadline,
    "DeadlinePassed": _passed,
    "ActionFailed": _failed,
    "CompensationFailed": _failed,
    "ProcessReversed": _reversed,
    "ProcessEnded": _ended,
    "ProcessNeedsAttention": _needs_attention,
    "ProcessResumed": _resumed,
}


def evolve(document: JSONObject | None, event: Event) -> JSONObject | None:
    """The instance's document after the event; none before it has started. What it does not show changes nothing."""
    if event.type == "ProcessStarted":
        return _started(event)
    change = _INSTANCE.get(event.type)
    shown: JSONObject | None = change(document, event) if change and document else document
    return shown


def index(stream: StreamId, document: JSONObject) -> Mapping[str, str]:
    """Listed by status, by process, and by both, each by age."""
    status, process, age = document["status"], document["process"], order(stream, document)
    return {"status": f"{status} {age}", "process": f"{process} {age}", "process_status": f"{process} {status} {age}"}


def order(stream: StreamId, document: JSONObject) -> str:
    """By age: an instance's id does not tell it."""
    return f"{document['started_at']} {stream.key}"


PROCESSES = Projection("processes", EVENTS.kind, evolve, order=order, index=index, types=EVENTS)
