"""What people did with dead letters. The stream is of kind `dead_letter`; its key is the message's id.

An event is stored before its queue is touched: a crash in between leaves the letter where it was, to be settled again.
Each keeps the body, so that nothing is lost with the message.
"""

from dataclasses import dataclass

from penstock.events.types import EventTypes

EVENTS = EventTypes("dead_letter")


@EVENTS.type
@dataclass(frozen=True, slots=True)
class DeadLetterRedriven:
    """Sent to its consumer again, from the dead-letter queue or from the record of its discarding."""

    consumer: str
    stream: str
    body: str
    reason: str


@EVENTS.type
@dataclass(frozen=True, slots=True)
class DeadLetterEdited:
    """Another body took the place of the one it had; it was then redriven."""

    consumer: str
    stream: str
    was: str
    body: str
    reason: str


@EVENTS.type
@dataclass(frozen=True, slots=True)
class DeadLetterDiscarded:
    """Taken out of the queue; its body is here."""

    consumer: str
    stream: str
    body: str
    reason: str


EVENTS.personal("DeadLetterRedriven", "DeadLetterDiscarded", body="")
EVENTS.personal("DeadLetterEdited", was="", body="")
