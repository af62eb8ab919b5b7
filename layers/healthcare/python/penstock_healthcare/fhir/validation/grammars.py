"""Code systems that the definitions do not hold, as far as their codes follow a grammar: check digits, characters."""

import re
from collections.abc import Callable, Mapping

_LOINC = re.compile(r"\d{1,7}-\d", re.ASCII)
_LOINC_PART = re.compile(r"L[A-Z]\d{1,8}-\d|MTHU\d{6}", re.ASCII)
_SCTID = re.compile(r"\d{6,18}", re.ASCII)
_EXPRESSION = re.compile(r"[\s(]*(=== |<<< )?[\s(]*\d{6,18}\b", re.ASCII)
_UCUM = re.compile(r"[!-~]+", re.ASCII)
_TIMES = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    (1, 2, 3, 4, 0, 6, 7, 8, 9, 5),
    (2, 3, 4, 0, 1, 7, 8, 9, 5, 6),
    (3, 4, 0, 1, 2, 8, 9, 5, 6, 7),
    (4, 0, 1, 2, 3, 9, 5, 6, 7, 8),
    (5, 9, 8, 7, 6, 0, 4, 3, 2, 1),
    (6, 5, 9, 8, 7, 1, 0, 4, 3, 2),
    (7, 6, 5, 9, 8, 2, 1, 0, 4, 3),
    (8, 7, 6, 5, 9, 3, 2, 1, 0, 4),
    (9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
)
"""The dihedral group of order 10, which Verhoeff's check digit counts in."""
_FIRST_PERMUTATION = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def _permutations() -> tuple[tuple[int, ...], ...]:
    found = [tuple(range(10))]
    for _ in range(7):
        found.append(tuple(found[-1][_FIRST_PERMUTATION[digit]] for digit in range(10)))
    return tuple(found)


_PERMUTATIONS = _permutations()


def is_verhoeff(digits: str) -> bool:
    """Whether a number's last digit is Verhoeff's check digit."""
    check = 0
    for place, digit in enumerate(reversed(digits)):
        check = _TIMES[check][_PERMUTATIONS[place % 8][int(digit)]]
    return check == 0


def is_luhn(digits: str) -> bool:
    """Whether a number's last digit is Luhn's check digit."""
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def _is_loinc(code: str) -> bool:
    if _LOINC.fullmatch(code):
        return is_luhn(code.replace("-", ""))
    return bool(_LOINC_PART.fullmatch(code))


def _is_snomed(code: str) -> bool:
    if _SCTID.fullmatch(code):
        return is_verhoeff(code)
    return bool(_EXPRESSION.match(code))


GRAMMARS: Mapping[str, tuple[str, Callable[[str], bool]]] = {
    "http://loinc.org": ("LOINC", _is_loinc),
    "http://snomed.info/sct": ("SNOMED CT", _is_snomed),
    "http://unitsofmeasure.org": ("UCUM", lambda code: bool(_UCUM.fullmatch(code))),
}
"""By system: its name, and whether a code can be one of it."""
