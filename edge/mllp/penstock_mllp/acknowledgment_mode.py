"""Which acknowledgments a message asks for: MSH-15 and MSH-16 (2.5.1: chapter 2, section 2.9.2; table 0155). Pure.

A message with neither is answered in original mode: one answer, the application's. With either, in enhanced mode: the
accept acknowledgment says that the message is safely held, the application's, later, what became of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from penstock_healthcare.hl7 import Message
from penstock_healthcare.hl7.acknowledgment import Code

_POSITIVE: frozenset[Code] = frozenset({"AA", "CA"})
_NEGATIVE: frozenset[Code] = frozenset({"AE", "AR", "CE", "CR"})
_WANTED: Mapping[str, frozenset[Code]] = {
    "AL": _POSITIVE | _NEGATIVE,
    "NE": frozenset(),
    "ER": _NEGATIVE,
    "SU": _POSITIVE,
}
_ALWAYS, _NEVER = "AL", "NE"


@dataclass(frozen=True, slots=True)
class Mode:
    """What the sender wants to hear, by the code of the answer."""

    is_enhanced: bool
    accept: frozenset[Code] = frozenset()
    application: frozenset[Code] = frozenset()


ORIGINAL = Mode(is_enhanced=False, application=_WANTED[_ALWAYS])


def mode_of(header: Message) -> Mode:
    """The mode that the message asks for. One empty field beside a given one means never; an unknown value, always."""
    accept, application = (header.value(path).strip().upper() for path in ("MSH-15", "MSH-16"))
    if not accept and not application:
        return ORIGINAL
    return Mode(True, *(_WANTED.get(asked or _NEVER, _WANTED[_ALWAYS]) for asked in (accept, application)))
