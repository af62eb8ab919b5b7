"""Whether a message can be sent so that its receiver confirms it. Pure; no reason quotes the message.

A message that asks for acknowledgments (MSH-15 and MSH-16, table 0155) must ask for one on success: else silence could
mean that it arrived, or that it did not, and the gateway would have to send it for ever, or never again.
"""

from penstock_healthcare.hl7 import Message
from penstock_healthcare.outbound.errors import Unsendable

MOST_BYTES = 4_200_000
"""As many as come in; an answer of the API still holds them."""

_LONGEST_CONTROL_ID = 199
_ON_SUCCESS = frozenset({"AL", "SU"})


def sendable(message: Message) -> bytes:
    """The message's bytes. Raises Unsendable."""
    raw = bytes(message)
    if len(raw) > MOST_BYTES:
        raise Unsendable("MSH", f"{len(raw)} bytes is over the limit of {MOST_BYTES}")
    control_id = message.value("MSH-10")
    if not control_id.strip() or len(control_id) > _LONGEST_CONTROL_ID:
        raise Unsendable("MSH-10", f"the control id must have 1 to {_LONGEST_CONTROL_ID} characters")
    asked = {message.value("MSH-15").upper(), message.value("MSH-16").upper()} - {""}
    if asked and not asked & _ON_SUCCESS:
        raise Unsendable("MSH-15", "one of MSH-15 and MSH-16 must be AL or SU when either is given")
    return raw
