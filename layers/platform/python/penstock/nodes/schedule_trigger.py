"""core.trigger.schedule"""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from penstock.clock import iso
from penstock.workflows.node import Call, Emit, Kind, NodeParameters, Outcome, node_type

_NAMES = "SUN|MON|TUE|WED|THU|FRI|SAT|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC"
_FIELD = re.compile(rf"(?:[0-9*,/#L-]|{_NAMES})+")
_ANY_DAY = datetime(2026, 1, 1, tzinfo=UTC)


class Parameters(NodeParameters):
    """When."""

    cron: str | None = Field(
        default=None,
        max_length=200,
        description="Minute, hour, day of the month, month, day of the week: 0 7 * * MON-FRI is 7:00 on working days",
    )
    every_seconds: int | None = Field(
        default=None,
        ge=60,
        le=31_622_400,
        multiple_of=60,
        description="Or the time between two starts, in whole minutes",
    )
    timezone: str = Field(
        default="UTC", max_length=60, description="The IANA time zone that cron is meant in: Europe/Amsterdam"
    )

    @field_validator("timezone")
    @classmethod
    def _is_known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"there is no time zone {name}") from None
        return name

    @field_validator("cron")
    @classmethod
    def _comes_due(cls, cron: str | None) -> str | None:
        if cron is not None:
            _check(cron)
        return cron

    @model_validator(mode="after")
    def _one_of(self) -> "Parameters":
        if (self.cron is None) == (self.every_seconds is None):
            raise ValueError("give either cron or every_seconds")
        return self


def next_after(parameters: Parameters, time: datetime) -> datetime:
    """The first start after a time (aware), in UTC.

    `every_seconds` counts from 1970-01-01T00:00Z, so that the same starts follow from any time. A local time that the
    clocks skip is taken when they have skipped it; one that they repeat is taken once, unless cron names every hour.
    """
    if parameters.every_seconds is not None:
        seconds = parameters.every_seconds
        return datetime.fromtimestamp((int(time.timestamp()) // seconds + 1) * seconds, UTC)
    cron = parameters.cron or ""
    due = _next(cron, time.astimezone(ZoneInfo(parameters.timezone)))
    is_repeat = due.fold and not cron.split()[1].startswith("*")
    return (_next(cron, due) if is_repeat else due).astimezone(UTC)


def _next(cron: str, after: datetime) -> datetime:
    from croniter import croniter

    due: datetime = croniter(cron, after).get_next(datetime)
    return due


def _check(cron: str) -> None:
    """Raises ValueError when it is not an expression of five fields, or never comes due."""
    from croniter import CroniterBadDateError, croniter

    fields = cron.upper().split()
    if len(fields) != 5 or not all(map(_FIELD.fullmatch, fields)) or not croniter.is_valid(cron):
        raise ValueError("cron needs five fields: minute, hour, day of the month, month, day of the week")
    try:
        _next(cron, _ANY_DAY)
    except CroniterBadDateError:
        raise ValueError("this cron never comes due") from None


@node_type("core.trigger.schedule", kind=Kind.TRIGGER, parameters=Parameters, per_item=False)
def schedule_trigger(call: Call[Parameters]) -> Outcome:
    """Start at set times: by a cron expression in a time zone, or every so many seconds.

    Emits the items that the start was given, or one with `scheduled_at`, the time (UTC).
    """
    return Emit.main(call.items or [{"scheduled_at": iso(call.now)}])
