"""What happens to the record of a patient's disclosures: kind `disclosure`, key the Patient's id."""

from dataclasses import dataclass

from penstock.events.types import EventTypes

EVENTS = EventTypes("disclosure")


@EVENTS.type
@dataclass(frozen=True, slots=True)
class DisclosureRecorded:
    """Information was disclosed, and the patient may ask about it. `date` is ISO's, `purpose` a code of `purposes`.

    `recipient` is never empty until it is shredded; `address` is where it is not known. `statement` says what for.
    """

    id: str
    date: str
    purpose: str
    recipient: str
    address: str
    information: str
    statement: str


@EVENTS.type
@dataclass(frozen=True, slots=True)
class ExemptDisclosureRecorded:
    """Information was disclosed for a purpose that needs no accounting, by `paragraph` of 45 CFR."""

    id: str
    date: str
    purpose: str
    paragraph: str
    recipient: str
    address: str
    information: str
    statement: str


_BLANK = {"recipient": "", "address": "", "information": "", "statement": ""}
EVENTS.personal("DisclosureRecorded", **_BLANK)
EVENTS.personal("ExemptDisclosureRecorded", **_BLANK)
