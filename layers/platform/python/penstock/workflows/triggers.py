"""What starts published workflows: how a workflow is found by it, and whether it is meant."""

from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256

from penstock.clock import iso
from penstock.events import Event
from penstock.fields import get
from penstock.json import JSONObject
from penstock.nodes import event_trigger
from penstock.routing.webhook import without_seal
from penstock.workflows.catalogue import catalogue
from penstock.workflows.node import Listens

WEBHOOK, EVENT, SCHEDULE = "core.trigger.webhook", "core.trigger.event", "core.trigger.schedule"
ANY_KIND = "*"

_FOUND_BY: Mapping[str, Callable[[JSONObject], Iterable[tuple[str, str]]]] = {
    WEBHOOK: lambda parameters: [("webhook", parameters["path"])],
    EVENT: lambda parameters: [("event", parameters.get("kind", "event") or ANY_KIND)],
}


def found_by(node_type: str, parameters: JSONObject) -> Iterable[tuple[str, str]]:
    """The lookups of a trigger: webhooks by their path, events by the kind of their stream.

    Those that a wing's own consumer starts are found by the trigger's type instead of `event`.
    """
    if node_type in _FOUND_BY:
        return _FOUND_BY[node_type](parameters)
    listens = _listens(node_type)
    return [(node_type if listens.is_wings else "event", listens.kind)] if listens else []


def wants(node_type: str, parameters: JSONObject, event: JSONObject) -> bool:
    """Whether a trigger starts on the event (as `event_item` makes it)."""
    if node_type == EVENT:
        return event_trigger.matches(event_trigger.Parameters.model_validate(parameters), event)
    listens = _listens(node_type)
    return listens is not None and not listens.is_wings and _is_heard(listens, parameters, event)


def event_item(event: Event) -> JSONObject:
    """An event as the item that a workflow starts with."""
    return {
        "id": event.id,
        "type": event.type,
        "kind": event.stream.kind,
        "key": event.stream.key,
        "version": event.version,
        "time": iso(event.time),
        "actor": event.origin.actor,
        "correlation": event.origin.correlation,
        "data": without_seal(event),
    }


def execution_id(cause: str, workflow: str, node: str) -> str:
    """The same cause starts the same workflow once: 32 hex digits that follow from all three."""
    return sha256(f"{cause} {workflow} {node}".encode()).hexdigest()[:32]


def _listens(node_type: str) -> Listens | None:
    known = catalogue().get(node_type)
    return known.listens if known else None


def _is_heard(listens: Listens, parameters: JSONObject, event: JSONObject) -> bool:
    return (
        event["kind"] == listens.kind
        and event["type"] in listens.types
        and all(
            not parameters.get(name) or get(event, path, None) in parameters[name]
            for path, name in listens.match.items()
        )
    )
