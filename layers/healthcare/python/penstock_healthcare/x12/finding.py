"""What a check found."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning", "information"]
MOST_FINDINGS = 1_000
"""Of one interchange; a hostile one could make millions."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`path` names the segment or element, `position` the segment's place in the interchange (ISA is 1)."""

    path: str
    position: int
    severity: Level
    rule: str
    message: str
