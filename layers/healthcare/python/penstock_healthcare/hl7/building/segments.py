"""MSH, and how any segment is written: fields by number, as values."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from penstock_healthcare.hl7.building.values import MARKS, Pair, Value, encode
from penstock_healthcare.hl7.standard import VERSIONS

Fields = Mapping[int, Value]

_LINE_BREAK = re.compile(r"\r\n?|\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """MSH. ``control_id`` and ``timestamp`` are the caller's: a message that is built twice is the same twice."""

    sending_application: str
    sending_facility: str = ""
    receiving_application: str = ""
    receiving_facility: str = ""
    control_id: str
    timestamp: datetime
    version: str = "2.5.1"
    processing_id: str = "P"
    charset: str = ""
    """Of table 0211; left out, UNICODE UTF-8 is said where the message is not ASCII."""
    accept_acknowledgment: str = ""
    """MSH-15 of enhanced mode: AL, NE, ER, SU."""
    application_acknowledgment: str = ""
    """MSH-16."""

    def fields(self, code: str, event: str, structure: str) -> Fields:
        """``structure`` goes into MSH-9 where the version has a place for it."""
        return {
            3: self.sending_application,
            4: self.sending_facility,
            5: self.receiving_application,
            6: self.receiving_facility,
            7: self.timestamp,
            9: Pair((code, event, structure if self.is_from("2.3.1") else "")),
            10: self.control_id,
            11: self.processing_id,
            12: self.version,
            15: self.accept_acknowledgment,
            16: self.application_acknowledgment,
            18: self.charset,
        }

    def is_from(self, version: str) -> bool:
        """Whether the header's version is this or a later one."""
        known = self.version if self.version in VERSIONS else VERSIONS[-1]
        return VERSIONS.index(known) >= VERSIONS.index(version)


def segment(name: str, fields: Fields) -> str:
    """Encoded text, without trailing empty fields."""
    texts = {number: text for number, value in fields.items() if (text := encode(value))}
    first = 3 if name == "MSH" else 1
    head = [name, MARKS.encoding_characters] if name == "MSH" else [name]
    return MARKS.field.join([*head, *(texts.get(number, "") for number in range(first, max(texts, default=0) + 1))])


def lines(text: str) -> str:
    """Text with its line breaks as formatting."""
    return _LINE_BREAK.sub(r"\\.br\\", text)
