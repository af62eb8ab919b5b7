"""Schedule triggers of published workflows as EventBridge Scheduler has them.

A trigger becomes one schedule, or several where Scheduler cannot say in one what cron can: a cron that names days of
the month *and* days of the week means either. Two that fire at one time start one execution, whose id follows from
the time (see `workflows.triggers`).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Protocol

from penstock.clock import Clock
from penstock.documents.lifecycle import Status
from penstock.events import Conflict
from penstock.json import JSONObject
from penstock.nodes.schedule_trigger import Parameters, next_after
from penstock.workflows.lifecycle import Workflow
from penstock.workflows.triggers import SCHEDULE

FIRED_AT = "<aws.scheduler.scheduled-time>"
"""What Scheduler replaces by the time at which the schedule was due."""

_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_ANY, _NONE, _LAST = "*", "?", "l"
_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Schedule:
    """A recurring schedule: an expression of Scheduler's, the time zone it is meant in, and what it sends."""

    name: str
    expression: str
    timezone: str
    message: JSONObject
    begins: datetime | None = None


class Schedules(Protocol):
    """Keeps schedules by name."""

    def put(self, schedule: Schedule) -> None:
        """Create it, or replace the one of its name."""
        ...

    def delete(self, name: str) -> None:
        """Take it away, if it is there."""
        ...


def reconcile(load: Callable[[], Workflow], schedules: Schedules, clock: Clock) -> None:
    """Make the schedules those of the published version.

    When the workflow has moved on meanwhile it is done again, so that of two at once the last to write has seen the
    newest. Raises Conflict when it moves on every time.
    """
    workflow = load()
    for _ in range(_TRIES):
        wanted = schedules_of(workflow, clock())
        for name in known_names(workflow) - wanted.keys():
            schedules.delete(name)
        for schedule in wanted.values():
            schedules.put(schedule)
        seen, workflow = workflow, load()
        if workflow.revision == seen.revision:
            return
    raise Conflict(str(workflow.id), workflow.revision)


def schedules_of(workflow: Workflow, now: datetime) -> Mapping[str, Schedule]:
    """The schedules of the published version, by name; none when the workflow is not published."""
    if workflow.status is not Status.PUBLISHED:
        return {}
    return {made.name: made for made in _of_definition(workflow, workflow.released().definition, now)}


def known_names(workflow: Workflow) -> frozenset[str]:
    """The names of all schedules that any version of the workflow may have made."""
    return frozenset(
        _name(workflow, node["name"], place)
        for version in workflow.versions
        for node in _triggers(version.definition)
        for place, _ in enumerate(expressions(Parameters.model_validate(node.get("parameters", {}))))
    )


def expressions(parameters: Parameters) -> Sequence[str]:
    """The trigger's times as `cron(…)` or `rate(…)`."""
    if parameters.every_seconds is None:
        return [f"cron({expression})" for expression in _cron(parameters.cron or "")]
    size, unit = next((size, unit) for size, unit in _UNITS if parameters.every_seconds % size == 0)
    count = parameters.every_seconds // size
    return [f"rate({count} {unit}{'' if count == 1 else 's'})"]


def _of_definition(workflow: Workflow, definition: JSONObject, now: datetime) -> Iterator[Schedule]:
    for node in _triggers(definition):
        parameters = Parameters.model_validate(node.get("parameters", {}))
        begins = next_after(parameters, now) if parameters.every_seconds else None
        for place, expression in enumerate(expressions(parameters)):
            name = _name(workflow, node["name"], place)
            yield Schedule(name, expression, parameters.timezone, _message(workflow, node["name"]), begins)


def _triggers(definition: JSONObject) -> Iterator[JSONObject]:
    return (node for node in definition["nodes"] if node["type"] == SCHEDULE and not node.get("disabled"))


def _message(workflow: Workflow, node: str) -> JSONObject:
    firing = {"tenant": workflow.id.tenant, "workflow": workflow.id.key, "node": node, "time": FIRED_AT}
    return {"schedule": firing}


def _name(workflow: Workflow, node: str, place: int) -> str:
    """The same for the same trigger, and within Scheduler's 64 characters."""
    return f"trigger-{sha256(f'{workflow.id} {node}'.encode()).hexdigest()[:40]}-{place}"


def _cron(cron: str) -> Iterator[str]:
    """Five fields of cron as six of Scheduler's, where days are named either by the month or by the week."""
    from croniter import croniter

    (minutes, hours, month_days, months, week_days), nth = croniter.expand(cron)
    for month_day, week_day in _days(month_days, week_days, nth):
        yield f"{_numbers(minutes)} {_numbers(hours)} {month_day} {_numbers(months)} {week_day} *"


def _days(month_days: list[Any], week_days: list[Any], nth: Mapping[Any, set[Any]]) -> Iterator[tuple[str, str]]:
    if month_days == week_days == [_ANY]:
        yield _ANY, _NONE
    numbers = [day for day in month_days if day not in (_ANY, _LAST)]
    if numbers:
        yield _numbers(numbers), _NONE
    if _LAST in month_days:
        yield "L", _NONE
    plain = [day for day in week_days if day != _ANY and day not in nth]
    if plain:
        yield _NONE, _ranges(plain, lambda day: _DAYS[day])
    for day, places in sorted(nth.items()):
        for place in sorted(places, key=str):
            yield _NONE, f"{day + 1}L" if place == _LAST else f"{day + 1}#{place}"


def _numbers(values: Sequence[Any]) -> str:
    return _ANY if values == [_ANY] else _ranges(values, str)


def _ranges(values: Sequence[int], shown: Callable[[int], str]) -> str:
    """Sorted numbers with those that follow each other as ranges: 1,3-5."""
    runs: list[list[int]] = []
    for value in values:
        if runs and value == runs[-1][-1] + 1:
            runs[-1].append(value)
        else:
            runs.append([value])
    return ",".join(shown(run[0]) if len(run) == 1 else f"{shown(run[0])}-{shown(run[-1])}" for run in runs)
