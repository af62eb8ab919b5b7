"""What happens to a received HL7 message. Its stream's kind is `hl7_message`, its key the message's id.

The raw message is stored first, in a commit of its own; what reading it says follows in the next one.
"""

from dataclasses import dataclass

from penstock.events.personal import emptied, without_text
from penstock.events.types import EventTypes
from penstock.json import JSONObject

EVENTS = EventTypes("hl7_message")


@EVENTS.type
@dataclass(frozen=True, slots=True)
class HL7MessageStored:
    """A message came in. `raw` is base64 of the bytes as they were received, `sha256` their hash in hex.

    `received_at` is when the listener had it (RFC 3339), `source` who sent it: `{peer, listener}`.
    """

    raw: str
    sha256: str
    size: int
    received_at: str
    source: JSONObject


@EVENTS.type
@dataclass(frozen=True, slots=True)
class HL7MessageAccepted:
    """It is a readable message. `findings` are what the standard asks and it does not give; none of them stops it."""

    message_type: str
    structure: str
    control_id: str
    sending_application: str
    sending_facility: str
    version: str
    charset: str
    findings: list[JSONObject]


@EVENTS.type
@dataclass(frozen=True, slots=True)
class HL7MessageRejected:
    """It cannot be processed as it is. `error` is `{code (table 0357), location, message, rule, acknowledgment}`.

    What could be read of the header stands beside it, "" where nothing could.
    """

    error: JSONObject
    message_type: str
    control_id: str
    sending_application: str
    sending_facility: str
    findings: list[JSONObject]


@EVENTS.type
@dataclass(frozen=True, slots=True)
class HL7MessageResubmitted:
    """Somebody sent it in again: corrected when `raw` (base64) is given, else as it is."""

    raw: str | None
    reason: str


_FAULT = without_text("code", "rule", "acknowledgment", "severity", "path", "location")

EVENTS.personal("HL7MessageStored", raw="", source=without_text())
EVENTS.personal("HL7MessageAccepted", findings=_FAULT)
EVENTS.personal("HL7MessageRejected", error=_FAULT, findings=_FAULT)
EVENTS.personal("HL7MessageResubmitted", raw=emptied, reason="")
