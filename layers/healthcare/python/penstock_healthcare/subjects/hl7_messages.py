"""Patients in HL7 messages: every identifier of PID-3, with the authority that assigned it (HL7 2.5.1, section 2.A.14).

PID-2, PID-4 and PID-18 (older identifiers, the account) and PID-19 (the social security number) name the person too.
"""

import base64
from collections.abc import Iterator

from penstock.events import Event
from penstock.privacy.finders import Found, SubjectFinder, issued
from penstock_healthcare import hl7
from penstock_healthcare.messages.events import EVENTS

_IDENTIFIERS = (2, 3, 4, 18, 19)


def find(event: Event) -> Found:
    """Whom the message is about; nobody, where it cannot be read."""
    raw = event.data.get("raw")
    if not raw:
        return Found()
    try:
        message = hl7.parse(base64.b64decode(raw))
    except (hl7.HL7Error, ValueError):
        return Found()
    return Found(frozenset(_identifiers(message)))


def _identifiers(message: hl7.Message) -> Iterator[str]:
    for pid in message.segments("PID"):
        for field in _IDENTIFIERS:
            for repetition in pid[field]:
                yield from issued(repetition[1].value, repetition[4][1].value or repetition[4][2].value)


HL7_MESSAGES = SubjectFinder(EVENTS.kind, EVENTS, find)
