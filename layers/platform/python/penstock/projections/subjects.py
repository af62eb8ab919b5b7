"""Data subjects as they are listed: by pseudonym, and whether they are forgotten."""

from collections.abc import Mapping

from penstock.clock import iso
from penstock.events import Event, StreamId
from penstock.events.projection import Projection
from penstock.json import JSONObject
from penstock.privacy.events import EVENTS


def evolve(document: JSONObject | None, event: Event) -> JSONObject | None:
    """The document after the event."""
    known = document or {"id": event.stream.key, "links": 0, "forgotten_at": None, "forgotten_streams": 0}
    at = {"updated_at": iso(event.time)}
    if event.type == "SubjectLinked":
        return {**known, **at, "links": known["links"] + 1}
    streams = known["forgotten_streams"] + len(event.data["streams"])
    return {**known, **at, "links": 0, "forgotten_at": iso(event.time), "forgotten_streams": streams}


def order(stream: StreamId, document: JSONObject) -> str:
    """By when it was changed last: a pseudonym tells nothing of that."""
    return f"{document['updated_at']} {stream.key}"


def index(stream: StreamId, document: JSONObject) -> Mapping[str, str]:
    """Listed by whether something is linked, or was forgotten, each by when it was changed last."""
    standing = "linked" if document["links"] else "forgotten"
    return {"standing": f"{standing} {order(stream, document)}"}


SUBJECTS = Projection("subjects", EVENTS.kind, evolve, order=order, index=index, types=EVENTS)
