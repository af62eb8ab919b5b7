"""Time travel over a stream: as it was, what changed between two points, and what would be if it had been otherwise.

All of it is pure and reads only: commits in, commits or differences out.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import takewhile

from penstock.events.model import Commit, Event
from penstock.json import JSON, JSONObject


@dataclass(frozen=True, slots=True)
class Change:
    """A place in a document that differs: its path (`waiting[0].until`), and what stood there; None for nothing."""

    path: str
    before: JSON
    after: JSON


@dataclass(frozen=True, slots=True)
class Insertion:
    """An event that did not happen, put after the event of a version; 0 puts it first."""

    after: int
    type: str
    data: JSONObject


@dataclass(frozen=True, slots=True)
class Supposition:
    """How a stream's past is supposed to have been: events left out, their data changed, others inserted."""

    without: frozenset[int] = frozenset()
    changed: Mapping[int, JSONObject] = field(default_factory=dict)
    inserted: tuple[Insertion, ...] = ()


def until(commits: Iterable[Commit], time: datetime | None) -> Iterator[Commit]:
    """The commits cut to what had happened at the time (aware); all of them when it is None."""
    for commit in commits:
        events = tuple(takewhile(lambda event: time is None or event.time <= time, commit.events))
        if events:
            yield replace(commit, events=events)
        if len(events) < len(commit.events):
            return


def of_types(commits: Iterable[Commit], types: frozenset[str]) -> Iterator[Commit]:
    """The commits with only the events of some types; all of them when none is named."""
    for commit in commits:
        events = tuple(event for event in commit.events if not types or event.type in types)
        if events:
            yield replace(commit, events=events)


def supposing(commits: Iterable[Commit], supposition: Supposition) -> Iterator[Commit]:
    """The commits as they would be, numbered anew; an inserted event has the time and origin of the one beside it.

    Raises ValueError when a version that is named does not exist.
    """
    read = list(commits)
    known = {event.version for commit in read for event in commit.events}
    named = {*supposition.without, *supposition.changed, *(each.after for each in supposition.inserted)} - {0}
    if missing := sorted(named - known):
        raise ValueError(f"the stream has no event {missing[0]}")
    version = 0
    for commit in read:
        events = tuple(_supposed(commit, supposition))
        numbered = tuple(event._replace(version=version + index) for index, event in enumerate(events, 1))
        version += len(numbered)
        if numbered:
            yield replace(commit, events=numbered)


def _supposed(commit: Commit, supposition: Supposition) -> Iterator[Event]:
    for event in commit.events:
        if event.version == 1:
            yield from _inserted(event, 0, supposition)
        if event.version not in supposition.without:
            yield event._replace(data=supposition.changed.get(event.version, event.data))
        yield from _inserted(event, event.version, supposition)


def _inserted(beside: Event, after: int, supposition: Supposition) -> Iterator[Event]:
    for each in supposition.inserted:
        if each.after == after:
            yield beside._replace(type=each.type, data=each.data)


def differences(before: JSON, after: JSON, path: str = "") -> Iterator[Change]:
    """Every place where two documents differ, the deepest that says it, in the order of the paths."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in sorted({*before, *after}):
            yield from differences(before.get(name), after.get(name), f"{path}.{name}" if path else name)
    elif isinstance(before, list) and isinstance(after, list):
        for index in range(max(len(before), len(after))):
            old, new = (entries[index] if index < len(entries) else None for entries in (before, after))
            yield from differences(old, new, f"{path}[{index}]")
    elif not _same(before, after):
        yield Change(path, before, after)


def _same(before: JSON, after: JSON) -> bool:
    """Equality as JSON has it: true is not 1."""
    return type(before) is type(after) and before == after
