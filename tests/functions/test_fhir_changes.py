"""Workflows that start on changes of FHIR resources: from the endpoint over the bus to the execution."""

import json
from typing import Any

import pytest

from penstock.aws import wiring
from penstock.events import StreamId
from penstock.events.publishing import message
from penstock.workflows.execution.state import Execution, Status
from tests.functions.cloud import Cloud, load
from tests.functions.flows import executions, workflow
from tests.functions.test_fhir_searching import PATH, observation, patient

HIGH = "Observation?code=http://loinc.org|2823-3&value-quantity=gt6"


def on(criteria: str) -> dict[str, Any]:
    return {"name": "on", "type": "healthcare.trigger.fhir", "parameters": {"criteria": criteria}}


def put(cloud: Cloud, resource: dict[str, Any]) -> StreamId:
    """Save it at the endpoint; returns its stream."""
    kind, name = resource["resourceType"], resource["id"]
    answer = cloud.request("fhir", "PUT", f"{PATH}/{kind}/{name}", _numbers(resource))
    assert answer.status in (200, 201), answer.text
    return StreamId("acme", "fhir", f"{kind}-{name}")


def _numbers(resource: dict[str, Any]) -> str:
    found = resource.get("valueQuantity")
    value = {"valueQuantity": {**found, "value": float(found["value"])}} if found else {}
    return json.dumps({**resource, **value})


def told(*streams: StreamId) -> list[dict[str, Any]]:
    """Every event of the streams as the bus hands it on."""
    events = [event for stream in streams for commit in wiring.events().commits(stream) for event in commit.events]
    return [{"detail-type": event.type, "detail": json.loads(message(event).detail)} for event in events]


def hear(cloud: Cloud, *streams: StreamId, function: str = "fhir_changes") -> None:
    assert load(function).handler(cloud.sqs_event(*told(*streams)), cloud.context()) == {"batchItemFailures": []}


def run(execution: str) -> Execution:
    """Carry it on to its end."""
    return wiring.engine().resume(StreamId("acme", "execution", execution), lambda: False)


def test_a_resource_that_meets_the_criteria_starts_an_execution_with_it(cloud: Cloud) -> None:
    workflow(cloud, trigger=on(HIGH))
    hear(cloud, put(cloud, observation("low", "a", "4.1")), put(cloud, observation("high", "a", "6.9")))
    (execution,) = executions(cloud)
    ended = run(execution)
    assert ended.status is Status.DONE, ended.error
    (item,) = ended.result()
    assert (item["reference"], item["version"], item["is_new"]) == ("Observation/high", 1, True)
    assert item["resource"]["valueQuantity"]["value"] == "6.9"
    assert item["resource"]["meta"]["versionId"] == "1"


def test_each_version_starts_once_and_is_given_as_it_was_then(cloud: Cloud) -> None:
    workflow(cloud, trigger=on("Patient?family=adams"))
    stream = put(cloud, patient("a", "Adams", gender="female"))
    put(cloud, patient("a", "Adams", gender="male"))
    put(cloud, patient("a", "Brown"))
    hear(cloud, stream)
    hear(cloud, stream)
    items = [run(each).result()[0] for each in executions(cloud)]
    assert {(item["version"], item["is_new"], item["resource"]["gender"]) for item in items} == {
        (1, True, "female"),
        (2, False, "male"),
    }


def test_a_type_alone_is_met_by_every_resource_of_it_and_by_no_other(cloud: Cloud) -> None:
    workflow(cloud, trigger=on("Patient"))
    hear(cloud, put(cloud, patient("a", "Adams")), put(cloud, observation("o", "a", "4.1")))
    assert len(executions(cloud)) == 1


def test_a_deletion_starts_nothing(cloud: Cloud) -> None:
    stream = put(cloud, patient("a", "Adams"))
    workflow(cloud, trigger=on("Patient"))
    cloud.request("fhir", "DELETE", f"{PATH}/Patient/a")
    load("fhir_changes").handler(cloud.sqs_event(told(stream)[-1]), cloud.context())
    assert executions(cloud) == []


def test_another_tenants_resource_starts_nothing(cloud: Cloud) -> None:
    workflow(cloud, trigger=on("Patient"))
    key = cloud.new_key("other")
    cloud.request("fhir", "PUT", f"{PATH}/Patient/a", patient("a", "Adams"), key=key)
    hear(cloud, StreamId("other", "fhir", "Patient-a"))
    assert executions(cloud) == []


def test_the_platforms_own_triggers_leave_it_to_this_one(cloud: Cloud) -> None:
    """Also where a workflow has both sorts of triggers, and is found by the other one."""
    both = {"name": "any", "type": "core.trigger.event", "parameters": {"types": ["x"], "kind": "fhir"}}
    definition = {"name": "Two", "nodes": [on("Patient"), both], "connections": []}
    made = cloud.request("workflows", "POST", "/v1/workflows", definition)
    cloud.request("workflows", "POST", f"/v1/workflows/{made.body['id']}/publish")
    cloud.catch_up()
    stream = put(cloud, patient("a", "Adams"))
    hear(cloud, stream, function="triggers")
    assert executions(cloud) == []
    hear(cloud, stream)
    assert len(executions(cloud)) == 1


@pytest.mark.parametrize("criteria", ["Patient?nothing=1", "Patient?birthdate=soon", "Patient?_sort=name"])
def test_criteria_that_are_no_search_fail_where_they_are_seen(cloud: Cloud, criteria: str) -> None:
    workflow(cloud, trigger=on(criteria))
    hear(cloud, put(cloud, patient("a", "Adams")))
    (execution,) = executions(cloud)
    ended = run(execution)
    assert ended.status is Status.FAILED
    assert ended.error is not None
    assert (ended.error["type"], "Adams" in ended.error["message"]) == ("InvalidCriteria", False)


def test_what_an_execution_takes_in_is_the_event_without_the_resource(cloud: Cloud) -> None:
    workflow(cloud, trigger=on("Patient"))
    hear(cloud, put(cloud, patient("a", "Adams")))
    (execution,) = executions(cloud)
    first = next(iter(wiring.events().commits(StreamId("acme", "execution", execution)))).events[0]
    assert first.data["items"][0]["data"] == {"type": "Patient", "id": "a"}


def test_a_workflow_can_be_tried_out_by_hand(cloud: Cloud) -> None:
    name = workflow(cloud, trigger=on("Patient"))
    order = {"workflow": name, "items": [{"resource": patient("a", "Adams")}]}
    answer = cloud.request("executions", "POST", "/v1/executions", order, query={"wait": "5"})
    assert answer.body["status"] == "done", answer.body


def test_a_message_that_is_no_event_fails_alone(cloud: Cloud) -> None:
    workflow(cloud, trigger=on("Patient"))
    good = told(put(cloud, patient("a", "Adams")))
    answer = load("fhir_changes").handler(cloud.sqs_event({"x": 1}, *good), cloud.context())
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m-0"}]}
    assert len(executions(cloud)) == 1
