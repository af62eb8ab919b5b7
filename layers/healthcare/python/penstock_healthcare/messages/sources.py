"""The HL7 message in a workflow's item."""

import base64

from penstock.json import JSONObject
from penstock_healthcare import hl7
from penstock_healthcare.messages.errors import NoMessage

RAW = "raw"
"""The field of an item that holds the message: base64 of its bytes, or its text."""


def message_in(item: JSONObject, given: str | None = None) -> hl7.Message:
    """The message that is given, else the item's. Raises NoMessage, which never quotes it."""
    text = given if given is not None else item.get(RAW)
    if not isinstance(text, str) or not text:
        raise NoMessage(f"the item has no text in {RAW!r}")
    try:
        return hl7.parse(text if _is_plain(text) else _decoded(text))
    except hl7.HL7Error as error:
        raise NoMessage(str(error), getattr(error, "segment", "")) from error


def _is_plain(text: str) -> bool:
    """Whether it is a message's text: no base64 of one begins like that."""
    return text.lstrip("\ufeff\x0b \t\r\n")[:3].upper() == "MSH"


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise NoMessage("neither base64 nor the text of an HL7 message") from None
