"""Sagas that tenants write, from the API to the state machines that are made of them."""

import json
from typing import Any

import boto3
import pytest

from penstock.aws import wiring
from penstock.documents.lifecycle import Publish
from penstock.events import Origin
from penstock.sagas.library import built_in
from penstock.sagas.machines import Machine
from tests.functions.cloud import OWN_MACHINES, Answer, Cloud, load
from tests.functions.saga_runs import available, balance, do, furnish, read, run_machine, start

RELEASE = {"name": "Release", "type": "stock.release", "parameters": {"sku": "pump", "entry": "{{ $execution.key }}"}}
RESERVE = {
    "name": "Reserve",
    "type": "stock.reserve",
    "parameters": {"sku": "pump", "quantity": "{{ $json.n }}"},
    "compensation": RELEASE,
}
CHARGE = {
    "name": "Charge",
    "type": "account.withdraw",
    "parameters": {"account": "clinic", "amount": "{{ $json.n * 100 }}", "currency": "EUR"},
}
LOAN = {
    "name": "Loan",
    "description": "A pump for a while",
    "input": {"type": "object", "required": ["n"]},
    "steps": [RESERVE, CHARGE],
}
GIFT = {**LOAN, "steps": [RESERVE]}


def send(cloud: Cloud, method: str, path: str, body: Any = None, **more: Any) -> Answer:
    return cloud.request("sagas", method, f"/v1/sagas/definitions{path}", body, **more)


def publish(cloud: Cloud, definition: Any = LOAN, saga: str = "loan") -> Any:
    if send(cloud, "GET", f"/{saga}").status == 404:
        assert send(cloud, "POST", "", {"id": saga, "definition": definition}).status == 201
    else:
        assert send(cloud, "PUT", f"/{saga}", definition).status == 200
    answer = send(cloud, "POST", f"/{saga}/publish")
    assert answer.status == 200, answer.text
    return answer.body


def machines() -> dict[str, Any]:
    """The own machines that there are, by name."""
    client = boto3.client("stepfunctions")
    prefix = OWN_MACHINES["prefix"].rpartition(":")[2]
    found = client.list_state_machines()["stateMachines"]
    own = [each["stateMachineArn"] for each in found if each["name"].startswith(prefix)]
    return {arn.rpartition(":")[2]: client.describe_state_machine(stateMachineArn=arn) for arn in own}


def name(version: int, saga: str = "loan", tenant: str = "acme") -> str:
    return Machine(tenant, saga, version).name(OWN_MACHINES["prefix"].rpartition(":")[2])


def executions(machine: str) -> list[str]:
    arn = f"{OWN_MACHINES['prefix'].rpartition(':')[0]}:{machine}"
    found = boto3.client("stepfunctions").list_executions(stateMachineArn=arn)["executions"]
    return [each["name"] for each in found]


def watch(cloud: Cloud, kind: str, key: str) -> Any:
    event = cloud.sqs_event({"stream": f"acme#{kind}#{key}", "commit": 1})
    return load("saga_watch").handler(event, Cloud.context())


def test_an_own_saga_is_written_published_and_run(cloud: Cloud) -> None:
    furnish()
    published = publish(cloud)
    assert (published["status"], published["version"], published["wing"]) == ("published", 1, None)
    started = start(cloud, "loan", {"n": 2})
    assert (started["saga_version"], executions(name(1))) == (1, [started["id"]])
    assert run_machine(started, LOAN) == "Completed"
    assert (available("pump"), balance("clinic")) == (8, 9_800)


def test_an_own_saga_that_fails_is_undone(cloud: Cloud) -> None:
    furnish(funds=100)
    publish(cloud)
    started = start(cloud, "loan", {"n": 2})
    assert run_machine(started, LOAN) == "Compensated"
    assert (read(cloud, started)["status"], available("pump"), balance("clinic")) == ("compensated", 10, 100)


def test_the_machine_shows_the_steps_and_calls_the_one_function(cloud: Cloud) -> None:
    publish(cloud)
    (machine,) = machines().values()
    states = json.loads(machine["definition"])["States"]
    assert states.keys() >= {"Reserve", "Release", "Charge"}
    assert states["Reserve"]["Arguments"]["FunctionName"] == OWN_MACHINES["function"]
    assert machine["roleArn"] == OWN_MACHINES["role"]


def test_versions_have_machines_of_their_own_and_runs_name_one_or_get_the_newest(cloud: Cloud) -> None:
    publish(cloud, LOAN)
    old = start(cloud, "loan", {"n": 1}, key="k1")
    assert publish(cloud, GIFT)["version"] == 2
    new = start(cloud, "loan", {"n": 1}, key="k2")
    given = cloud.request("sagas", "POST", "/v1/sagas", {"saga": "loan", "version": 1, "input": {"n": 1}}).body
    assert [run["saga_version"] for run in (old, new, given)] == [1, 2, 1]
    assert set(executions(name(1))) == {old["id"], given["id"]}
    assert executions(name(2)) == [new["id"]]
    assert [step["name"] for step in read(cloud, old)["steps"]] == ["Reserve", "Charge"]
    assert send(cloud, "GET", "/loan/versions/1").body["definition"] == LOAN
    assert send(cloud, "GET", "/loan/versions/3").status == 404


def test_all_problems_of_a_definition_are_told_at_once(cloud: Cloud) -> None:
    bad = {"name": "Loan", "steps": [{**RESERVE, "type": "stock.reserv"}, {"name": "Charge", "type": "core.wait"}]}
    checked = send(cloud, "POST", "/validate", bad).body
    written = send(cloud, "POST", "", {"id": "loan", "definition": bad})
    assert (checked["valid"], written.status) == (False, 422)
    assert written.body["type"] == "urn:penstock:problem:invalid-saga"
    assert checked["problems"] == written.body["problems"]
    assert {problem["path"] for problem in checked["problems"]} >= {"steps[0].type", "steps[1].type"}
    assert send(cloud, "POST", "/validate", LOAN).body == {"valid": True, "problems": []}
    assert send(cloud, "GET", "/loan").status == 404


def test_a_draft_is_changed_only_by_who_saw_it_last(cloud: Cloud) -> None:
    tag = send(cloud, "POST", "", {"id": "loan", "definition": LOAN}).headers["ETag"]
    assert send(cloud, "PUT", "/loan", GIFT, headers={"If-Match": tag}).status == 200
    assert send(cloud, "PUT", "/loan", LOAN, headers={"If-Match": tag}).status == 412
    assert send(cloud, "GET", "/loan").body["definition"] == GIFT


def test_a_draft_cannot_be_started(cloud: Cloud) -> None:
    send(cloud, "POST", "", {"id": "loan", "definition": LOAN})
    assert cloud.request("sagas", "POST", "/v1/sagas", {"saga": "loan", "input": {"n": 1}}).status == 404


@pytest.mark.parametrize("path", ["", "/order_fulfilment/publish", "/order_fulfilment/archive"])
def test_a_built_in_saga_can_be_neither_taken_nor_changed(cloud: Cloud, path: str) -> None:
    answer = send(cloud, "POST", path, {"id": "order_fulfilment", "definition": LOAN} if not path else None)
    assert (answer.status, answer.body["status_found"]) == (409, "built in")
    assert send(cloud, "PUT", "/order_fulfilment", LOAN).status == 409


def test_own_and_built_in_sagas_are_listed_together(cloud: Cloud) -> None:
    publish(cloud)
    send(cloud, "POST", "", {"id": "gift", "definition": GIFT})
    cloud.catch_up()
    listed = {each["id"]: each for each in send(cloud, "GET", "").body["items"]}
    assert set(listed) == {*built_in(), "loan", "gift"}
    assert [listed[saga]["wing"] for saga in ("patient_onboarding", "loan")] == ["healthcare", None]
    assert (listed["loan"]["status"], listed["loan"]["version"]) == ("published", 1)
    published = send(cloud, "GET", "", query={"status": "published"}).body["items"]
    assert {each["id"] for each in published} == {*built_in(), "loan"}
    drafts = send(cloud, "GET", "", query={"status": "draft"}).body["items"]
    assert [each["id"] for each in drafts] == ["gift"]
    assert send(cloud, "GET", "", query={"status": "deleted"}).status == 422


def test_built_in_sagas_are_listed_once_however_many_pages_there_are(cloud: Cloud) -> None:
    for number in range(5):
        send(cloud, "POST", "", {"id": f"gift_{number}", "definition": GIFT})
    cloud.catch_up()
    found, cursor = [], None
    while True:
        answer = send(cloud, "GET", "", query={"limit": "2", **({"cursor": cursor} if cursor else {})}).body
        found += [each["id"] for each in answer["items"]]
        if not (cursor := answer["next"]):
            break
    assert sorted(found) == sorted([*built_in(), *(f"gift_{number}" for number in range(5))])


def test_a_tenant_neither_sees_nor_starts_nor_changes_anothers_saga(cloud: Cloud) -> None:
    publish(cloud)
    cloud.catch_up()
    key = cloud.new_key("other")
    for method, path, body in [
        ("GET", "/loan", None),
        ("GET", "/loan/versions/1", None),
        ("PUT", "/loan", GIFT),
        ("POST", "/loan/publish", None),
        ("POST", "/loan/archive", None),
    ]:
        assert send(cloud, method, path, body, key=key).status == 404
    assert {each["id"] for each in send(cloud, "GET", "", key=key).body["items"]} == set(built_in())
    order = {"saga": "loan", "input": {"n": 1}}
    assert cloud.request("sagas", "POST", "/v1/sagas", order, key=key).status == 404


def test_two_tenants_have_sagas_of_one_name(cloud: Cloud) -> None:
    publish(cloud)
    key = cloud.new_key("other")
    send(cloud, "POST", "", {"id": "loan", "definition": GIFT}, key=key)
    send(cloud, "POST", "/loan/publish", key=key)
    assert set(machines()) == {name(1), name(1, tenant="other")}
    assert [step["name"] for step in send(cloud, "GET", "/loan").body["definition"]["steps"]] == ["Reserve", "Charge"]


def crashed(cloud: Cloud) -> None:
    """A version that was published by somebody who crashed before it could be deployed."""
    send(cloud, "POST", "", {"id": "loan", "definition": LOAN})
    own = wiring.own_sagas()
    own._documents.handle("acme", "loan", Publish(), Origin("test", "test"))
    assert machines() == {}


def test_a_version_whose_publisher_crashed_gets_its_machine(cloud: Cloud) -> None:
    crashed(cloud)
    assert [watch(cloud, "saga_definition", "loan") for _ in range(2)] == [{"batchItemFailures": []}] * 2
    assert set(machines()) == {name(1)}


def test_a_run_of_it_does_not_have_to_wait_for_that(cloud: Cloud) -> None:
    furnish()
    crashed(cloud)
    started = start(cloud, "loan", {"n": 1})
    assert executions(name(1)) == [started["id"]]
    assert run_machine(started, LOAN) == "Completed"


def test_an_archived_saga_starts_no_more_and_loses_its_machine_when_its_last_run_has_ended(cloud: Cloud) -> None:
    furnish()
    publish(cloud)
    started = start(cloud, "loan", {"n": 1})
    assert send(cloud, "POST", "/loan/archive").body["status"] == "archived"
    assert cloud.request("sagas", "POST", "/v1/sagas", {"saga": "loan", "input": {"n": 1}}).status == 404
    watch(cloud, "saga_definition", "loan")
    assert set(machines()) == {name(1)}
    run_machine(started, LOAN)
    arn = f"{OWN_MACHINES['prefix'].rpartition(':')[0]}:{name(1)}".replace(":stateMachine:", ":execution:")
    boto3.client("stepfunctions").stop_execution(executionArn=f"{arn}:{started['id']}")
    watch(cloud, "saga", started["id"])
    assert machines() == {}


def test_an_archived_saga_can_be_published_again(cloud: Cloud) -> None:
    publish(cloud)
    send(cloud, "POST", "/loan/archive")
    watch(cloud, "saga_definition", "loan")
    answer = send(cloud, "POST", "/loan/publish")
    assert (answer.body["status"], answer.body["version"]) == ("published", 2)
    assert set(machines()) == {name(2)}


def test_the_stream_tells_who_wrote_and_published_it(cloud: Cloud) -> None:
    publish(cloud)
    shown = cloud.request("events", "GET", "/v1/events/saga_definition/loan").body["items"]
    assert [event["type"] for event in shown] == ["DefinitionDrafted", "DefinitionPublished"]
    assert all(event["actor"].startswith("key") for event in shown)


def test_what_a_person_does_with_the_runs_of_an_own_saga_is_the_same(cloud: Cloud) -> None:
    furnish(funds=1)
    publish(cloud)
    started = start(cloud, "loan", {"n": 2})
    entry = f"saga/{started['id']}/Reserve"
    do("stock.reserve", sku="pump", quantity=2, entry=entry)
    do("stock.issue", sku="pump", entry=entry)
    assert run_machine(started, LOAN) == "NeedsAttention"
    body = {"step": "Reserve", "outcome": "not_done", "reason": "it came back"}
    assert cloud.request("sagas", "POST", f"/v1/sagas/{started['id']}/resolve", body).status == 202
    assert set(executions(name(1))) == {started["id"], f"{started['id']}-1"}
    assert run_machine(started, LOAN, is_reversed=True) == "Compensated"
