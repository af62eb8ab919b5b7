"""Versions of the standard, as MSH-12 names them."""

import re
from dataclasses import dataclass
from functools import lru_cache

VERSIONS = ("2.1", "2.2", "2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.8", "2.8.1", "2.8.2")
"""Those that the tables tell apart, oldest first; a letter stands for each: a, b, c …"""

USUAL = "2.5.1"
"""What a message that does not say its version is held to."""

_SAME = {"2.0": "2.1", "2.0D": "2.1", "2.7.1": "2.7"}
_NEWER = frozenset({"2.9", "2.9.1"})
_NUMBERS = re.compile(r"[vV]?(\d{1,2}(?:\.\d{1,2}){1,2})")


@dataclass(frozen=True, slots=True)
class Version:
    """`name` is the tables' version; `stated` whether the message names an official one, `open` whether a newer one."""

    name: str
    stated: bool
    open: bool = False

    @property
    def index(self) -> int:
        """Its place in `VERSIONS`."""
        return VERSIONS.index(self.name)


@lru_cache(maxsize=256)
def version(text: str) -> Version:
    """The version that MSH-12 means: the nearest older one for a name that HL7 never gave, `USUAL` for none."""
    name = _SAME.get(text, text)
    if name in VERSIONS:
        return Version(name, stated=True)
    if name in _NEWER:
        return Version(VERSIONS[-1], stated=True, open=True)
    match = _NUMBERS.match(text)
    wanted = _key(match[1]) if match else ()
    older = [each for each in VERSIONS if _key(each) <= wanted]
    return Version(older[-1] if older else USUAL, stated=False)


def _key(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))
