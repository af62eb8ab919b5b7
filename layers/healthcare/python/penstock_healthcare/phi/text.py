"""Identifiers in free text: by rules and check digits, and by what the same document's fields say of the patient."""

import re
from collections.abc import Iterator, Mapping

from penstock_healthcare.phi.identifiers import Finding, Identifier
from penstock_healthcare.phi.text_rules import RULES
from penstock_healthcare.phi.treatment import Treatment

MOST_CHARACTERS = 10_000_000
Known = Mapping[str, Identifier]
"""Words and numbers of a document's fields, casefolded → what they are."""

_WORD = re.compile(r"[^\W_]{2,200}(?:[-'’.][^\W_]{1,200}){0,4}")
_PART = re.compile(r"[^\W_]{2,200}")
_AGE_RULES = frozenset({"age", "age-label"})
_MOST_PASSES = 8
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")
_TELLING = re.compile(r"[0-9A-Z@:.]|print|scan|template|photo|face|[^\x00-\x7f]")
"""Every rule's match holds one of these: most of a message's leaves do not, and need no rule."""

_STAND_INS = frozenset(f"[{each.name}]" for each in Identifier)
_COMMON = frozenset(
    (
        *("of", "the", "and", "for", "in", "to", "is", "no", "or", "de", "la", "van", "von", "der", "den", "el", "al"),
        *("jr", "sr", "ii", "iii", "dr", "mr", "mrs", "ms", "inc", "co"),
    )
)
"""Words in names that say nothing of whose they are."""


def known_words(values: Mapping[str, Identifier]) -> dict[str, Identifier]:
    """The words of fields' values. Of names every part counts; of numbers the whole."""
    found: dict[str, Identifier] = {}
    for value, identifier in values.items():
        folded = value.strip().casefold()
        words = _PART.findall(folded) if identifier is Identifier.NAME else [folded]
        found.update((word, identifier) for word in words if _is_telling(word, identifier))
    return found


def _is_telling(word: str, identifier: Identifier) -> bool:
    return len(word) >= (2 if identifier is Identifier.NAME else 4) and word not in _COMMON


def find_in_text(text: str, known: Known | None = None, location: str = "") -> list[Finding]:
    """Findings in order of their place; none overlaps another. Of a text over 10 million characters only so many."""
    found = _found(text[:MOST_CHARACTERS], known or {}, location)
    return _apart(sorted(found, key=lambda each: (-each.confidence, each.start - each.end, each.start)))


def redact_text(text: str, treatment: Treatment, known: Known | None = None) -> tuple[str, dict[Identifier, int]]:
    """The text with what stands for each identifier, `[NAME]`, and how many of each were found.

    Nothing is found in what comes out. What one pass uncovers, the next takes; a text that is never done goes whole.
    """
    counts: dict[Identifier, int] = {}
    text = text[:MOST_CHARACTERS]
    for _ in range(_MOST_PASSES):
        findings = find_in_text(text, known)
        if not findings:
            return text, counts
        text = _replaced(text, findings, treatment)
        for each in findings:
            counts[each.identifier] = counts.get(each.identifier, 0) + 1
    return "", counts


def _found(text: str, known: Known, location: str) -> Iterator[Finding]:
    if _TELLING.search(text):
        for rule in RULES:
            group = "it" if "it" in rule.pattern.groupindex else 0
            for match in rule.pattern.finditer(text):
                if rule.holds is None or rule.holds(match[group]):
                    yield Finding(
                        rule.identifier, location, *match.span(group), match[group], rule.confidence, rule.name
                    )
    if known:
        yield from _known(text, known, location)


def _known(text: str, known: Known, location: str) -> Iterator[Finding]:
    for match in _WORD.finditer(text):
        if text[match.start() - 1 : match.end() + 1] in _STAND_INS:
            continue
        whole = known.get(match[0].casefold())
        if whole:
            yield Finding(whole, location, *match.span(), match[0], 0.95, "known")
            continue
        for part in _PART.finditer(text, *match.span()):
            if identifier := known.get(part[0].casefold()):
                yield Finding(identifier, location, *part.span(), part[0], 0.9, "known")


def _apart(found: list[Finding]) -> list[Finding]:
    """The first of those that overlap, by place. Time is in proportion to what they cover."""
    taken: set[int] = set()
    kept = []
    for each in found:
        places = range(each.start, each.end)
        if each.end > each.start and taken.isdisjoint(places):
            taken.update(places)
            kept.append(each)
    return sorted(kept, key=lambda each: each.start)


def _replaced(text: str, findings: list[Finding], treatment: Treatment) -> str:
    pieces: list[str] = []
    end = 0
    for each in findings:
        pieces += (text[end : each.start], _stand_in(each, treatment))
        end = each.end
    return "".join([*pieces, text[end:]])


def _stand_in(found: Finding, treatment: Treatment) -> str:
    if found.rule in _AGE_RULES:
        return "90+"
    if found.identifier is Identifier.DATE and (year := _YEAR.search(found.text)):
        return treatment.cut(year[0]) or "[DATE]"
    if found.rule == "zip":
        return treatment.zip(found.text)
    return f"[{found.identifier.name}]"
