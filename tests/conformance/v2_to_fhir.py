"""Bundles compared by element: what another converter says of a message and ours does not.

Each leaf of a bundle's resources is a statement: the element's path without indexes, and its value, compared as text in
lower case. Ids, references and displays are each converter's own; of a reference it counts that it is there.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

IGNORED = frozenset({"id", "fullUrl", "div", "resourceType", "display"})
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dt\d\d:\d\d:\d\d(\.\d+)?(z|[+-]\d\d:\d\d)\Z")


def statements(bundle: dict[str, Any]) -> set[tuple[str, str]]:
    """All that a bundle's resources say."""
    found: set[tuple[str, str]] = set()
    for entry in bundle.get("entry", ()):
        resource = entry["resource"]
        found.update(_leaves(resource, resource["resourceType"]))
    return found


def missing(expected: dict[str, Any], ours: dict[str, Any]) -> list[tuple[str, str]]:
    """What is said there and not here, sorted."""
    mine = statements(ours)
    return sorted(each for each in statements(expected) if each not in mine)


def _leaves(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, part in value.items():
            if name == "reference":
                yield f"{path}.reference", "there is one"
            elif name not in IGNORED:
                yield from _leaves(part, f"{path}.{name}")
    elif isinstance(value, list):
        for part in value:
            yield from _leaves(part, path)
    else:
        yield path, _text(value)


def _text(value: Any) -> str:
    """Values that mean the same are the same: a time in any offset, blanks, upper and lower case."""
    text = " ".join(str(value).lower().split())
    if _INSTANT.match(text):
        return datetime.fromisoformat(text.upper()).astimezone(UTC).isoformat(timespec="seconds")
    return text.removesuffix(".0")
