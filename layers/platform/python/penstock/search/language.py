"""What people type: words, "phrases", -exclusions and field:value filters.

    lab result -draft status:failed workflow:"Lab results" "no such patient"

Whatever is typed means something: what is no filter of ours is text, and text is cut into words. A parsed query holds
letters and digits only where an index's own syntax could stand.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from penstock.search.errors import InvalidQuery
from penstock.search.model import FIELDS
from penstock.search.words import words

LONGEST_TEXT = 500
MOST_WORDS = 24
_TOKEN = re.compile(r'(?P<minus>-)?(?:(?P<field>[A-Za-z_]{1,20}):)?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')


@dataclass(frozen=True, slots=True)
class Clause:
    """Words that stand together. The last one may be the beginning of a word, unless they were quoted."""

    words: tuple[str, ...]
    is_quoted: bool


@dataclass(frozen=True, slots=True)
class Parsed:
    """Clauses that must all match, those that none may, and filters: any of the values, in every field."""

    wanted: tuple[Clause, ...]
    unwanted: tuple[Clause, ...]
    filters: Mapping[str, frozenset[str]]
    without: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class _Token:
    is_unwanted: bool
    field: str
    text: str
    is_quoted: bool


def parse(text: str) -> Parsed:
    """The meaning of a text, in time that grows with its length. Raises InvalidQuery for one over the limits."""
    if len(text) > LONGEST_TEXT:
        raise InvalidQuery("q", f"is longer than {LONGEST_TEXT} characters")
    tokens = tuple(_tokens(text))
    clauses = [(token.is_unwanted, Clause(words(token.text), token.is_quoted)) for token in tokens if not token.field]
    if sum(len(clause.words) for _, clause in clauses) > MOST_WORDS:
        raise InvalidQuery("q", f"has more than {MOST_WORDS} words")
    if text.strip() and not any(token.field for token in tokens) and not any(clause.words for _, clause in clauses):
        raise InvalidQuery("q", "has neither letters nor digits")
    return Parsed(
        wanted=tuple(clause for is_unwanted, clause in clauses if clause.words and not is_unwanted),
        unwanted=tuple(clause for is_unwanted, clause in clauses if clause.words and is_unwanted),
        filters=_filters(token for token in tokens if token.field and not token.is_unwanted),
        without=_filters(token for token in tokens if token.field and token.is_unwanted),
    )


def _tokens(text: str) -> Iterator[_Token]:
    for found in _TOKEN.finditer(text):
        minus, field, phrase, word = found.group("minus", "field", "phrase", "word")
        value = word if phrase is None else phrase
        known = (field or "").lower() if (field or "").lower() in FIELDS and value else ""
        yield _Token(bool(minus), known, value if known or not field else f"{field} {value}", phrase is not None)


def _filters(tokens: Iterator[_Token]) -> Mapping[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for token in tokens:
        found[token.field] = found.get(token.field, frozenset()) | {token.text}
    return found
