"""An HL7 v2 message → its FHIR R4 resources, and the transaction that stores them."""

from dataclasses import dataclass
from datetime import UTC, tzinfo
from functools import cached_property

from penstock.json import JSONObject
from penstock_healthcare.fhir.errors import NotMapped
from penstock_healthcare.hl7 import BadValue, Message
from penstock_healthcare.mapping import bundle, engine, messages
from penstock_healthcare.mapping.engine import Outcome
from penstock_healthcare.mapping.part import Part
from penstock_healthcare.mapping.primitives import instant
from penstock_healthcare.mapping.run import Run

_FIRST = ("Patient", "Account", "Coverage", "ServiceRequest", "Encounter", "Specimen", "Condition")
_LAST = ("DiagnosticReport", "DocumentReference")


@dataclass(frozen=True)
class Mapped:
    """What a message says. `problems` had to be left out or kept as text, `unmapped` has no place in FHIR R4.

    Both are findings: `path`, `rule`, `message`; none quotes the message.
    """

    outcome: Outcome
    sent_at: str | None
    """The message's own time, an instant; None where it tells none that is exact enough."""

    @cached_property
    def resources(self) -> tuple[JSONObject, ...]:
        """What the message says, as resources that refer to each other by id: reports and documents come last.

        Practitioners, organizations and places, and the visit of a result, are references by identifier and name.
        """
        return tuple(sorted(bundle.told(self.outcome), key=_rank))

    @cached_property
    def bundle(self) -> JSONObject:
        """A transaction Bundle with all that the message says or mentions, and its Provenance."""
        return bundle.transaction(self.outcome, self.sent_at)

    @property
    def problems(self) -> tuple[JSONObject, ...]:
        """Values that had to be left out or kept as text."""
        return tuple(self.outcome.problems)

    @property
    def unmapped(self) -> tuple[JSONObject, ...]:
        """Segments and fields that have no place in FHIR R4 or in our maps, with the reason."""
        return tuple(self.outcome.unmapped)


def from_hl7(message: Message, zone: tzinfo = UTC) -> Mapped:
    """Map a message; `zone` is that of times sent without an offset. Raises NotMapped.

    Ids follow from the sender's identifiers: a message that comes again, or a correction, maps to the same resources.
    """
    name = messages.map_of(message.type)
    if name is None:
        raise NotMapped(message.type, tuple(sorted(messages.types())))
    context = Run(message, zone)
    return Mapped(engine.run(name, message, context), _sent_at(message, context))


def _sent_at(message: Message, context: Run) -> str | None:
    try:
        return instant(Part(message.raw("MSH-7"), message.separators, message.codec), context)
    except BadValue:
        return None


def _rank(resource: JSONObject) -> int:
    kind = resource["resourceType"]
    if kind in _LAST:
        return len(_FIRST) + 1
    return _FIRST.index(kind) if kind in _FIRST else len(_FIRST)
