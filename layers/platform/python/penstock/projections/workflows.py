"""Workflows as they are listed, and found by what triggers them."""

from collections.abc import Callable, Iterable, Mapping

from penstock.clock import iso
from penstock.documents.lifecycle import Status
from penstock.events import Event, StreamId
from penstock.events.projection import Projection
from penstock.json import JSONObject
from penstock.workflows.lifecycle import EVENTS
from penstock.workflows.triggers import found_by


def _drafted(document: JSONObject, event: Event) -> JSONObject:
    definition = event.data["definition"]
    return {
        **document,
        "name": definition["name"],
        "description": definition.get("description", ""),
        "nodes": len(definition["nodes"]),
        "draft": _triggers(definition),
    }


def _created(document: JSONObject, event: Event) -> JSONObject:
    begun = {"id": event.stream.key, "status": Status.DRAFT, "created_at": iso(event.time), "versions": []}
    return _drafted({**document, **begun}, event)


def _published(document: JSONObject, event: Event) -> JSONObject:
    version = {
        "number": event.data["version"],
        "revision": event.version,
        "published_at": iso(event.time),
        "triggers": document["draft"],
    }
    return {**document, "status": Status.PUBLISHED, "versions": [*document["versions"], version]}


def _restored(document: JSONObject, event: Event) -> JSONObject:
    return {**document, "draft": document["versions"][event.data["version"] - 1]["triggers"]}


def _archived(document: JSONObject, _: Event) -> JSONObject:
    return {**document, "status": Status.ARCHIVED}


_EVOLVE: Mapping[str, Callable[[JSONObject, Event], JSONObject]] = {
    "WorkflowCreated": _created,
    "WorkflowUpdated": _drafted,
    "WorkflowPublished": _published,
    "VersionRestored": _restored,
    "WorkflowArchived": _archived,
}


def evolve(document: JSONObject | None, event: Event) -> JSONObject | None:
    """The document after the event; a deleted workflow has none."""
    if event.type not in _EVOLVE:
        return None
    changed = _EVOLVE[event.type](document or {}, event)
    return {**changed, "revision": event.version, "updated_at": iso(event.time), "updated_by": event.origin.actor}


def _triggers(definition: JSONObject) -> list[JSONObject]:
    """The nodes that start it; a disabled one does not. A trigger's type is named `<wing>.trigger.<name>`."""
    return [
        {"node": node["name"], "type": node["type"], "parameters": node.get("parameters", {})}
        for node in definition["nodes"]
        if node["type"].split(".")[1:2] == ["trigger"] and not node.get("disabled")
    ]


def published_triggers(document: JSONObject) -> list[JSONObject]:
    """The triggers of the newest version; none when the workflow is not published."""
    return document["versions"][-1]["triggers"] if document["status"] == Status.PUBLISHED else []


def lookups(_: StreamId, document: JSONObject) -> Iterable[tuple[str, str]]:
    """How the workflow is found by what starts it (see `workflows.triggers`)."""
    for trigger in published_triggers(document):
        yield from found_by(trigger["type"], trigger["parameters"])


def index(_: StreamId, document: JSONObject) -> Mapping[str, str]:
    """Listed by status, and by name."""
    return {"status": f"{document['status']} {document['updated_at']}", "name": document["name"].lower()}


def order(_: StreamId, document: JSONObject) -> str:
    """Listed by age."""
    return str(document["created_at"])


WORKFLOWS = Projection(
    "workflows", EVENTS.kind, evolve, revision=2, index=index, order=order, lookups=lookups, types=EVENTS
)
