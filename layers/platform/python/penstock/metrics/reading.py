"""What the buckets say: of every workflow or saga over a span of time, and of one of them hour by hour."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from penstock.events.views import LARGEST_PAGE, View, ViewStore
from penstock.metrics.buckets import BY_NAME, Span, digest, projection
from penstock.metrics.errors import TooMuch
from penstock.metrics.tally import Metrics

MOST_BUCKETS = 5_000


@dataclass(frozen=True, slots=True)
class Series:
    """One workflow or saga: all of the time together, and the hours in which something happened, oldest first."""

    total: Metrics
    hours: Mapping[str, Metrics]


def totals(views: ViewStore, tenant: str, subject: str, span: Span) -> Mapping[str, Metrics]:
    """The metrics of each that ran in the time, by name, sorted. Raises TooMuch."""
    found: dict[str, list[Metrics]] = {}
    for read, view in enumerate(_all(views, tenant, subject, span)):
        if read == MOST_BUCKETS:
            raise TooMuch(MOST_BUCKETS)
        found.setdefault(view.document["name"], []).append(Metrics.parse(view.document))
    return {name: Metrics.sum(parts) for name, parts in sorted(found.items())}


def series(views: ViewStore, tenant: str, subject: str, name: str, span: Span) -> Series:
    """The metrics of one by the hour; no more rows are read than the days of the span have hours."""
    hours: dict[str, Metrics] = {}
    for day in span.days():
        for view in _listed(views, tenant, subject, f"{digest(name)} {day}T", BY_NAME):
            if span.holds(view.document["period"]):
                hours[view.document["period"]] = Metrics.parse(view.document)
    return Series(Metrics.sum(hours.values()), hours)


def _all(views: ViewStore, tenant: str, subject: str, span: Span) -> Iterator[View]:
    for period in span.periods():
        yield from _listed(views, tenant, subject, f"{period} ")


def _listed(views: ViewStore, tenant: str, subject: str, prefix: str, index: str = "") -> Iterator[View]:
    cursor = None
    while True:
        page = views.list(
            tenant,
            projection(subject),
            index=index,
            prefix=prefix,
            newest_first=False,
            limit=LARGEST_PAGE,
            cursor=cursor,
        )
        yield from page.items
        cursor = page.cursor
        if cursor is None:
            return
