"""Names as they are compared: tokens without case, accents, signs and order."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

_SIGNS = re.compile(r"[^\w]+|_")
_PLAIN = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"})
MOST_TOKENS = 12
_SHORTEST_ALIKE = 5


def tokens(texts: Iterable[str]) -> tuple[str, ...]:
    """`["Müller-Lüdenscheidt"]` → `("muller", "ludenscheidt")`; at most `MOST_TOKENS`, each once."""
    found = (token for text in texts for token in _SIGNS.sub(" ", folded(text)).split())
    return tuple(dict.fromkeys(found))[:MOST_TOKENS]


def folded(text: str) -> str:
    """Without case and accents."""
    apart = unicodedata.normalize("NFKD", text.casefold().replace("'", "").replace("’", ""))
    return "".join(sign for sign in apart if not unicodedata.combining(sign)).translate(_PLAIN)


def called(token: str) -> str:
    """The name that a nickname stands for first; the token itself where it is none."""
    return min(_nicknames().get(token, (token,)))


def is_nickname(one: str, other: str) -> bool:
    """Whether two given names are used for each other."""
    return bool(_nicknames().get(one, frozenset()) & _nicknames().get(other, frozenset()))


def is_alike(one: str, other: str) -> bool:
    """Whether two longer names differ by one letter: another one, one more, or two that changed places."""
    if one == other or min(len(one), len(other)) < _SHORTEST_ALIKE or abs(len(one) - len(other)) > 1:
        return False
    place = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    mine, theirs = one[place:], other[place:]
    is_swapped = len(mine) > 1 and mine[:2] == theirs[:2][::-1] and mine[2:] == theirs[2:]
    return is_swapped or mine[1:] in (theirs, theirs[1:]) or mine == theirs[1:]


@cache
def _nicknames() -> Mapping[str, frozenset[str]]:
    lines = (Path(__file__).parent / "nicknames.txt").read_text(encoding="utf-8").splitlines()
    groups = [line.split() for line in lines if line and not line.startswith("#")]
    found: dict[str, set[str]] = {}
    for group in groups:
        for name in group:
            found.setdefault(name, set()).add(group[0])
    return {name: frozenset(firsts) for name, firsts in found.items()}
