"""An event without its data, as everything outside the store tells it."""

from penstock.clock import iso
from penstock.events.model import Event
from penstock.json import JSONObject


def envelope(event: Event) -> JSONObject:
    """What happened where, when, by whom and why; `time` in RFC 3339."""
    return {
        "id": event.id,
        "tenant": event.stream.tenant,
        "kind": event.stream.kind,
        "key": event.stream.key,
        "version": event.version,
        "type": event.type,
        "schema": event.schema,
        "time": iso(event.time),
        "actor": event.origin.actor,
        "correlation": event.origin.correlation,
        "causation": event.origin.causation,
    }
