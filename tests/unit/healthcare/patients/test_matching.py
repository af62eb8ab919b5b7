"""Persons compared: names, dates, weights and grades."""

import string
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock_healthcare.patients import keys
from penstock_healthcare.patients.matching import WEIGHTS, Grade, compared
from penstock_healthcare.patients.names import is_alike, is_nickname, tokens
from penstock_healthcare.patients.person import Person, person

ADA = person(
    {
        "identifier": [{"system": "urn:mrn", "value": "12"}],
        "name": [{"family": "Okafor-Müller", "given": ["Elizabeth"]}],
        "birthDate": "1954-04-12",
        "gender": "female",
        "address": [{"line": ["Main St. 5"], "city": "Springfield", "postalCode": "62 701"}],
        "telecom": [{"system": "phone", "value": "+1 (217) 555-0142"}, {"system": "email", "value": "12345678@x.org"}],
    }
)
WORDS = st.text(string.ascii_lowercase, min_size=1, max_size=9)


def agreements(asked: Person, found: Person = ADA) -> dict[str, str]:
    return {reason.field: reason.agreement for reason in compared(asked, found).reasons}


def test_a_person_is_read_without_case_accents_and_signs() -> None:
    assert (ADA.family, ADA.given, ADA.phones) == (("okafor", "muller"), ("elizabeth",), {"75550142"})
    assert (ADA.places, ADA.postal_codes) == ({("5", "main", "springfield", "st")}, {"62701"})


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (Person(family=("muller", "okafor")), {"family": "same"}),
        (Person(family=("okafor",)), {"family": "part"}),
        (Person(family=("elizabeth",), given=("okafor", "muller")), {"family": "swapped", "given": "swapped"}),
        (Person(family=("okafro",)), {"family": "alike"}),
        (Person(family=("smith",)), {"family": "different"}),
        (Person(given=("liz",)), {"given": "nickname"}),
        (Person(given=("e",)), {"given": "initial"}),
        (Person(given=("elisabeth",)), {"given": "nickname"}),
        (Person(given=("elizabethe",)), {"given": "alike"}),
        (Person(birth_date="1954-12-04"), {"birth_date": "transposed"}),
        (Person(birth_date="1945-04-12"), {"birth_date": "transposed"}),
        (Person(birth_date="1954-04-21"), {"birth_date": "transposed"}),
        (Person(birth_date="1954-04-15"), {"birth_date": "one part"}),
        (Person(birth_date="1954"), {"birth_date": "one part"}),
        (Person(birth_date="1960-05-12"), {"birth_date": "different"}),
        (Person(sex="male"), {"sex": "different"}),
        (Person(sex="unknown"), {}),
        (Person(postal_codes=frozenset({"62701"})), {"address": "postal code"}),
        (Person(identifiers=frozenset({("", "12")})), {"identifier": "same"}),
        (Person(identifiers=frozenset({("urn:mrn", "13")})), {"identifier": "different"}),
        (Person(identifiers=frozenset({("urn:other", "12")})), {}),
        (Person(phones=frozenset({"00000000"})), {"phone": "different"}),
        (Person(), {}),
    ],
)
def test_each_field_agrees_as_people_would_say(asked: Person, expected: dict[str, str]) -> None:
    assert agreements(asked) == expected


def test_grades_grow_with_what_agrees() -> None:
    name = Person(family=ADA.family, given=ADA.given)
    both = replace(name, birth_date=ADA.birth_date)
    assert [
        compared(each, ADA).grade for each in (Person(sex="female"), name, both, replace(both, phones=ADA.phones))
    ] == [
        None,
        Grade.POSSIBLE,
        Grade.PROBABLE,
        Grade.CERTAIN,
    ]


def test_twins_are_not_taken_for_each_other() -> None:
    twin = replace(ADA, given=("ruth",), identifiers=frozenset({("urn:mrn", "13")}))
    assert compared(twin, ADA).grade is not Grade.CERTAIN


@given(st.sampled_from(sorted(WEIGHTS)), st.lists(WORDS, min_size=1, max_size=3), st.dates(date(1900, 1, 1)))
def test_a_person_is_certainly_themselves_whatever_is_left_out(left: str, names: list[str], born: date) -> None:
    whole = replace(ADA, family=tokens(names), birth_date=born.isoformat())
    blank = {"identifier": "identifiers", "address": "places", "phone": "phones"}.get(left, left)
    asked = replace(whole, **{blank: type(getattr(whole, blank))()})
    assert compared(asked, whole).grade is Grade.CERTAIN
    assert compared(asked, whole) == compared(whole, asked)


@given(WORDS.filter(lambda word: len(word) > 5), st.data())
def test_one_typing_error_is_alike_from_both_sides(word: str, data: st.DataObject) -> None:
    place, letter = data.draw(st.integers(0, len(word) - 2)), data.draw(st.sampled_from(string.ascii_lowercase))
    swapped = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    for typed in (word[:place] + word[place + 1 :], word[:place] + letter + word[place:], swapped):
        assert typed == word or (is_alike(word, typed) and is_alike(typed, word))


@given(st.dates(date(1900, 1, 1)), st.integers(2, 6))
def test_a_date_with_two_digits_that_changed_places_is_looked_up(born: date, place: int) -> None:
    digits = born.isoformat().replace("-", "")
    typed = digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :]
    asked = Person(birth_date=f"{typed[:4]}-{typed[4:6]}-{typed[6:]}")
    assert set(keys.keys(Person(birth_date=born.isoformat()))) <= set(keys.asked(asked))


def test_names_of_several_lines_are_nicknames_of_each() -> None:
    assert is_nickname("sandy", "alex")
    assert is_nickname("ted", "edward")
    assert is_nickname("ted", "theodore")
    assert not is_nickname("edward", "theodore")


def test_a_person_has_few_keys() -> None:
    many = [{"family": f"f{number}", "given": [f"g{number}"]} for number in range(50)]
    assert len(keys.keys(person({"name": many}))) <= 24


@pytest.mark.parametrize("broken", [{"name": "x"}, {"name": [{"given": "x"}]}, {"telecom": [1]}, {"identifier": [{}]}])
def test_what_is_malformed_is_left_out(broken: dict[str, object]) -> None:
    assert person(broken) == Person()
