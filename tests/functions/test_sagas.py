"""Sagas from the API to their participants: the machine that would run on Step Functions is interpreted here."""

import json
from typing import Any

import boto3
import pytest

from penstock.aws import wiring
from penstock.clock import utc_now
from penstock.events import Origin, Position
from penstock.sagas import state
from penstock.sagas.events import EVENTS, SagaStarted
from penstock.sagas.library import built_in
from penstock.sagas.service import run_id
from tests.functions.cloud import Cloud, load
from tests.functions.saga_runs import (
    ONBOARDING,
    ORDER,
    TRANSFER,
    available,
    balance,
    do,
    furnish,
    read,
    run_machine,
    start,
)


def test_an_order_is_fulfilled(cloud: Cloud) -> None:
    furnish()
    started = start(cloud, "order_fulfilment", ORDER)
    assert run_machine(started) == "Completed"
    found = read(cloud, started)
    assert (found["status"], {step["status"] for step in found["steps"]}) == ("completed", {"succeeded"})
    assert (available("pump"), balance("clinic")) == (8, 5_000)


def test_an_order_that_cannot_be_paid_gives_the_goods_back(cloud: Cloud) -> None:
    furnish(funds=100)
    started = start(cloud, "order_fulfilment", ORDER)
    assert run_machine(started) == "Compensated"
    found = read(cloud, started)
    assert found["status"] == "compensated"
    assert {step["name"]: step["status"] for step in found["steps"]} == {
        "Reserve inventory": "compensated",
        "Charge payment": "rejected",
        "Ship order": "pending",
        "Confirm order": "pending",
    }
    assert found["steps"][1]["error"]["type"] == "InsufficientFunds"
    assert (available("pump"), balance("clinic")) == (10, 100)


def test_a_transfer_reaches_the_creditor(cloud: Cloud) -> None:
    furnish()
    do("account.open", account="maker", currency="EUR")
    assert run_machine(start(cloud, "wire_transfer", TRANSFER)) == "Completed"
    assert (balance("clinic"), balance("maker")) == (5_000, 5_000)


def test_a_transfer_to_an_account_that_is_not_there_returns_to_the_debtor(cloud: Cloud) -> None:
    furnish()
    started = start(cloud, "wire_transfer", TRANSFER)
    assert run_machine(started) == "Compensated"
    assert balance("clinic") == 10_000


def test_a_patient_is_onboarded(cloud: Cloud) -> None:
    furnish()
    assert run_machine(start(cloud, "patient_onboarding", ONBOARDING)) == "Completed"
    assert (available("ward-3"), available("monitors")) == (0, 1)
    patient = cloud.request("fhir", "GET", "/v1/healthcare/fhir/Patient/p1")
    assert (patient.status, patient.body["active"]) == (200, True)


def test_a_patient_for_whom_there_is_no_bed_is_not_onboarded(cloud: Cloud) -> None:
    furnish()
    do("stock.reserve", sku="ward-3")
    assert run_machine(start(cloud, "patient_onboarding", ONBOARDING)) == "Compensated"
    assert available("monitors") == 2
    assert cloud.request("fhir", "GET", "/v1/healthcare/fhir/Patient/p1").body["active"] is False


def stuck(cloud: Cloud) -> Any:
    """An order whose goods were handed out by hand while they were only reserved, and that is then not paid."""
    furnish(funds=100)
    entry = f"saga/{run_id('acme', 'order_fulfilment', 'k1')}/Reserve inventory"
    do("stock.reserve", sku="pump", quantity=2, entry=entry)
    do("stock.issue", sku="pump", entry=entry)
    started = start(cloud, "order_fulfilment", ORDER)
    assert run_machine(started) == "NeedsAttention"
    return started


def test_a_run_that_cannot_be_undone_tells_what_is_stuck(cloud: Cloud) -> None:
    found = read(cloud, stuck(cloud))
    assert (found["status"], found["stuck"], found["is_reversed"]) == ("needs_attention", ["Reserve inventory"], True)
    assert found["steps"][0]["error"]["type"] == "Issued"


def test_what_was_settled_by_hand_lets_the_run_end(cloud: Cloud) -> None:
    started = stuck(cloud)
    body = {"step": "Reserve inventory", "outcome": "not_done", "reason": "the pumps came back, booked in as new"}
    answer = cloud.request("sagas", "POST", f"/v1/sagas/{started['id']}/resolve", body)
    assert (answer.status, answer.body["status"]) == (202, "compensating")
    assert run_machine(started, is_reversed=True) == "Compensated"
    assert read(cloud, started)["status"] == "compensated"


def test_a_resumed_run_tries_again_what_was_stuck(cloud: Cloud) -> None:
    started = stuck(cloud)
    answer = cloud.request("sagas", "POST", f"/v1/sagas/{started['id']}/resume", {"reason": "look again"})
    assert (answer.status, answer.body["status"]) == (202, "compensating")
    assert run_machine(started, is_reversed=True) == "NeedsAttention"
    assert read(cloud, started)["steps"][0]["compensation_attempts"] == 2


def test_a_run_that_waits_for_nobody_cannot_be_sent_on(cloud: Cloud) -> None:
    furnish()
    started = start(cloud, "order_fulfilment", ORDER)
    answer = cloud.request("sagas", "POST", f"/v1/sagas/{started['id']}/resume", {"reason": "why not"})
    assert (answer.status, answer.body["status_found"]) == (409, "running")


def test_a_step_that_is_not_stuck_cannot_be_resolved(cloud: Cloud) -> None:
    started = stuck(cloud)
    body = {"step": "Ship order", "outcome": "done", "reason": "it was shipped"}
    assert cloud.request("sagas", "POST", f"/v1/sagas/{started['id']}/resolve", body).status == 409


def test_the_same_idempotency_key_starts_one_run(cloud: Cloud) -> None:
    furnish()
    first, second = (start(cloud, "order_fulfilment", ORDER) for _ in range(2))
    assert first["id"] == second["id"]
    assert [execution["name"] for execution in executions("order_fulfilment")] == [first["id"]]


def executions(saga: str) -> list[Any]:
    client = boto3.client("stepfunctions")
    found: list[Any] = client.list_executions(stateMachineArn=wiring.settings().machines[saga])["executions"]
    return found


def test_neither_input_nor_results_pass_through_the_machine(cloud: Cloud) -> None:
    furnish()
    start(cloud, "order_fulfilment", ORDER)
    (execution,) = executions("order_fulfilment")
    client = boto3.client("stepfunctions")
    given = json.loads(client.describe_execution(executionArn=execution["executionArn"])["input"])
    assert given == {"tenant": "acme", "run": execution["name"], "is_reversed": False, "resumption": 0}


def test_an_input_that_does_not_fit_is_told_by_field(cloud: Cloud) -> None:
    bad = {**ORDER, "quantity": 0, "currency": "euro"}
    answer = cloud.request("sagas", "POST", "/v1/sagas", {"saga": "order_fulfilment", "input": bad})
    assert answer.status == 422
    assert {problem["path"]: problem["message"] for problem in answer.body["problems"]} == {
        "quantity": "the value is less than the minimum of 1",
        "currency": 'the value does not match "^[A-Z]{3}$"',
    }


def test_an_unknown_saga_and_an_unknown_run_are_not_found(cloud: Cloud) -> None:
    assert cloud.request("sagas", "POST", "/v1/sagas", {"saga": "nope"}).status == 404
    assert cloud.request("sagas", "GET", "/v1/sagas/nope").status == 404
    assert cloud.request("sagas", "GET", "/v1/sagas/definitions/nope").status == 404


def test_the_definitions_show_what_undoes_each_step(cloud: Cloud) -> None:
    found = cloud.request("sagas", "GET", "/v1/sagas/definitions/order_fulfilment").body
    assert (found["wing"], found["status"], found["revision"]) == ("core", "published", None)
    assert found["definition"]["steps"][0]["compensation"]["name"] == "Release inventory"


def test_a_tenant_sees_and_moves_only_its_own_runs(cloud: Cloud) -> None:
    started = stuck(cloud)
    cloud.catch_up()
    key = cloud.new_key("other")
    assert cloud.request("sagas", "GET", f"/v1/sagas/{started['id']}", key=key).status == 404
    for verb, body in {
        "resume": {"reason": "mine"},
        "resolve": {"step": "x", "outcome": "done", "reason": "mine"},
    }.items():
        assert cloud.request("sagas", "POST", f"/v1/sagas/{started['id']}/{verb}", body, key=key).status == 404
    assert cloud.request("sagas", "GET", "/v1/sagas", key=key).body["items"] == []


def test_runs_are_listed_by_saga_and_status(cloud: Cloud) -> None:
    waiting = stuck(cloud)
    running = start(cloud, "wire_transfer", TRANSFER, key="k2")
    cloud.catch_up()
    listed = cloud.request("sagas", "GET", "/v1/sagas", query={"status": "needs_attention"}).body["items"]
    assert [(each["id"], each["stuck"]) for each in listed] == [(waiting["id"], ["Reserve inventory"])]
    listed = cloud.request("sagas", "GET", "/v1/sagas", query={"saga": "wire_transfer"}).body["items"]
    assert [(each["id"], each["status"]) for each in listed] == [(running["id"], "running")]


def test_a_run_whose_machine_cannot_be_started_waits_for_a_person(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    arns = wiring.settings().machines
    monkeypatch.setenv("PENSTOCK_MACHINES", json.dumps({**arns, "order_fulfilment": arns["order_fulfilment"] + "x"}))
    wiring.settings.cache_clear()
    found = start(cloud, "order_fulfilment", ORDER)
    assert (found["status"], found["stuck"]) == ("needs_attention", [])
    assert "could not be started" in found["reason"]


def begun(run: str) -> Any:
    """A run whose starter crashed before it could start the machine."""
    definition = built_in()["order_fulfilment"].definition
    stream = state.AGGREGATE.stream("acme", run)
    draft = EVENTS.draft(SagaStarted("order_fulfilment", definition, ORDER), utc_now())
    wiring.events().append(stream, [draft], expected=Position(), commit_id=run, origin=Origin("test", "test"))
    return stream


def nudge(cloud: Cloud, stream: Any) -> Any:
    event = cloud.sqs_event({"stream": str(stream), "commit": 1})
    return load("saga_watch").handler(event, Cloud.context())


def test_a_run_whose_starter_crashed_is_given_its_machine_once(cloud: Cloud) -> None:
    stream = begun("crashed")
    assert [nudge(cloud, stream) for _ in range(2)] == [{"batchItemFailures": []}] * 2
    assert [execution["name"] for execution in executions("order_fulfilment")] == ["crashed"]


def test_a_run_whose_machine_has_called_is_left_alone(cloud: Cloud) -> None:
    furnish()
    stream = begun("running")
    load("saga_steps").handler({"tenant": "acme", "run": "running", "task": "act", "step": "Reserve inventory"}, None)
    nudge(cloud, stream)
    assert executions("order_fulfilment") == []


def test_the_stream_tells_who_did_what(cloud: Cloud) -> None:
    furnish()
    started = start(cloud, "order_fulfilment", ORDER)
    run_machine(started)
    shown = cloud.request("events", "GET", f"/v1/events/saga/{started['id']}").body["items"]
    assert [event["type"] for event in shown] == ["SagaStarted", *["StepStarted", "StepSucceeded"] * 4, "SagaCompleted"]
    stream = wiring.sagas().read("acme", started["id"]).stream
    events = [event for commit in wiring.events().commits(stream) for event in commit.events]
    assert events[0].origin.actor.startswith("key")
    assert {event.origin.actor for event in events[1:]} == {"saga:order_fulfilment"}
    assert {event.origin.correlation for event in events} == {events[0].origin.correlation}
    assert Origin("saga:order_fulfilment", started["correlation"]) == events[-1].origin
