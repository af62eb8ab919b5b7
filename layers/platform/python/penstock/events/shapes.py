"""The shapes of stored events, kept for ever: what has been stored once must be readable always.

A file holds, by kind, type and schema version, the fields of every event that was ever stored. A change of a type's
fields needs an upcaster, which makes a new schema version; an entry that is there is never changed.

`python -m penstock.events.shapes FILE` adds the versions that are new, and refuses any other change.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path

import orjson

from penstock.discovery import holding
from penstock.events.types import EventTypes
from penstock.json import loads

Fields = Mapping[str, str]
Shapes = Mapping[str, Mapping[str, Mapping[str, Fields]]]
"""kind → type → schema version, as text → field → its type."""


def known_types() -> Iterable[EventTypes]:
    """The event types of every kind that there is, by kind: the modules that make them are imported."""
    found = {
        value.kind: value
        for module in holding("= EventTypes(")
        for value in vars(module).values()
        if isinstance(value, EventTypes)
    }
    return [found[kind] for kind in sorted(found)]


def shapes(types: Iterable[EventTypes]) -> Shapes:
    """The shapes that new events are stored in."""
    return {
        each.kind: {name: {str(each.schema(name)): _fields(each.types[name])} for name in sorted(each.types)}
        for each in types
    }


def refusals(stored: Shapes, current: Shapes) -> Iterator[str]:
    """Why the current shapes may not follow the stored ones: a sentence for each type that was changed or is gone."""
    for kind, types in stored.items():
        for name, versions in types.items():
            now = current.get(kind, {}).get(name)
            if now is None:
                yield f"{kind}.{name} is gone, but events of it are stored"
                continue
            ((version, shape),) = now.items()
            if version in versions and versions[version] != shape:
                yield f"{kind}.{name} has other fields than schema version {version}: add an upcaster from it"
            if int(version) < max(map(int, versions)):
                yield f"{kind}.{name} is at schema version {version}, but events of {max(versions)} are stored"


def merged(stored: Shapes, current: Shapes) -> Shapes:
    """The stored shapes with the new types and versions."""
    return {
        kind: {
            name: {**stored.get(kind, {}).get(name, {}), **current.get(kind, {}).get(name, {})}
            for name in sorted({*stored.get(kind, {}), *current.get(kind, {})})
        }
        for kind in sorted({*stored, *current})
    }


def _fields(event_type: type) -> Fields:
    return {field.name: str(getattr(field.type, "__name__", field.type)) for field in fields(event_type)}


def main() -> None:
    """Add what is new to the file named on the command line; exit 1 when a stored shape was changed."""
    file = Path(sys.argv[1])
    stored: Shapes = loads(file.read_bytes()) if file.exists() else {}
    current = shapes(known_types())
    if reasons := list(refusals(stored, current)):
        raise SystemExit("\n".join(reasons))
    file.write_bytes(orjson.dumps(merged(stored, current), option=orjson.OPT_INDENT_2) + b"\n")


if __name__ == "__main__":
    main()
