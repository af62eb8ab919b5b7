"""The accounting of disclosures: the six years, what is exempt, series, and the template that takes it."""

import re
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock_healthcare.compliance import render
from penstock_healthcare.disclosures.accounting import MOST_ROWS, YEARS, Period, accounting, period
from penstock_healthcare.disclosures.errors import TooMany, WrongPeriod
from penstock_healthcare.disclosures.events import DisclosureRecorded
from penstock_healthcare.disclosures.purposes import BASES, Purpose
from tests.unit.healthcare.compliance.sample_data import DATA

TODAY = date(2026, 11, 24)
ALL = period(TODAY, None, None, None)
EXEMPT = {
    "treatment": "(i)",
    "payment": "(i)",
    "operations": "(i)",
    "individual": "(ii)",
    "incidental": "(iii)",
    "authorized": "(iv)",
    "facility_directory": "(v)",
    "national_security": "(vi)",
    "correctional": "(vii)",
    "limited_data_set": "(viii)",
}


def disclosed(
    day: str, to: str = "County health office", purpose: str = "public_health", name: str = ""
) -> DisclosureRecorded:
    return DisclosureRecorded(name or f"{day}{to}{purpose}", day, purpose, to, "", "Measles result", "reporting")


def test_every_purpose_has_a_basis_and_the_exempt_ones_are_those_of_the_law() -> None:
    assert set(BASES) == set(Purpose)
    found = {purpose.value: basis.paragraph for purpose, basis in BASES.items() if basis.is_exempt}
    assert found == {name: f"164.528(a)(1){place}" for name, place in EXEMPT.items()}


def test_six_years_are_covered_and_no_day_more() -> None:
    assert Period(date(2020, 11, 24), TODAY, TODAY) == ALL
    days = ["2020-11-23", "2020-11-24", "2026-11-24", "2026-11-25"]
    found = accounting([disclosed(day, to=day) for day in days], ALL)
    assert [row["date"] for row in found.disclosures] == days[1:3]
    assert period(date(2028, 2, 29), None, None, None).first == date(2022, 2, 28)


@pytest.mark.parametrize(
    ("first", "last", "requested", "field"),
    [
        (date(2020, 11, 23), None, None, "from"),
        (None, date(2026, 11, 25), None, "to"),
        (date(2026, 2, 2), date(2026, 2, 1), None, "from"),
        (None, None, date(2026, 11, 25), "requested"),
        (None, TODAY, date(2026, 10, 1), "to"),
    ],
)
def test_a_period_that_cannot_be_asked_for_is_refused(
    first: date | None, last: date | None, requested: date | None, field: str
) -> None:
    with pytest.raises(WrongPeriod, match=f"^{field}: ") as refused:
        period(TODAY, first, last, requested)
    assert refused.value.field == field


def test_repeated_disclosures_to_one_recipient_for_one_purpose_are_a_series() -> None:
    days = ("2026-03-01", "2026-01-01", "2026-01-31")
    others = [disclosed("2026-02-01", purpose="judicial"), disclosed("2026-02-02", to="Sheriff")]
    found = accounting(
        [*(disclosed(day) for day in days), disclosed("2026-02-15", "county  HEALTH office"), *others], ALL
    )
    [series] = found.series
    assert (series["first"], series["last"]) == ("2026-01-01", "2026-03-01")
    assert series["count"] == "4 times, about every 20 days"
    assert [row["date"] for row in found.disclosures] == ["2026-02-01", "2026-02-02"]


def test_what_was_not_permitted_is_never_told_as_a_series() -> None:
    twice = [disclosed("2026-01-01", purpose="impermissible", name=name) for name in "ab"]
    found = accounting(twice, ALL)
    assert (len(found.disclosures), found.series) == (2, ())
    [series] = accounting([disclosed("2026-01-01", name=name) for name in "ab"], ALL).series
    assert series["count"] == "2 times on one day"


def test_what_was_shredded_is_counted_and_not_listed() -> None:
    found = accounting([DisclosureRecorded("1", "2026-01-01", "judicial", "", "", "", "")], ALL)
    assert (found.disclosures, found.series, found.erased) == ((), (), 1)


def test_more_rows_than_the_template_takes_are_refused() -> None:
    rows = [disclosed("2026-01-01", to=str(number)) for number in range(MOST_ROWS + 1)]
    assert len(accounting(rows[1:], ALL).disclosures) == MOST_ROWS
    with pytest.raises(TooMany):
        accounting(rows, ALL)


DAYS = st.dates(TODAY - timedelta(days=366 * YEARS), TODAY + timedelta(days=9))


@given(st.lists(st.tuples(DAYS, st.sampled_from(["A", "a", "B"]), st.sampled_from(["judicial", "impermissible"]))))
def test_every_disclosure_in_the_period_is_told_once(made: list[tuple[date, str, str]]) -> None:
    recorded = [disclosed(day.isoformat(), to, purpose, str(n)) for n, (day, to, purpose) in enumerate(made)]
    found = accounting(recorded, ALL)
    told = len(found.disclosures) + sum(int(re.findall(r"^\d+", row["count"])[0]) for row in found.series)
    assert told == sum(ALL.first <= day <= ALL.last for day, _, _ in made)


def test_the_template_takes_the_rows() -> None:
    found = accounting([disclosed("2026-01-01"), disclosed("2026-01-03"), disclosed("2026-02-02", to="Sheriff")], ALL)
    rows = {"disclosures": list(found.disclosures), "series": list(found.series)}
    text = render("accounting_of_disclosures", {**DATA["accounting_of_disclosures"], **rows}).markdown()
    assert "Sheriff" in text
    assert "2 times, about every 2 days" in text
