"""The rows that metrics are kept in: one for each workflow or saga and hour, and one for its day.

    key         <period>.<digest of the name>
    by period   <period> <name>                  everything of an hour or of a day
    by name     <digest of the name> <period>    the hours of one workflow

A period is written `2026-11-24T13` or `2026-11-24`, in UTC: the hours of a day begin with `2026-11-24T`. A row stands
at the number of the last entry of the tenant's feed that is counted in it, so that no entry is counted twice. Each
generation has rows of its own, under the subject's name and its number.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from penstock.events import Position, StreamId
from penstock.events.views import DEFAULT_INDEX, Row
from penstock.json import JSONObject
from penstock.metrics.tally import Metrics
from penstock.rebuilds.generations import stored_name

BY_NAME = "name"
KIND = "metrics"
REVISION = 1
"""Rises when what is counted changes: the feed is then counted anew, from its beginning."""

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
_HOUR_FORMAT, _DAY_FORMAT = "%Y-%m-%dT%H", "%Y-%m-%d"


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where something is counted: `subject` is `workflow` or `saga`, `name` its id."""

    tenant: str
    subject: str
    name: str
    period: str

    @property
    def stream(self) -> StreamId:
        """What its row goes by."""
        return StreamId(self.tenant, KIND, f"{self.period}.{digest(self.name)}")

    @property
    def day(self) -> "Bucket":
        """That of the day in which its hour lies."""
        return replace(self, period=self.period[: len("2026-11-24")])

    def row(self, metrics: Metrics, entry: int, generation: int = 1) -> Row:
        """The generation's row, after that entry of the feed."""
        document: JSONObject = {"name": self.name, "period": self.period, **metrics.to_json()}
        index = {DEFAULT_INDEX: f"{self.period} {self.name}", BY_NAME: f"{digest(self.name)} {self.period}"}
        name = projection(self.subject, generation)
        return Row(name, self.stream, Position(entry, entry), REVISION, document, index)


def projection(subject: str, generation: int = 1) -> str:
    """The name that the subject's rows are kept under."""
    return stored_name(f"{subject}_metrics.{REVISION}", generation)


def consumer(generation: int = 1) -> str:
    """Under which the generation keeps its place in the feed."""
    return stored_name(f"metrics.{REVISION}", generation)


def digest(name: str) -> str:
    """What stands for a name where it might be too long beside a period."""
    return sha256(name.encode()).hexdigest()[:32]


def hour_of(time: datetime) -> str:
    """The hour in which something is counted."""
    return time.astimezone(UTC).strftime(_HOUR_FORMAT)


@dataclass(frozen=True, slots=True)
class Span:
    """From an hour on, up to another; both are whole hours in UTC."""

    start: datetime
    end: datetime

    @classmethod
    def around(cls, start: datetime, end: datetime) -> "Span":
        """The whole hours in which the time lies."""
        first, last = _hour(start), _hour(end)
        return cls(first, last if last == end.astimezone(UTC) else last + HOUR)

    @property
    def hours(self) -> float:
        """How many there are."""
        return (self.end - self.start) / HOUR

    def periods(self) -> Iterator[str]:
        """The fewest that cover it: whole days where there are, hours before and after."""
        at = self.start
        while at < self.end:
            is_day = at.hour == 0 and at + DAY <= self.end
            yield at.strftime(_DAY_FORMAT if is_day else _HOUR_FORMAT)
            at += DAY if is_day else HOUR

    def days(self) -> Iterator[str]:
        """Every day that has an hour in it."""
        at = self.start.replace(hour=0)
        while at < self.end:
            yield at.strftime(_DAY_FORMAT)
            at += DAY

    def holds(self, hour: str) -> bool:
        """Whether an hour, as a period is written, lies in it."""
        return self.start <= datetime.strptime(hour, _HOUR_FORMAT).replace(tzinfo=UTC) < self.end


def _hour(time: datetime) -> datetime:
    return time.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
