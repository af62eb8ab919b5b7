"""What buckets say over a span of time is what the events of that time say."""

from datetime import UTC, datetime, timedelta

import pytest

from penstock.events.views import MemoryViewStore
from penstock.metrics import reading
from penstock.metrics.buckets import Bucket, Span
from penstock.metrics.errors import TooMuch
from penstock.metrics.reading import series, totals
from penstock.metrics.tally import Metrics, Tally

MIDNIGHT = datetime(2026, 11, 24, tzinfo=UTC)


def keep(views: MemoryViewStore, hours: dict[int, int], name: str = "w-1", tenant: str = "acme") -> None:
    """So many runs started in the hours that are so far from midnight; days as their hours make them."""
    days: dict[str, int] = {}
    for hour, started in hours.items():
        at = MIDNIGHT + timedelta(hours=hour)
        day = at.strftime("%Y-%m-%d")
        days[day] = days.get(day, 0) + started
        views.save(Bucket(tenant, "workflow", name, at.strftime("%Y-%m-%dT%H")).row(_started(started), 1), None)
    for day, started in days.items():
        views.save(Bucket(tenant, "workflow", name, day).row(_started(started), 1), None)


def _started(number: int) -> Metrics:
    return Metrics(Tally({"started": number}))


def span(start: float, end: float) -> Span:
    return Span.around(MIDNIGHT + timedelta(hours=start), MIDNIGHT + timedelta(hours=end))


@pytest.mark.parametrize(
    ("start", "end", "periods"),
    [
        (1.5, 2.5, ["2026-11-24T01", "2026-11-24T02"]),
        (1, 2, ["2026-11-24T01"]),
        (-1, 25, ["2026-11-23T23", "2026-11-24", "2026-11-25T00"]),
        (0, 48, ["2026-11-24", "2026-11-25"]),
    ],
)
def test_a_span_is_covered_by_whole_days_and_the_hours_around_them(
    start: float, end: float, periods: list[str]
) -> None:
    assert list(span(start, end).periods()) == periods


@pytest.mark.parametrize(("start", "end"), [(-30, 50), (-1, 25), (0, 24), (3, 4), (3, 3.1), (23, 49)])
def test_totals_count_each_hour_of_the_span_once(start: float, end: float) -> None:
    views, hours = MemoryViewStore(), dict.fromkeys(range(-40, 60), 1)
    keep(views, hours)
    keep(views, hours, "w-2")
    keep(views, hours, "w-3", tenant="other")
    found = span(start, end)
    told = totals(views, "acme", "workflow", found)
    assert {name: metrics.runs.counts["started"] for name, metrics in told.items()} == {
        "w-1": found.hours,
        "w-2": found.hours,
    }


def test_a_series_has_the_hours_of_one_workflow_oldest_first() -> None:
    views = MemoryViewStore()
    keep(views, {-30: 9, -1: 1, 3: 2, 30: 4, 40: 9})
    keep(views, {3: 100}, "w-2")
    found = series(views, "acme", "workflow", "w-1", span(-2, 31))
    assert [(hour, metrics.runs.counts["started"]) for hour, metrics in found.hours.items()] == [
        ("2026-11-23T23", 1),
        ("2026-11-24T03", 2),
        ("2026-11-25T06", 4),
    ]
    assert found.total.runs.counts == {"started": 7}


def test_more_than_may_be_read_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_BUCKETS", 3)
    views = MemoryViewStore()
    keep(views, {0: 1, 1: 1, 2: 1})
    assert totals(views, "acme", "workflow", span(0, 3))
    keep(views, {0: 1}, "w-2")
    with pytest.raises(TooMuch, match="more than 3"):
        totals(views, "acme", "workflow", span(0, 3))


def test_listings_longer_than_a_page_are_read_to_their_end() -> None:
    views = MemoryViewStore()
    for number in range(120):
        keep(views, {3: 1}, f"w-{number}")
    assert len(totals(views, "acme", "workflow", span(3, 4))) == 120
