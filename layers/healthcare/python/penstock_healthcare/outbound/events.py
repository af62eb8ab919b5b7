"""What happens to an outbound message, and how it is queued.

A message's stream has the kind `hl7_outbound` and the message's id as its key; a queue's the kind `hl7_queue` and
`<destination>.<execution>`.
"""

from dataclasses import dataclass

from penstock.events.personal import without_text
from penstock.events.types import EventTypes
from penstock.json import JSONObject

EVENTS = EventTypes("hl7_outbound")
QUEUE_EVENTS = EventTypes("hl7_queue")


@EVENTS.type
@dataclass(frozen=True, slots=True)
class HL7MessageQueued:
    """A message is to be sent to a destination that a gateway knows. `raw` is base64 of its bytes."""

    destination: str
    raw: str
    sha256: str
    size: int
    message_type: str
    control_id: str


@EVENTS.type
@dataclass(frozen=True, slots=True)
class HL7MessageAcknowledged:
    """The receiver has it: `code` is AA, or CA where it answered no more. `acknowledgment` is base64 of its answer.

    `round` counts how often the message was queued, `attempts` how often it was sent in this round.
    """

    round: int
    code: str
    acknowledgment: str
    acknowledged_at: str
    attempts: int


@EVENTS.type
@dataclass(frozen=True, slots=True)
class HL7MessageRefused:
    """The receiver will not have it: `code` is AE, AR, CE or CR, or "" when it could not be sent at all.

    `errors` are `{code, location, message}`, as the receiver's ERR or MSA gave them.
    """

    round: int
    code: str
    errors: list[JSONObject]
    acknowledgment: str
    acknowledged_at: str
    attempts: int


@EVENTS.type
@dataclass(frozen=True, slots=True)
class HL7MessageRequeued:
    """Somebody sent it again, as it is."""

    reason: str


@QUEUE_EVENTS.type
@dataclass(frozen=True, slots=True)
class HL7MessageEnqueued:
    """A message takes its place in the queue of a destination, for a round."""

    destination: str
    message: str
    round: int


EVENTS.personal("HL7MessageQueued", raw="")
EVENTS.personal("HL7MessageAcknowledged", acknowledgment="")
EVENTS.personal("HL7MessageRefused", acknowledgment="", errors=without_text("code", "location"))
EVENTS.personal("HL7MessageRequeued", reason="")
