"""The accounting that a patient gets: each disclosure, and those that were made several times as a series.

Rows are as the template `accounting_of_disclosures` takes them. A series (45 CFR 164.528(b)(3)) is of one recipient and
one purpose; it tells the first, how often, and the last. What was shredded has no recipient any more: it is counted.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from penstock.json import JSONObject
from penstock_healthcare.disclosures.errors import TooMany, WrongPeriod
from penstock_healthcare.disclosures.events import DisclosureRecorded
from penstock_healthcare.disclosures.purposes import BASES, Purpose

YEARS = 6
MOST_ROWS = 500
"""Of each table: what the template takes."""


@dataclass(frozen=True, slots=True)
class Period:
    """The days that an accounting covers, both included, and the day on which it was asked for."""

    first: date
    last: date
    requested: date


@dataclass(frozen=True, slots=True)
class Accounting:
    """`disclosures` and `series` are rows by date. `erased` were made in the period, and are unreadable by now."""

    period: Period
    disclosures: tuple[JSONObject, ...]
    series: tuple[JSONObject, ...]
    erased: int


def period(today: date, first: date | None, last: date | None, requested: date | None) -> Period:
    """The period that is asked for; what is left out is all that may be asked. Raises WrongPeriod."""
    asked = requested or today
    if asked > today:
        raise WrongPeriod("requested", "lies in the future")
    earliest = _years_before(asked)
    found = Period(first or earliest, last or asked, asked)
    if found.first < earliest:
        raise WrongPeriod("from", f"lies more than {YEARS} years before the request: {earliest} is the first day")
    if found.last > asked:
        raise WrongPeriod("to", "lies after the request")
    if found.first > found.last:
        raise WrongPeriod("from", "lies after to")
    return found


def accounting(recorded: Iterable[DisclosureRecorded], covers: Period) -> Accounting:
    """The accounting of what was recorded. Raises TooMany."""
    within = [each for each in recorded if covers.first <= date.fromisoformat(each.date) <= covers.last]
    readable = sorted((each for each in within if each.recipient), key=lambda each: each.date)
    groups: dict[tuple[str, ...], list[DisclosureRecorded]] = {}
    for each in readable:
        groups.setdefault(_group(each), []).append(each)
    single = tuple({"date": only.date, **_told(only)} for only, *more in groups.values() if not more)
    series = tuple(_series(group) for group in groups.values() if len(group) > 1)
    for what, rows in (("disclosures", single), ("series", series)):
        if len(rows) > MOST_ROWS:
            raise TooMany(f"{what} in this period", MOST_ROWS)
    return Accounting(covers, single, series, len(within) - len(readable))


def _years_before(day: date) -> date:
    try:
        return day.replace(year=day.year - YEARS)
    except ValueError:  # the 29th of February
        return day.replace(year=day.year - YEARS, day=28)


def _group(disclosure: DisclosureRecorded) -> tuple[str, ...]:
    """What disclosures have in common that may be told as a series; its own id where it may not."""
    if not BASES[Purpose(disclosure.purpose)].is_serial:
        return (disclosure.id,)
    return (disclosure.purpose, " ".join(disclosure.recipient.casefold().split()))


def _series(group: Sequence[DisclosureRecorded]) -> JSONObject:
    first, last = group[0].date, group[-1].date
    return {"first": first, "last": last, "count": _frequency(len(group), first, last), **_told(group[0])}


def _frequency(times: int, first: str, last: str) -> str:
    days = (date.fromisoformat(last) - date.fromisoformat(first)).days
    if not days:
        return f"{times} times on one day"
    each = max(round(days / (times - 1)), 1)
    return f"{times} times, about every {each} days" if each > 1 else f"{times} times, about every day"


def _told(disclosure: DisclosureRecorded) -> JSONObject:
    return {
        "recipient": disclosure.recipient,
        **({"address": disclosure.address} if disclosure.address else {}),
        "information": disclosure.information,
        "purpose": disclosure.statement,
    }
