"""What happens to a data subject. Its stream's kind is `subject`, its key a pseudonym of what identifies the person."""

from dataclasses import dataclass

from penstock.events.types import EventTypes

EVENTS = EventTypes("subject")


@EVENTS.type
@dataclass(frozen=True, slots=True)
class SubjectLinked:
    """A transaction's keys seal data of the subject: `family` names them (`events.keyring`), `source` the event.

    `above` are the families of what the transaction is a part of, `aliases` the subjects that are the same person.
    """

    family: str
    above: list[str]
    aliases: list[str]
    source: str


@EVENTS.type
@dataclass(frozen=True, slots=True)
class SubjectForgotten:
    """The keys were ended: what they sealed is unreadable. `streams` (`tenant#kind#key`) have it, and copies of it."""

    keys: list[str]
    streams: list[str]
    reason: str
