"""The delimiters of one message, read from its MSH-1 and MSH-2 (2.5.1: chapter 2, section 2.5.4)."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile

from penstock_healthcare.hl7.errors import BadEncodingCharacters

ABSENT = "\ud800"  # a lone surrogate: no decoded text contains it, so it never splits anything

_HEADERS = frozenset({"MSH", "FHS", "BHS"})
_MOST = 5


@dataclass(frozen=True, slots=True)
class Separators:
    """One character each; `ABSENT` where MSH-2 is too short to name it."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"
    truncation: str = ABSENT

    @property
    def encoding_characters(self) -> str:
        """MSH-2 as these separators would write it."""
        tail = (self.component, self.repetition, self.escape, self.subcomponent, self.truncation)
        return "".join(c for c in tail if c != ABSENT)

    def completed(self) -> "Separators":
        """With the standard's character where MSH-2 names none, for writing an answer."""
        taken = self.field + self.encoding_characters

        def known(given: str, usual: str) -> str:
            return usual if given == ABSENT and usual not in taken else given

        return Separators(
            self.field,
            known(self.component, "^"),
            known(self.repetition, "~"),
            known(self.escape, "\\"),
            known(self.subcomponent, "&"),
            self.truncation,
        )


def is_header(segment_id: str) -> bool:
    """Whether field 1 of this segment is the field separator itself (MSH, FHS, BHS)."""
    return segment_id in _HEADERS


def read_separators(line: str) -> Separators:
    """Read them from the text of an MSH, FHS or BHS segment; raises `BadEncodingCharacters`."""
    end = line.find(line[3:4], 4) if len(line) > 4 else -1
    return _separators(line[3:4], line[4:end] if end >= 0 else line[4:])


@lru_cache(maxsize=256)
def _separators(field: str, characters: str) -> Separators:
    if not _usable(field):
        raise BadEncodingCharacters("MSH-1 is no field separator", offset=3)
    # Senders that escape twice write `^~\\&`: a doubled character says nothing new.
    # A text behind them, as of an `&amp;` that was never decoded, does not count.
    unique = "".join(dict.fromkeys(takewhile(lambda each: not each.isalnum(), characters.strip())))
    if not unique or len(unique) > _MOST or not all(map(_usable, unique)):
        raise BadEncodingCharacters("MSH-2 must hold one to five different punctuation characters", offset=4)
    return Separators(field, *unique.ljust(_MOST, ABSENT))


def _usable(character: str) -> bool:
    return len(character) == 1 and character.isprintable() and not character.isalnum() and character > " "
