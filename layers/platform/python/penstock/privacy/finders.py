"""How subjects are found in events: a wing declares it, for each kind whose events name people.

    PATIENTS = SubjectFinder("hl7_message", EVENTS, find)       # in <wing>/subjects/<name>.py

An identifier is what a person is asked for by: `100234`, or with who issued it, `LAKESIDE|100234`; a finder gives both.
A reference is a name that other events use for the same person: `Patient/123`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from penstock.discovery import declared
from penstock.events.model import Event
from penstock.events.types import EventTypes

LONGEST_IDENTIFIER = 300


@dataclass(frozen=True, slots=True)
class Found:
    """Who an event is about."""

    identifiers: frozenset[str] = frozenset()
    references: frozenset[str] = frozenset()


@dataclass(frozen=True)
class SubjectFinder:
    """Finds subjects in the events of one kind; `find` takes an event in its newest shape, and is pure.

    It must stand an event whose personal fields are blank, and finds nobody there.
    """

    kind: str
    types: EventTypes
    find: Callable[[Event], Found]

    @property
    def name(self) -> str:
        """The kind."""
        return self.kind

    def found(self, event: Event) -> Found:
        """Who the event is about. Raises UnknownEventType."""
        return self.find(event._replace(data=self.types.upcast(event)))


@cache
def finders() -> Mapping[str, SubjectFinder]:
    """Every finder, by kind. Raises ValueError when two have one kind."""
    return declared("subjects", SubjectFinder)


def issued(value: str, issuer: str) -> frozenset[str]:
    """What asks for an identifier: the value alone, and with who issued it. Nothing for an empty or an endless one."""
    given = value.strip()
    texts = {given, f"{issuer.strip()}|{given}"} if issuer.strip() else {given}
    return frozenset(text for text in texts if given and len(text) <= LONGEST_IDENTIFIER)
