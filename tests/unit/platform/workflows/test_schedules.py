"""Schedule triggers as EventBridge Scheduler says them."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from penstock.documents.lifecycle import Status, Version
from penstock.events import Conflict, StreamId
from penstock.nodes.schedule_trigger import Parameters
from penstock.workflows.lifecycle import Workflow
from penstock.workflows.schedules import Schedule, expressions, reconcile, schedules_of

NOW = datetime(2026, 11, 24, 10, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cron", "expected"),
    [
        ("0 7 * * *", ["cron(0 7 * * ? *)"]),
        ("* * * * *", ["cron(* * * * ? *)"]),
        ("*/15 9-17 * * MON-FRI", ["cron(0,15,30,45 9-17 ? * MON-FRI *)"]),
        ("0 7 * * 0", ["cron(0 7 ? * SUN *)"]),
        ("0 7 * * 7", ["cron(0 7 ? * SUN *)"]),
        ("0 7 * * 5-7", ["cron(0 7 ? * SUN,FRI-SAT *)"]),
        ("0 7 * * 0-7", ["cron(0 7 * * ? *)"]),
        ("0 7 L * *", ["cron(0 7 L * ? *)"]),
        ("0 7 1,15 JAN,6-8 *", ["cron(0 7 1,15 1,6-8 ? *)"]),
        ("0 7 * * 5#2", ["cron(0 7 ? * 6#2 *)"]),
        ("0 7 * * L5", ["cron(0 7 ? * 6L *)"]),
        ("0 7 1,L * MON", ["cron(0 7 1 * ? *)", "cron(0 7 L * ? *)", "cron(0 7 ? * MON *)"]),
    ],
)
def test_cron_in_five_fields_becomes_schedulers_six(cron: str, expected: list[str]) -> None:
    assert expressions(Parameters(cron=cron)) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(60, "1 minute"), (120, "2 minutes"), (5_400, "90 minutes"), (3_600, "1 hour"), (172_800, "2 days")],
)
def test_an_interval_becomes_a_rate(seconds: int, expected: str) -> None:
    assert expressions(Parameters(every_seconds=seconds)) == [f"rate({expected})"]


@pytest.mark.parametrize("minutes", ["0-58/2", "0,2,3,5,7,11,13,17,19,23,29,31,37,41,43,47,53,59"])
def test_the_longest_expressions_stay_within_schedulers_256_characters(minutes: str) -> None:
    (expression,) = expressions(Parameters(cron=f"{minutes} 0-23/2 1-31/2 1-12/2 *"))
    assert len(expression) <= 256


def published(*nodes: dict[str, object], revision: int = 2) -> Workflow:
    definition = {"name": "Tested", "nodes": list(nodes)}
    versions = (Version(1, revision, NOW, definition),)
    return Workflow(StreamId("acme", "workflow", "w"), Status.PUBLISHED, revision, definition, versions)


def clock(name: str = "clock", **parameters: object) -> dict[str, object]:
    return {"name": name, "type": "core.trigger.schedule", "parameters": parameters}


def test_an_interval_keeps_step_with_the_epoch_whenever_it_is_set() -> None:
    (schedule,) = schedules_of(published(clock(every_seconds=3_600)), NOW).values()
    assert schedule.begins == datetime(2026, 11, 24, 11, tzinfo=UTC)


def test_names_tell_triggers_workflows_and_tenants_apart_within_64_characters() -> None:
    one = published(clock("a", cron="0 7 * * *"), clock("b", cron="0 7 * * *"))
    others = [replace(one, id=StreamId(*parts)) for parts in [("other", "workflow", "w"), ("acme", "workflow", "v")]]
    names = [name for workflow in (one, *others) for name in schedules_of(workflow, NOW)]
    assert len(set(names)) == 6
    assert max(map(len, names)) <= 64


@dataclass
class Kept:
    schedules: dict[str, Schedule] = field(default_factory=dict)

    def put(self, schedule: Schedule) -> None:
        self.schedules[schedule.name] = schedule

    def delete(self, name: str) -> None:
        self.schedules.pop(name, None)


def test_a_workflow_that_moves_on_meanwhile_is_done_again() -> None:
    kept, first = Kept(), published(clock(cron="0 7 * * *"))
    second = replace(first, status=Status.ARCHIVED, revision=3)
    loads: Iterator[Workflow] = iter([first, second, second])
    reconcile(lambda: next(loads), kept, lambda: NOW)
    assert kept.schedules == {}


def test_one_that_moves_on_every_time_is_left_to_a_later_try() -> None:
    first = published(clock(cron="0 7 * * *"))
    revisions = iter(range(2, 100))
    with pytest.raises(Conflict):
        reconcile(lambda: replace(first, revision=next(revisions)), Kept(), lambda: NOW)
