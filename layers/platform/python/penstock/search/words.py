"""Words as the index has them: in lower case, without diacritics, cut where neither letter nor digit stands."""

import re
import unicodedata
from functools import lru_cache

_WORD = re.compile(r"[^\W_]+")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_MOST_NAMES = 500


def words(text: str) -> tuple[str, ...]:
    """The words of a text, in their order."""
    return tuple(_WORD.findall("".join(map(_base, text.lower()))))


def names(text: str) -> str:
    """The words within the text's identifiers, for who does not write `UnknownPatient` in one."""
    found = (_HUMP.split(word) for word in _WORD.findall(text))
    parts = [part for parts in found if len(parts) > 1 for part in parts]
    return " ".join(list(dict.fromkeys(parts))[:_MOST_NAMES])


@lru_cache(maxsize=4_096)
def _base(character: str) -> str:
    """The letter below the diacritics; nothing for a diacritic alone."""
    if character < "\x80":
        return character
    parts = unicodedata.normalize("NFD", character)
    if not all(map(unicodedata.combining, parts[1:])):
        return character
    return "" if unicodedata.combining(parts[0]) else parts[0]
