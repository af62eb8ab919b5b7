"""What the buckets say: of every workflow or saga over a span of time, and of one of them hour by hour.

A reader names the generation that is live; a rebuild makes another beside it.
"""

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


def totals(views: ViewStore, tenant: str, subject: str, span: Span, generation: int = 1) -> Mapping[str, Metrics]:
    """The metrics of each that ran in the time, by name, sorted. Raises TooMuch."""
    found: dict[str, list[Metrics]] = {}
    for read, view in enumerate(_all(views, tenant, projection(subject, generation), span)):
        if read == MOST_BUCKETS:
            raise TooMuch(MOST_BUCKETS)
        found.setdefault(view.document["name"], []).append(Metrics.parse(view.document))
    return {name: Metrics.sum(parts) for name, parts in sorted(found.items())}


def series(views: ViewStore, tenant: str, subject: str, name: str, span: Span, generation: int = 1) -> Series:
    """The metrics of one by the hour; no more rows are read than the days of the span have hours."""
    hours: dict[str, Metrics] = {}
    kept = projection(subject, generation)
    for day in span.days():
        for view in listed(views, tenant, kept, f"{digest(name)} {day}T", BY_NAME):
            if span.holds(view.document["period"]):
                hours[view.document["period"]] = Metrics.parse(view.document)
    return Series(Metrics.sum(hours.values()), hours)


def _all(views: ViewStore, tenant: str, kept: str, span: Span) -> Iterator[View]:
    for period in span.periods():
        yield from listed(views, tenant, kept, f"{period} ")


def listed(views: ViewStore, tenant: str, kept: str, prefix: str = "", index: str = "") -> Iterator[View]:
    """The rows under the name that they are kept under, in the index's order, a page at a time."""
    cursor = None
    while True:
        page = views.list(
            tenant,
            kept,
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
