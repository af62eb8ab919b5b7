"""Two persons → how likely they are one (after Fellegi and Sunter): each field that both have weighs for or against it.

Weights are bits: one more doubles the odds. Together with the odds that any two patients are one, they make a score
from 0 to 1; fields that one of the two lacks weigh nothing. The weights are estimates for a hospital's own register.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from penstock_healthcare.patients.keys import transposed
from penstock_healthcare.patients.names import is_alike, is_nickname
from penstock_healthcare.patients.person import Person

PRIOR = -14.0


class Grade(StrEnum):
    """What a score is good for."""

    CERTAIN = "certain"
    PROBABLE = "probable"
    POSSIBLE = "possible"


GRADES: Sequence[tuple[float, Grade]] = ((0.999, Grade.CERTAIN), (0.9, Grade.PROBABLE), (0.02, Grade.POSSIBLE))
"""The least score of each. A name or a date of birth alone is possible, both are probable, a third field makes it
certain."""

WEIGHTS: Mapping[str, Mapping[str, float]] = {
    "identifier": {"same": 18, "different": -8},
    "family": {"same": 6, "swapped": 5, "part": 4, "alike": 3, "different": -4},
    "given": {"same": 4, "swapped": 4, "part": 3, "nickname": 3, "initial": 1, "alike": 2, "different": -4},
    "birth_date": {"same": 10, "transposed": 6, "one part": 2, "different": -6},
    "sex": {"same": 1, "different": -4},
    "address": {"same": 5, "postal code": 2, "different": -1},
    "phone": {"same": 7, "different": -1},
}
"""Bits by field and by how it agrees."""


@dataclass(frozen=True, slots=True)
class Reason:
    """How one field agrees, and what that weighs."""

    field: str
    agreement: str
    weight: float


@dataclass(frozen=True, slots=True)
class Match:
    """A score from 0 to 1; `grade` is None where it is too low for any."""

    score: float
    grade: Grade | None
    reasons: tuple[Reason, ...]


def compared(asked: Person, found: Person) -> Match:
    """How likely the two are one."""
    agreements = ((field, compare(asked, found)) for field, compare in _COMPARISONS.items())
    reasons = tuple(Reason(field, how, WEIGHTS[field][how]) for field, how in agreements if how)
    score = round(1 / (1 + 2 ** -(PRIOR + sum(each.weight for each in reasons))), 6)
    return Match(score, next((grade for least, grade in GRADES if score >= least), None), reasons)


def _identifier(asked: Person, found: Person) -> str:
    """Only identifiers of one system can differ; without a system they agree with those of any."""
    pairs = [(one, other) for one in asked.identifiers for other in found.identifiers]
    if any(one[1] == other[1] and (one[0] == other[0] or not (one[0] and other[0])) for one, other in pairs):
        return "same"
    return "different" if any(one[0] and one[0] == other[0] for one, other in pairs) else ""


def _family(asked: Person, found: Person) -> str:
    return _named(asked.family, found.family, found.given)


def _given(asked: Person, found: Person) -> str:
    return _named(asked.given, found.given, found.family, _GIVEN)


Test = Callable[[str, str], bool]


def _is_initial(one: str, other: str) -> bool:
    return min(len(one), len(other)) == 1 and one[0] == other[0]


_FAMILY: Mapping[str, Test] = {"alike": is_alike}
_GIVEN: Mapping[str, Test] = {"nickname": is_nickname, "alike": is_alike, "initial": _is_initial}


def _named(
    asked: Sequence[str], own: Sequence[str], elsewhere: Sequence[str], tests: Mapping[str, Test] = _FAMILY
) -> str:
    if not asked:
        return ""
    if set(asked) == set(own):
        return "same"
    if set(asked) & set(own):
        return "part"
    if set(asked) <= set(elsewhere):
        return "swapped"
    if not own:
        return ""
    pairs = [(one, other) for one in asked for other in own]
    return next((name for name, test in tests.items() if any(test(*pair) for pair in pairs)), "different")


def _birth_date(asked: Person, found: Person) -> str:
    one, other = asked.birth_date, found.birth_date
    if not one or not other:
        return ""
    if one == other:
        return "same"
    if other in transposed(one):
        return "transposed"
    parts = list(zip(one.split("-"), other.split("-"), strict=False))
    return "one part" if all(a == b for a, b in parts) or _differing(parts) == 1 < len(parts) - 1 else "different"


def _differing(parts: Sequence[tuple[str, str]]) -> int:
    return sum(one != other for one, other in parts)


def _sex(asked: Person, found: Person) -> str:
    known = {"male", "female", "other"}
    if asked.sex not in known or found.sex not in known:
        return ""
    return "same" if asked.sex == found.sex else "different"


def _address(asked: Person, found: Person) -> str:
    if asked.places & found.places:
        return "same"
    if asked.postal_codes & found.postal_codes:
        return "postal code"
    has_both = (asked.places or asked.postal_codes) and (found.places or found.postal_codes)
    return "different" if has_both else ""


def _phone(asked: Person, found: Person) -> str:
    if asked.phones & found.phones:
        return "same"
    return "different" if asked.phones and found.phones else ""


_COMPARISONS: Mapping[str, Callable[[Person, Person], str]] = {
    "identifier": _identifier,
    "family": _family,
    "given": _given,
    "birth_date": _birth_date,
    "sex": _sex,
    "address": _address,
    "phone": _phone,
}
