"""Breaches: presumed unless little risk is shown, and told to who must hear of them in time."""

from datetime import date
from typing import Any

import pytest

from penstock_healthcare.phi.breach import EXCEPTIONS, FACTORS, Incident, assess

FOUND = date(2026, 11, 24)
WORST = {"nature": "sensitive", "recipient": "unknown", "acquired": "acquired", "mitigation": "none"}
MILD = {"nature": "demographic", "recipient": "covered", "acquired": "no", "mitigation": "assured"}


def incident(factors: Any = WORST, states: dict[str, int] | None = None, **more: Any) -> Incident:
    return Incident(FOUND, factors, states or {"MN": 20}, **more)


def test_the_worst_of_all_factors_is_a_breach_with_a_reason_for_each() -> None:
    found = assess(incident())
    assert (found.outcome, found.score) == ("breach", 12)
    assert [reason.partition(":")[0] for reason in found.reasons] == list(FACTORS)


def test_a_low_probability_needs_every_factor_to_be_low() -> None:
    assert assess(incident(MILD)).outcome == "low_probability"
    assert assess(incident(MILD)).notices == ()
    assert assess(incident({**MILD, "nature": "limited", "acquired": "unknown"})).outcome == "breach"


@pytest.mark.parametrize("exception", EXCEPTIONS)
def test_an_exception_ends_the_assessment(exception: str) -> None:
    assert assess(incident(exception=exception)).outcome == "no_breach"


@pytest.mark.parametrize(
    ("states", "told"),
    [
        ({"MN": 499}, {"individuals": "2027-01-23", "secretary": "2027-03-01"}),
        ({"MN": 500}, {"individuals": "2027-01-23", "secretary": "2027-01-23"}),
        ({"MN": 501}, {"individuals": "2027-01-23", "media:MN": "2027-01-23", "secretary": "2027-01-23"}),
        ({"MN": 300, "WI": 300}, {"individuals": "2027-01-23", "secretary": "2027-01-23"}),
    ],
)
def test_who_must_be_told_by_when_follows_from_the_counts(states: dict[str, int], told: dict[str, str]) -> None:
    assert {each.to: each.due.isoformat() for each in assess(incident(states=states)).notices} == told


def test_those_without_an_address_are_told_in_another_way() -> None:
    few, many = (assess(incident(without_address=count)).notices[1] for count in (9, 10))
    assert few.to == many.to == "individuals_substitute"
    assert "media" in many.reason
    assert "media" not in few.reason
