"""Schedules follow the published schedule triggers."""

import json
from typing import Any

from penstock.aws import clients
from tests.functions.cloud import Cloud, load
from tests.functions.flows import workflow


def clock(**parameters: Any) -> dict[str, Any]:
    return {"name": "clock", "type": "core.trigger.schedule", "parameters": parameters}


def catch_up(cloud: Cloud, workflow_id: str) -> None:
    answer = load("schedules").handler(cloud.sqs_event({"stream": f"acme#workflow#{workflow_id}"}), cloud.context())
    assert answer == {"batchItemFailures": []}


def schedules() -> list[dict[str, Any]]:
    client = clients.scheduler()
    names = [each["Name"] for each in client.list_schedules(GroupName="penstock-test")["Schedules"]]
    return [dict(client.get_schedule(Name=name, GroupName="penstock-test")) for name in sorted(names)]


def change(cloud: Cloud, workflow_id: str, trigger: dict[str, Any]) -> None:
    definition = {"name": "Changed", "nodes": [trigger], "connections": []}
    assert cloud.request("workflows", "PUT", f"/v1/workflows/{workflow_id}", definition).status == 200


def test_a_published_trigger_becomes_a_schedule(cloud: Cloud) -> None:
    name = workflow(cloud, trigger=clock(cron="0 7 * * MON-FRI", timezone="Europe/Amsterdam"))
    catch_up(cloud, name)
    (schedule,) = schedules()
    assert schedule["ScheduleExpression"] == "cron(0 7 ? * MON-FRI *)"
    assert schedule["ScheduleExpressionTimezone"] == "Europe/Amsterdam"
    assert schedule["Target"]["Arn"].endswith(":triggers")
    assert json.loads(schedule["Target"]["Input"]) == {
        "schedule": {"tenant": "acme", "workflow": name, "node": "clock", "time": "<aws.scheduler.scheduled-time>"}
    }


def test_being_told_twice_changes_nothing(cloud: Cloud) -> None:
    name = workflow(cloud, trigger=clock(every_seconds=120))
    catch_up(cloud, name)
    catch_up(cloud, name)
    (schedule,) = schedules()
    assert schedule["ScheduleExpression"] == "rate(2 minutes)"
    assert schedule["StartDate"].timestamp() % 120 == 0


def test_a_draft_is_no_schedule_until_it_is_published(cloud: Cloud) -> None:
    name = workflow(cloud, trigger=clock(cron="0 7 * * *"), publish=False)
    catch_up(cloud, name)
    assert schedules() == []


def test_a_changed_schedule_is_replaced_when_it_is_published(cloud: Cloud) -> None:
    name = workflow(cloud, trigger=clock(cron="0 7 1 * MON"))
    catch_up(cloud, name)
    assert [each["ScheduleExpression"] for each in schedules()] == ["cron(0 7 1 * ? *)", "cron(0 7 ? * MON *)"]
    change(cloud, name, clock(cron="30 8 * * *"))
    catch_up(cloud, name)
    assert len(schedules()) == 2
    cloud.request("workflows", "POST", f"/v1/workflows/{name}/publish")
    catch_up(cloud, name)
    assert [each["ScheduleExpression"] for each in schedules()] == ["cron(30 8 * * ? *)"]


def test_an_archived_a_deleted_and_a_disabled_one_have_none(cloud: Cloud) -> None:
    for end in ("archive", "delete", "disable"):
        name = workflow(cloud, trigger=clock(cron="0 7 * * *"))
        catch_up(cloud, name)
        assert len(schedules()) == 1
        if end == "archive":
            cloud.request("workflows", "POST", f"/v1/workflows/{name}/archive")
        elif end == "delete":
            cloud.request("workflows", "DELETE", f"/v1/workflows/{name}")
        else:
            change(cloud, name, {**clock(cron="0 7 * * *"), "disabled": True})
            cloud.request("workflows", "POST", f"/v1/workflows/{name}/publish")
        catch_up(cloud, name)
        assert schedules() == [], end
