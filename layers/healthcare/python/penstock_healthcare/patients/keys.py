"""What the read model looks persons up by: whole dates of birth, pairs of a family and a given name, phone numbers.

Each finds who was written differently in the others.
"""

from collections.abc import Iterator, Sequence

from penstock_healthcare.patients.names import called
from penstock_healthcare.patients.person import Person

PERSON = "fhir_person"
_MOST_KEYS = 24
_FULL_DATE = len("2026-11-24")


def kept(person: Person) -> Sequence[tuple[str, str]]:
    """The lookups of a Patient."""
    return [(PERSON, key) for key in keys(person)]


def keys(person: Person) -> Sequence[str]:
    """The keys of a person as written, each once."""
    return list(dict.fromkeys(_keys(person)))[:_MOST_KEYS]


def asked(person: Person) -> Sequence[str]:
    """The keys by which somebody is looked for: also dates of birth whose digits changed places."""
    return [*keys(person), *(f"born|{date}" for date in transposed(person.birth_date))]


def transposed(date: str) -> Sequence[str]:
    """The dates that this one becomes when two neighbouring digits, or day and month, change places."""
    if len(date) != _FULL_DATE:
        return []
    digits = date.replace("-", "")
    swapped = [f"{digits[:i]}{digits[i + 1]}{digits[i]}{digits[i + 2 :]}" for i in range(2, 7)]
    found = [*swapped, f"{digits[:4]}{digits[6:]}{digits[4:6]}"]
    return list(dict.fromkeys(f"{each[:4]}-{each[4:6]}-{each[6:]}" for each in found if each != digits))


def _keys(person: Person) -> Iterator[str]:
    if len(person.birth_date) == _FULL_DATE:
        yield f"born|{person.birth_date}"
    yield from (f"phone|{number}" for number in sorted(person.phones))
    for family in person.family:
        for given in person.given:
            yield "name|" + "|".join(sorted((called(family), called(given))))
