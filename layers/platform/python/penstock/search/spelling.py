"""Words that were meant: those of the index that are one or two slips of the finger away.

A slip is a letter too many, too few, another one, or two swapped (optimal string alignment distance).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

SHORTEST, LONGEST = 3, 24
MOST_SUGGESTIONS = 3
_Entry = tuple[int, str, int]


def slips(word: str) -> int:
    """How many slips are forgiven: 0 for short words and for those with digits, such as ids; else 1 or 2."""
    if not SHORTEST <= len(word) <= LONGEST or not word.isalpha():
        return 0
    return 1 if len(word) < 6 else 2


class Vocabulary:
    """The words of an index with the number of documents that have them."""

    def __init__(self, terms: Iterable[tuple[str, int]]) -> None:
        self._by_length: dict[int, list[_Entry]] = defaultdict(list)
        for term, documents in terms:
            self._by_length[len(term)].append((_letters(term), term, documents))

    def suggest(self, word: str) -> Sequence[str]:
        """The nearest other words, the most frequent first; none when all are further than the word's slips."""
        most = slips(word)
        ranked = sorted(
            (length, -documents, term)
            for term, documents in self._candidates(word, most)
            if term != word and (length := distance(word, term, most)) <= most
        )
        return [term for length, _, term in ranked if length == ranked[0][0]][:MOST_SUGGESTIONS]

    def _candidates(self, word: str, most: int) -> Iterable[tuple[str, int]]:
        """Words that have nearly the same letters: a slip changes two of them at most."""
        letters = _letters(word)
        for length in range(len(word) - most, len(word) + most + 1) if most else ():
            for theirs, term, documents in self._by_length.get(length, ()):
                if (letters ^ theirs).bit_count() <= 2 * most:
                    yield term, documents


def distance(one: str, other: str, most: int) -> int:
    """How many slips lie between two words; any number over `most` when there are more."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        before, last, row = row, before, [i]
        for j, theirs in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != theirs))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == theirs:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]


def _letters(word: str) -> int:
    """Which letters it has, as bits; letters that share a bit only let more candidates through."""
    bits = 0
    for letter in word:
        bits |= 1 << (ord(letter) & 31)
    return bits
