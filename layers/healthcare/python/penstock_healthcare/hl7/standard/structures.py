"""Message structures: the grammar of segments and groups, by version."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from penstock_healthcare.hl7.standard.versions import VERSIONS

_TOKEN = re.compile(r"([(<]\w+|[)>]|\w+)([?*+]?)")
_ANYTHING = "ANYHL7SEGMENT"


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in a structure: a segment, or a group with `parts`."""

    name: str
    required: bool
    repeats: bool
    parts: tuple["Slot", ...] = ()
    choice: bool = False
    """Whether the group is one of its parts."""
    opens: frozenset[str] = frozenset()
    """The segments that it can begin with."""
    holds: frozenset[str] = frozenset()
    """All segments in it."""


@cache
def structure(name: str, version: str) -> Slot | None:
    """The structure as a group; None where the version does not have it, or leaves its content to the site."""
    found = None
    for since, text in _lines().get(name, ()):
        if VERSIONS.index(since) <= VERSIONS.index(version):
            found = text
    if found is None or found == "-" or _ANYTHING in found:
        return None
    return _group(name, "", _parts(_TOKEN.finditer(found)), choice=False)


@cache
def structure_name(code: str, event: str, stated: str, version: str) -> str:
    """The structure of a message by MSH-9: the stated one, else that of type and event; "" for none in the version."""
    wanted = [stated, *_by_event().get((code, event), ()), f"{code}_{event}", code]
    return next((name for name in wanted if name and structure(name, version)), "")


@cache
def _lines() -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for line in Path(__file__).with_name("structures.txt").read_text(encoding="ascii").splitlines():
        name, since, text = line.split(" ", 2)
        found.setdefault(name, []).append((since, text))
    return found


@cache
def _by_event() -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for line in Path(__file__).with_name("events.txt").read_text(encoding="ascii").splitlines():
        name, *events = line.split(" ")
        for event in events:
            found.setdefault((name[:3], event), []).append(name)
    return found


def _parts(tokens: Iterator[re.Match[str]]) -> tuple[tuple[Slot, ...], str]:
    """The parts up to the end of the group, and how often the group comes."""
    parts: list[Slot] = []
    for token in tokens:
        word, count = token.groups()
        if word in ")>":
            return tuple(parts), count
        if word[0] in "(<":
            inner = _parts(tokens)
            parts.append(_group(word[1:], inner[1], inner, choice=word[0] == "<"))
        else:
            only = frozenset({word})
            parts.append(Slot(word, count in ("", "+"), count in ("*", "+"), opens=only, holds=only))
    return tuple(parts), ""


def _group(name: str, count: str, inner: tuple[tuple[Slot, ...], str], *, choice: bool) -> Slot:
    parts = inner[0]
    required = count in ("", "+") and any(part.required for part in parts)
    return Slot(name, required, count in ("*", "+"), parts, choice, _opens(parts, choice), _union(parts))


def _opens(parts: tuple[Slot, ...], choice: bool) -> frozenset[str]:
    found: frozenset[str] = frozenset()
    for part in parts:
        found |= part.opens
        if part.required and not choice:
            break
    return found


def _union(parts: tuple[Slot, ...]) -> frozenset[str]:
    return frozenset().union(*(part.holds for part in parts))
