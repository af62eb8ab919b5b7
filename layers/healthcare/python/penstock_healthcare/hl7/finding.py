"""What a check found."""

from dataclasses import dataclass
from typing import Literal

from penstock_healthcare.hl7.acknowledgment import Fault, Severity

Level = Literal["error", "warning", "information"]

MOST_FINDINGS = 1_000
"""Of one message; a hostile one could make millions."""

_ERR_SEVERITY: dict[Level, Severity] = {"error": "E", "warning": "W", "information": "I"}


@dataclass(frozen=True, slots=True)
class Finding:
    """``path`` is where, ``rule`` the stable name of what was checked, ``code`` its table 0357 code."""

    path: str
    severity: Level
    rule: str
    message: str
    code: str = "199"

    def fault(self) -> Fault:
        """The finding as an ERR segment reports it."""
        return Fault(self.code, self.message, self.path, _ERR_SEVERITY[self.severity])
