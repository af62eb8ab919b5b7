"""Metrics as the API shows them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from pydantic import AwareDatetime, BaseModel, Field

from penstock.api.problems import InvalidRequest
from penstock.clock import iso
from penstock.json import JSONObject
from penstock.metrics.buckets import Span
from penstock.metrics.reading import Series
from penstock.metrics.tally import Metrics, Tally

LONGEST = timedelta(days=31)
USUAL = timedelta(days=1)
WorkflowId = Annotated[str, Path(min_length=1, max_length=200, description="The workflow's id")]
SagaId = Annotated[str, Path(min_length=1, max_length=200, description="The saga's id")]
From = Annotated[
    AwareDatetime | None,
    Query(alias="from", description="From this time on, RFC 3339; a day before the end if left out"),
]
To = Annotated[AwareDatetime | None, Query(description="Up to this time, 31 days later at most; now if left out")]


class Percentiles(BaseModel):
    """Durations in milliseconds, to within one percent; null where there was none."""

    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None


class Figures(Percentiles):
    """How runs went."""

    started: int
    completed: int
    failed: int = Field(description="Ends in failure: a run that is retried may fail more than once")
    cancelled: int
    retried: int
    error_rate: float | None = Field(description="Of the ends, completed or failed, the share that failed")
    per_hour: float = Field(description="Throughput: the runs that ended, an hour")
    errors: dict[str, int] = Field(description="Failures by the error's type; the rarest may be one as `other`")


class Summary(Figures):
    """One workflow or saga over the whole time."""

    id: str

    @classmethod
    def shown(cls, name: str, metrics: Metrics, hours: float) -> "Summary":
        """The metrics under their name."""
        return cls.model_validate({"id": name, **_figures(metrics.runs, hours)})


class Hour(Figures):
    """One hour; hours in which nothing happened are left out."""

    hour: str = Field(description="When it began, RFC 3339 in UTC")


class NodeFigures(Percentiles):
    """How the runs of a node, or of a saga's step, went."""

    node: str = Field(description="Its name; those beyond the first hundred of an hour are one as `other`")
    runs: int = Field(description="Those that ended")
    failures: int
    retries: int = Field(description="Attempts that failed and were made again")
    error_rate: float | None = Field(description="Of the runs, the share that failed")
    errors: dict[str, int] = Field(description="Failed attempts by the error's type")

    @classmethod
    def shown(cls, node: str, tally: Tally) -> "NodeFigures":
        """The node's tally."""
        counts = {name: tally.counts.get(name, 0) for name in ("runs", "failures", "retries")}
        rate = {"error_rate": _share(counts["failures"], counts["runs"])}
        return cls.model_validate(
            {"node": node, **counts, **rate, "errors": _sorted(tally.errors), **_percentiles(tally)}
        )


class Summaries(BaseModel):
    """All that ran in the time: the whole hours, in UTC, in which it lies."""

    start: str = Field(serialization_alias="from")
    end: str = Field(serialization_alias="to")
    items: list[Summary]

    @classmethod
    def of(cls, found: Mapping[str, Metrics], span: Span) -> "Summaries":
        """The metrics by their names."""
        items = [Summary.shown(name, metrics, span.hours) for name, metrics in found.items()]
        return cls(start=iso(span.start), end=iso(span.end), items=items)


class Detail(Summary):
    """One workflow or saga, hour by hour and node by node."""

    start: str = Field(serialization_alias="from")
    end: str = Field(serialization_alias="to")
    hours: list[Hour]
    nodes: list[NodeFigures]

    @classmethod
    def of_series(cls, name: str, found: Series, span: Span) -> "Detail":
        """The series, its hours oldest first."""
        hours = [{"hour": f"{hour}:00:00.000Z", **_figures(each.runs, 1)} for hour, each in found.hours.items()]
        return cls.model_validate(
            {
                "id": name,
                "start": iso(span.start),
                "end": iso(span.end),
                **_figures(found.total.runs, span.hours),
                "hours": hours,
                "nodes": [NodeFigures.shown(node, tally) for node, tally in sorted(found.total.nodes.items())],
            }
        )


def span_of(start: datetime | None, end: datetime | None, now: datetime) -> Span:
    """The whole hours of the time that was asked for. Raises InvalidRequest."""
    end = end or now
    start = start or end - USUAL
    if not start < end:
        raise InvalidRequest("from", "must lie before `to`")
    if end - start > LONGEST:
        raise InvalidRequest("from", f"must lie at most {LONGEST.days} days before `to`")
    return Span.around(start, end)


def _figures(tally: Tally, hours: float) -> JSONObject:
    """The fields of Figures, over so many hours."""
    counts = {name: tally.counts.get(name, 0) for name in ("started", "completed", "failed", "cancelled", "retried")}
    ended = counts["completed"] + counts["failed"]
    rates = {"error_rate": _share(counts["failed"], ended), "per_hour": round(ended / hours, 3)}
    return {**counts, **rates, "errors": _sorted(tally.errors), **_percentiles(tally)}


def _percentiles(tally: Tally) -> JSONObject:
    """The fields of Percentiles."""
    found = {f"p{percent}_ms": tally.durations.percentile(percent) for percent in (50, 95, 99)}
    return {name: None if value is None else round(value, 1) for name, value in found.items()}


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _sorted(errors: Mapping[str, int]) -> dict[str, int]:
    """The most frequent first."""
    return dict(sorted(errors.items(), key=lambda item: (-item[1], item[0])))
