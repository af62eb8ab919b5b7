"""Sagas on the real Step Functions of the stack: to the end, back again, broken on purpose, and mended by hand."""

import time
from uuid import uuid4

import boto3
import pytest

from penstock.sagas.library import built_in
from penstock.sagas.participants import stock
from penstock.sagas.service import run_id
from tests.e2e.saga_runs import (
    ORDER,
    STEPS,
    UNITS,
    assert_books_balance,
    ended,
    entered,
    execution,
    frozen,
    furnish,
    load,
    meanwhile,
    start,
    throttled,
    timeouts,
)
from tests.e2e.stack import Stack
from tests.e2e.tenant import Document, Node, Tenant, eventually

TRANSFER = {"EndToEndId": "E2E-1", "debtor": "clinic", "creditor": "maker", "amount": 5_000, "currency": "EUR"}
ONBOARDING = {
    "patient": {"id": "p1", "name": [{"family": "Weiss"}]},
    "encounter": "e1",
    "bed": "ward-3",
    "monitor": "monitors",
}
ORDERS = 8


@pytest.mark.parametrize(
    ("saga", "given"),
    [("order_fulfilment", ORDER), ("wire_transfer", TRANSFER), ("patient_onboarding", ONBOARDING)],
)
def test_a_built_in_saga_runs_to_its_end(stack: Stack, tenant: Tenant, saga: str, given: Document) -> None:
    furnish(tenant)
    run = start(tenant, saga, given)
    found = ended(tenant, run)
    assert (found["status"], {step["status"] for step in found["steps"]}) == ("completed", {"succeeded"}), found
    names = [stage["name"] for stage in built_in()[saga].definition["steps"]]
    states = eventually("it is completed", lambda: it if (it := entered(stack, saga, run))[-1] == "Completed" else None)
    assert [name for name in states if name in names] == names
    listed = eventually("it is listed", lambda: tenant.items("/v1/sagas", saga=saga, status="completed"))
    assert [each["id"] for each in listed] == [run]


def test_an_order_that_cannot_be_paid_is_undone_step_by_step(stack: Stack, tenant: Tenant) -> None:
    furnish(tenant, funds=1)
    run = start(tenant, "order_fulfilment", ORDER)
    assert ended(tenant, run)["status"] == "compensated"
    assert load(stack, tenant, stock.AGGREGATE, "pump").available == UNITS
    states = eventually(
        "it is over", lambda: it if (it := entered(stack, "order_fulfilment", run))[-1] == "Compensated" else None
    )
    assert "Release inventory" in states
    assert "Ship order" not in states


def orders(tenant: Tenant) -> list[str]:
    return [start(tenant, "order_fulfilment", {**ORDER, "order": str(number)}) for number in range(ORDERS)]


def test_orders_whose_function_is_killed_again_and_again_end_all_or_nothing(stack: Stack, tenant: Tenant) -> None:
    furnish(tenant)
    killed: list[int] = []

    def kill() -> None:
        for _ in range(12):
            time.sleep(0.25)
            killed.append(stack.kill(STEPS))

    with meanwhile(kill):
        runs = orders(tenant)
    assert_books_balance(stack, tenant, runs)
    assert sum(killed) > 0


def test_a_call_that_hangs_is_given_up_and_may_still_come_to_its_end(stack: Stack, tenant: Tenant) -> None:
    furnish(tenant)
    first = start(tenant, "order_fulfilment", ORDER)
    ended(tenant, first)
    with frozen(stack):
        run = start(tenant, "order_fulfilment", ORDER)
        eventually("an attempt has timed out", lambda: timeouts(stack, "order_fulfilment", run))
    assert_books_balance(stack, tenant, [first, run])
    assert ended(tenant, run)["status"] == "completed"


def test_every_call_delivered_twice_changes_nothing(stack: Stack, tenant: Tenant) -> None:
    furnish(tenant)
    names = [step["name"] for step in built_in()["order_fulfilment"].definition["steps"]]
    key = uuid4().hex
    run = run_id(tenant.name, "order_fulfilment", key)
    calls = [{"tenant": tenant.name, "run": run, "task": "act", "step": name} for name in names]
    start(tenant, "order_fulfilment", ORDER, key)
    for _ in range(2):
        stack.invoke(STEPS, calls[0])
    assert_books_balance(stack, tenant, [run])
    version = tenant.get(f"/v1/sagas/{run}")["version"]
    late = [*calls, *({**call, "task": "compensate"} for call in calls[:2]), {**calls[0], "task": "attention"}]
    for call in late:
        stack.invoke(STEPS, call)
    assert tenant.get(f"/v1/sagas/{run}")["version"] == version
    assert_books_balance(stack, tenant, [run])


def test_a_run_whose_machine_is_aborted_waits_for_a_person_and_goes_on(stack: Stack, tenant: Tenant) -> None:
    furnish(tenant)
    with throttled(stack):
        run = start(tenant, "order_fulfilment", ORDER)
        eventually("it waits to be let in", lambda: entered(stack, "order_fulfilment", run))
    boto3.client("stepfunctions").stop_execution(executionArn=execution(stack, "order_fulfilment", run))
    assert ended(tenant, run)["status"] == "needs_attention"
    tenant.call("POST", f"/v1/sagas/{run}/resume", {"reason": "it was stopped by mistake"}, expect=202)
    assert_books_balance(stack, tenant, [run])
    assert ended(tenant, run)["status"] == "completed"


def test_orders_whose_function_is_throttled_go_on_when_it_is_let_in(stack: Stack, tenant: Tenant) -> None:
    furnish(tenant)
    with throttled(stack):
        runs = orders(tenant)
        time.sleep(2)
        assert {tenant.get(f"/v1/sagas/{run}")["status"] for run in runs} == {"running"}
    assert_books_balance(stack, tenant, runs)
    assert {ended(tenant, run)["status"] for run in runs} == {"completed"}


def test_a_run_that_is_stuck_is_mended_by_hand(stack: Stack, tenant: Tenant) -> None:
    """The goods leave while they are only reserved, and the order is then not paid: they cannot be released."""
    key = uuid4().hex
    run = run_id(tenant.name, "order_fulfilment", key)
    entry = {"sku": "pump", "entry": f"saga/{run}/Reserve inventory"}
    reserve: Node = ("reserve", "stock.reserve", {**entry, "quantity": 2})
    furnish(tenant, reserve, ("issue", "stock.issue", entry), funds=1)
    start(tenant, "order_fulfilment", ORDER, key)
    found = ended(tenant, run)
    assert (found["status"], found["stuck"]) == ("needs_attention", ["Reserve inventory"]), found
    body = {"step": "Reserve inventory", "outcome": "not_done", "reason": "the pumps came back"}
    tenant.call("POST", f"/v1/sagas/{run}/resolve", body, expect=202)
    assert ended(tenant, run)["status"] == "compensated"
    (listed,) = eventually("it is listed", lambda: tenant.items("/v1/sagas", status="compensated"))
    assert listed["id"] == run
