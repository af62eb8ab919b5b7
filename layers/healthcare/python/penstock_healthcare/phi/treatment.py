"""What becomes of an identifier: the table of Safe Harbor's eighteen classes, and its exceptions for years and ZIPs.

A value that treating leaves as it is has been treated already: that is how searching knows what de-identifying left
behind, and why de-identifying twice is the same as once.
"""

import hmac
import re
from base64 import b32encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import sha256

from penstock_healthcare.phi.identifiers import Identifier

OLDEST_AGE = 90
"""From this age on people are one class, and years that tell of such an age go too."""

SPARSE_ZIPS = frozenset(
    (
        *("036", "059", "063", "102", "203", "556", "692", "790", "821"),
        *("823", "830", "831", "878", "879", "884", "890", "893"),
    )
)
"""First three digits whose areas have 20,000 people or fewer (the Census of 2000, as HHS's guidance lists them)."""

_CODE = re.compile(r"(?:PSN-[A-Z2-7]{16}|DEID-[0-9]{1,6})\Z")
_ZIP = re.compile(r"([0-9]{3})[0-9]{2}(?:-?[0-9]{4})?\Z")
_YEAR = re.compile(r"[0-9]{4}(?=[0-9]{2}|[^0-9]|\Z)")
_ISO_DAY = re.compile(r"([0-9]{4})(-?)([0-9]{2})\2([0-9]{2})")
_SHORT_ZIPS = re.compile(r"[0-9]{3}\Z")
_LONGEST_SHIFT = 365


@dataclass
class Treatment:
    """How one document is treated. `today` tells which years are those of somebody of 90.

    Without a key, identifiers are numbered in the order in which they come: such codes say nothing of whom they stand
    for. With one they are pseudonyms, the same in every document and for nobody else to make. With `shift` dates move
    by a number of days that is the patient's own, where `patient` says whose the document is. A patient who is a code
    says that they were moved before.
    """

    today: date
    key: bytes | None = field(default=None, repr=False)
    shift: bool = False
    patient: str = field(default="", repr=False)
    _numbers: dict[str, int] = field(default_factory=dict, repr=False)

    @property
    def departures(self) -> tuple[str, ...]:
        """Why what comes out is not Safe Harbor's."""
        said = (
            (self.key is not None, "pseudonyms are derived from the identifiers (164.514(c)(1))"),
            (self.shift and bool(self.patient), "dates are shifted, not cut to the year (164.514(b)(2)(i)(C))"),
        )
        return tuple(reason for is_so, reason in said if is_so)

    def value(self, identifier: Identifier, text: str) -> str:
        """What stands in the place of a value that is an identifier as a whole; "" when nothing does."""
        return _TREATMENTS[identifier](self, text)

    def year(self, text: str) -> str:
        """A date's year, or the shifted date; "" for a year that tells of an age of 90 and for what is no date."""
        if self.shift and is_code(self.patient):
            return text
        year = self.cut(text)
        return self._shifted(text) if year and self._days() and len(text) > 4 else year

    def cut(self, text: str) -> str:
        """The year that a date begins with, never shifted; "" as for `year`."""
        match = _YEAR.match(text)
        return match[0] if match and self.today.year - int(match[0]) < OLDEST_AGE else ""

    def zip(self, text: str) -> str:
        """The first three digits of a ZIP code, 000 for those of sparse areas; "" for other countries' codes."""
        match = _ZIP.match(text.strip())
        digits = match[1] if match else text if _SHORT_ZIPS.match(text) else ""
        return "000" if digits in SPARSE_ZIPS else digits

    def code(self, text: str) -> str:
        """What stands for a number or code."""
        if _CODE.match(text):
            return text
        if self.key is not None:
            return self._pseudonym(text)
        return f"DEID-{self._numbers.setdefault(text, len(self._numbers) + 1)}"

    def _name(self, text: str) -> str:
        if _CODE.match(text):
            return text
        return "" if self.key is None else self._pseudonym(text.casefold())

    def _pseudonym(self, text: str) -> str:
        digest = hmac.digest(self.key or b"", f"identifier {text.strip()}".encode(), sha256)
        return "PSN-" + b32encode(digest[:10]).decode()

    def _days(self) -> int:
        if not self.shift or self.key is None or not self.patient:
            return 0
        digest = hmac.digest(self.key, f"shift {self.patient}".encode(), sha256)
        return 1 + int.from_bytes(digest[:4], "big") % _LONGEST_SHIFT

    def _shifted(self, text: str) -> str:
        match = _ISO_DAY.match(text)
        if match is None:
            return text[:4]
        try:
            moved = date(int(match[1]), int(match[3]), int(match[4])) - timedelta(days=self._days())
        except (ValueError, OverflowError):
            return text[:4]
        return f"{moved.year:04d}{match[2]}{moved.month:02d}{match[2]}{moved.day:02d}{text[match.end() :]}"


def is_code(text: str) -> bool:
    """Whether it stands for an identifier already."""
    return _CODE.match(text) is not None


def _gone(_: Treatment, __: str) -> str:
    return ""


_TREATMENTS: Mapping[Identifier, Callable[[Treatment, str], str]] = {
    Identifier.NAME: Treatment._name,
    Identifier.GEOGRAPHY: _gone,
    Identifier.DATE: Treatment.year,
    Identifier.PHONE: _gone,
    Identifier.FAX: _gone,
    Identifier.EMAIL: _gone,
    Identifier.SSN: _gone,
    Identifier.MRN: Treatment.code,
    Identifier.HEALTH_PLAN: Treatment.code,
    Identifier.ACCOUNT: Treatment.code,
    Identifier.LICENCE: Treatment.code,
    Identifier.VEHICLE: Treatment.code,
    Identifier.DEVICE: Treatment.code,
    Identifier.URL: _gone,
    Identifier.IP: _gone,
    Identifier.BIOMETRIC: _gone,
    Identifier.PHOTO: _gone,
    Identifier.OTHER: Treatment.code,
}
