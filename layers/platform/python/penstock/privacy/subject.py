"""The state of a data subject, and what decides its events."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from penstock.clock import iso
from penstock.events import Event, StreamId
from penstock.events.aggregate import Aggregate, Every
from penstock.events.commands import Decisions
from penstock.json import JSON
from penstock.privacy.events import EVENTS, SubjectForgotten, SubjectLinked


@dataclass(frozen=True, slots=True)
class Subject:
    """`families` seal its data now, `above` are those of what these are parts of.

    `ended` are keys that sealed it, `streams` those that had it.
    """

    id: StreamId
    families: frozenset[str] = frozenset()
    above: frozenset[str] = frozenset()
    aliases: frozenset[str] = frozenset()
    ended: frozenset[str] = frozenset()
    streams: frozenset[str] = frozenset()
    forgotten_at: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class LinkSubject:
    """See SubjectLinked."""

    family: str
    above: tuple[str, ...]
    aliases: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class ForgetSubject:
    """The keys were ended; see SubjectForgotten."""

    keys: tuple[str, ...]
    streams: tuple[str, ...]
    reason: str


def _link(subject: Subject, command: LinkSubject) -> Sequence[Any]:
    known = subject.above | subject.aliases
    if command.family in subject.families and known >= {*command.above, *command.aliases}:
        return []
    return [SubjectLinked(command.family, list(command.above), list(command.aliases), command.source)]


def _forget(subject: Subject, command: ForgetSubject) -> Sequence[Any]:
    if subject.ended.issuperset(command.keys) and not subject.families:
        return []
    return [SubjectForgotten(list(command.keys), list(command.streams), command.reason)]


DECISIONS: Decisions[Subject] = {LinkSubject: _link, ForgetSubject: _forget}


def _evolve(subject: Subject, event: Any, stored: Event) -> Subject:
    if isinstance(event, SubjectLinked):
        return replace(
            subject,
            families=subject.families | {event.family},
            above=subject.above | {*event.above},
            aliases=subject.aliases | {*event.aliases},
        )
    return replace(
        subject,
        families=frozenset(),
        above=frozenset(),
        ended=subject.ended | {*event.keys},
        streams=subject.streams | {*event.streams},
        forgotten_at=iso(stored.time),
        reason=event.reason,
    )


_SETS = ("families", "above", "aliases", "ended", "streams")


def _dump(subject: Subject) -> JSON:
    sets = {name: sorted(getattr(subject, name)) for name in _SETS}
    return {"id": str(subject.id), "forgotten_at": subject.forgotten_at, "reason": subject.reason, **sets}


def _restore(state: JSON) -> Subject:
    sets: dict[str, Any] = {name: frozenset(state[name]) for name in _SETS}
    return Subject(StreamId.parse(state["id"]), forgotten_at=state["forgotten_at"], reason=state["reason"], **sets)


AGGREGATE = Aggregate(EVENTS, Subject, _evolve, dump=_dump, restore=_restore, snapshots=Every(100))
