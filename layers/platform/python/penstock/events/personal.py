"""Which fields of events can hold what is known of a person, and what stands in their place once that is shredded.

    EVENTS.personal("OrderPlaced", customer="", lines=emptied)

A field's blank is a value, or a pure function of the value that makes one: it keeps what folds rely on (how many items
there were, that there was an error) and nothing of what they held. It is stored beside the sealed value, so reading
needs no declaration; writing does, and whoever can write a type's events has imported it.
"""

from collections.abc import Callable, Mapping
from typing import Any

from penstock.json import JSON

Blank = Callable[[JSON], JSON]
_EMPTY: Mapping[type, JSON] = {bool: False, int: 0, float: 0.0, str: ""}
_declared: dict[tuple[str, str], Mapping[str, Blank]] = {}
_whole: set[str] = set()


def declare(kind: str, event_type: str, fields: Mapping[str, JSON | Blank]) -> None:
    """Fields of a type whose values are personal, each with its blank."""
    blanks = {name: blank if callable(blank) else _always(blank) for name, blank in fields.items()}
    _declared[kind, event_type] = {**_declared.get((kind, event_type), {}), **blanks}


def declare_kind(kind: str) -> None:
    """All data of every event of the kind is personal; `{}` stands in its place."""
    _whole.add(kind)


def blanks(kind: str, event_type: str) -> Mapping[str, Blank] | None:
    """How each personal field of a type is blanked; None when all of its data is personal."""
    return None if kind in _whole else _declared.get((kind, event_type), {})


def emptied(value: JSON) -> JSON:
    """A blank that keeps the JSON type: "" for a text, {} for an object, as many {} as there are objects in a list."""
    if isinstance(value, list):
        return [{} for each in value if isinstance(each, dict)]
    return {} if isinstance(value, dict) else _EMPTY.get(type(value))


def without_text(*kept: str) -> Blank:
    """A blank for an object, or a list of them: the fields that are named stay, texts are "", the rest is emptied."""

    def blank(value: Any) -> JSON:
        if isinstance(value, list):
            return [blank(each) for each in value]
        if not isinstance(value, dict):
            return emptied(value)
        return {name: each if name in kept else emptied(each) for name, each in value.items()}

    return blank


def _always(value: JSON) -> Blank:
    return lambda _: value
