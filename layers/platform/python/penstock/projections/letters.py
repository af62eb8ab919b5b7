"""Dead letters that somebody has handled: what was done last, by whom and why, without their bodies."""

from collections.abc import Mapping

from penstock.clock import iso
from penstock.events import Event, StreamId
from penstock.events.projection import Projection
from penstock.json import JSONObject
from penstock.letters.events import EVENTS
from penstock.letters.model import Status

_STATUS: Mapping[str, Status] = {
    "DeadLetterRedriven": Status.REDRIVEN,
    "DeadLetterEdited": Status.REDRIVEN,
    "DeadLetterDiscarded": Status.DISCARDED,
}


def evolve(document: JSONObject | None, event: Event) -> JSONObject | None:
    """The document after the event."""
    was_edited = event.type == "DeadLetterEdited" or bool(document and document["is_edited"])
    return {
        "id": event.stream.key,
        "consumer": event.data["consumer"],
        "stream": event.data["stream"],
        "status": _STATUS[event.type],
        "is_edited": was_edited,
        "reason": event.data["reason"],
        "actor": event.origin.actor,
        "at": iso(event.time),
    }


def order(stream: StreamId, document: JSONObject) -> str:
    """By the time of what was done last: a message's id tells no age."""
    return f"{document['at']} {stream.key}"


def index(stream: StreamId, document: JSONObject) -> Mapping[str, str]:
    """By consumer, then by time."""
    return {"consumer": f"{document['consumer']} {order(stream, document)}"}


DEAD_LETTERS = Projection("dead_letters", EVENTS.kind, evolve, order=order, index=index, types=EVENTS)
