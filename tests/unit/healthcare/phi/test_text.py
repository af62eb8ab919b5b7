"""Free text: what is found in it, what stands in its place, and how long that takes."""

import re
import time
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock_healthcare.phi import Identifier, Treatment
from penstock_healthcare.phi.text import find_in_text, known_words, redact_text
from penstock_healthcare.phi.text_rules import RULES, Rule

TODAY = date(2026, 11, 24)
PLANTED = [
    (Identifier.NAME, "seen by Dr. {}", "Paula Harrington"),
    (Identifier.NAME, "Patient: {} was well", "Henrik Lindqvist"),
    (Identifier.GEOGRAPHY, "at home, {}, since", "1207 Birch Avenue"),
    (Identifier.GEOGRAPHY, "lives in {} with", "Hermantown"),
    (Identifier.GEOGRAPHY, "WI {} is where", "54880-1234"),
    (Identifier.DATE, "admitted {}.", "11/02/2026"),
    (Identifier.DATE, "admitted {}, well", "2026-11-02"),
    (Identifier.DATE, "admitted {} and", "March 3, 2026"),
    (Identifier.DATE, "admitted {} and", "3 March 2026"),
    (Identifier.DATE, "stamp {}.", "20261102083015"),
    (Identifier.DATE, "a {}-year-old woman", "93"),
    (Identifier.PHONE, "call {} today", "218-555-0188"),
    (Identifier.PHONE, "call {} today", "(218) 555-0188"),
    (Identifier.PHONE, "reach {} in Oslo", "+47 22 12 34 56"),
    (Identifier.FAX, "fax: {} please", "218-555-0199"),
    (Identifier.EMAIL, "write to {}.", "h.lindqvist@example.org"),
    (Identifier.SSN, "known as {} there", "987-65-4320"),
    (Identifier.SSN, "SSN {} there", "987654320"),
    (Identifier.MRN, "MRN: {} is", "MRN4388120"),
    (Identifier.HEALTH_PLAN, "policy number {} is", "A123456789"),
    (Identifier.HEALTH_PLAN, "the {} card", "1EG4-TE5-MK73"),
    (Identifier.ACCOUNT, "account {} is", "88112233"),
    (Identifier.ACCOUNT, "paid from {} by", "DE89370400440532013000"),
    (Identifier.ACCOUNT, "card {} was", "4111 1111 1111 1111"),
    (Identifier.LICENCE, "license no. {} is", "D1234567"),
    (Identifier.VEHICLE, "drove {} into", "1HGCM82633A004352"),
    (Identifier.DEVICE, "(01){} was put in", "00844588003288(21)XYZ999"),
    (Identifier.URL, "see {} for", "https://example.org/p?id=7"),
    (Identifier.IP, "from {}.", "10.12.13.14"),
    (Identifier.IP, "from {} there", "2001:db8::1"),
    (Identifier.BIOMETRIC, "{} was taken", "fingerprint"),
    (Identifier.PHOTO, "see {} there", "scans/face_01.jpg"),
    (Identifier.OTHER, "id {} there", "0193f6f0-3c5a-7c3e-8a53-3f1d3e0b8c11"),
]
CLEAN = [
    "Glucose 104 mg/dL, potassium 4.1 mmol/L; BP 120/80, pain 4/10.",
    "Gram negative rods on Gram stain & lactose fermenters on MacConkey agar",
    "Hemoglobin [Mass/volume] in Blood 718-7, aged 45, range 4.20-5.80",
    "Ambulatory for 2 years. Repeat in 6 weeks.",
]
WRONG_CHECK_DIGITS = ["1HGCM82633A004353", "4111 1111 1111 1112", "DE89370400440532013001", "(01)00844588003289"]


@pytest.mark.parametrize(("identifier", "sentence", "value"), PLANTED)
def test_an_identifier_is_found_where_it_stands_and_gone_afterwards(
    identifier: Identifier, sentence: str, value: str
) -> None:
    text = sentence.format(value)
    found = find_in_text(text)
    assert [(each.identifier, each.text) for each in found] == [(identifier, value)]
    assert text[found[0].start : found[0].end] == value
    made, counts = redact_text(text, Treatment(TODAY))
    assert value not in made
    assert counts == {identifier: 1}


@pytest.mark.parametrize("text", CLEAN)
def test_clinical_text_stays_as_it_is(text: str) -> None:
    assert redact_text(text, Treatment(TODAY)) == (text, {})


@pytest.mark.parametrize("text", WRONG_CHECK_DIGITS)
def test_a_number_that_fails_its_check_digit_is_none(text: str) -> None:
    assert find_in_text(text) == []


def test_years_and_three_digits_of_a_zip_remain() -> None:
    text, _ = redact_text("Born 11/02/1954, moved on 2026-03-01 to MN 55802, then VT 05901.", Treatment(TODAY))
    assert text == "Born 1954, moved on 2026 to MN 558, then VT 000."


def test_a_year_that_tells_of_ninety_goes_too() -> None:
    assert redact_text("Born 11/02/1931.", Treatment(TODAY))[0] == "Born [DATE]."
    assert redact_text("Aged 93", Treatment(TODAY))[0] == "Aged 90+"


def test_what_the_fields_say_is_found_in_any_case_and_in_parts() -> None:
    known = known_words({"Lindqvist": Identifier.NAME, "MRN4388120": Identifier.MRN, "Van den Berg": Identifier.NAME})
    found = find_in_text("lindqvist's chart MRN4388120, BERG and the van", known)
    assert [(each.identifier, each.text) for each in found] == [
        (Identifier.NAME, "lindqvist"),
        (Identifier.MRN, "MRN4388120"),
        (Identifier.NAME, "BERG"),
    ]


def test_a_finding_does_not_show_its_identifier_when_it_is_printed() -> None:
    [found] = find_in_text("SSN 987-65-4320")
    assert "987" not in repr(found)
    assert "987" not in str(found.told())


@settings(max_examples=300, deadline=None)
@given(
    pieces=st.lists(
        st.one_of(
            st.text(max_size=12),
            st.sampled_from([sentence.format(value) for _, sentence, value in PLANTED]),
            st.sampled_from(["Dr. ", "MRN ", "account ", "19", "2026", "-", "/", "[NAME]", "90+", "WI "]),
        ),
        max_size=8,
    )
)
def test_nothing_is_found_in_what_was_redacted(pieces: list[str]) -> None:
    text, _ = redact_text(" ".join(pieces), Treatment(TODAY))
    assert find_in_text(text) == []
    assert redact_text(text, Treatment(TODAY)) == (text, {})


HOSTILE = [
    "a",
    "1",
    "A ",
    "1-",
    "1.",
    ":",
    "Aa ",
    "a.",
    "a@",
    "(1",
    "+1 ",
    "Dr Aa Bb ",
    "http://",
    "1/1/",
    "Jan 1",
    "\t",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_the_time_of_a_search_grows_with_the_text_and_no_faster(piece: str) -> None:
    def seconds(size: int) -> float:
        text = piece * (size // len(piece))
        best = float("inf")
        for _ in range(3):
            begun = time.perf_counter()
            find_in_text(text)
            best = min(best, time.perf_counter() - begun)
        return best

    small, large = seconds(10_000), seconds(80_000)
    assert large < 24 * small + 0.05, "eight times the text, and never more than three times eight the time"


@pytest.mark.parametrize("rule", RULES, ids=[rule.name for rule in RULES])
def test_no_rule_repeats_without_a_bound(rule: Rule) -> None:
    outside_sets = re.sub(r"\[[^\]]*\]", "C", re.sub(r"\\.", "E", rule.pattern.pattern))
    assert not set("*+") & set(outside_sets)
