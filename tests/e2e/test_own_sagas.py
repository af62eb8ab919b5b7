"""Sagas that a tenant writes, from its definition to the end of its runs, on the stack's own Step Functions."""

from uuid import uuid4

import boto3

from penstock.clock import utc_now
from penstock.documents.lifecycle import Publish
from penstock.events import Origin
from penstock.events.aggregate import MemorySnapshotStore, Repository
from penstock.sagas import lifecycle
from penstock.sagas.participants import account, stock
from tests.e2e.saga_runs import (
    FUNDS,
    UNITS,
    ended,
    entered,
    execution,
    furnish,
    load,
    machines,
    own_machine,
    publish,
    start,
    throttled,
)
from tests.e2e.stack import Stack
from tests.e2e.tenant import Document, Tenant, eventually

TAKE = {
    "name": "Take pump",
    "type": "stock.reserve",
    "parameters": {"sku": "pump", "quantity": 1},
    "compensation": {
        "name": "Give pump back",
        "type": "stock.release",
        "parameters": {"sku": "pump", "entry": "{{ $execution.key }}"},
    },
}
PAY = {
    "name": "Pay",
    "type": "account.withdraw",
    "parameters": {"account": "clinic", "amount": "{{ $json.amount }}", "currency": "EUR"},
    "pivot": True,
}
LOAN = {"name": "Loan", "input": {"type": "object", "required": ["amount"]}, "steps": [TAKE, PAY]}
GIFT = {"name": "Gift", "steps": [TAKE]}
LOANS = lifecycle.AGGREGATE


def balances(stack: Stack, tenant: Tenant) -> tuple[int, int]:
    """The pumps that are left, and the clinic's money."""
    return load(stack, tenant, stock.AGGREGATE, "pump").available, load(
        stack, tenant, account.AGGREGATE, "clinic"
    ).balance


def states(stack: Stack, machine: str, run: str, last: str) -> list[str]:
    """The states of an execution, once it has come to the last one."""
    return eventually(f"{run} is {last}", lambda: it if (it := entered(stack, machine, run))[-1] == last else None)


def test_an_own_saga_is_written_published_and_runs_to_its_end(stack: Stack, tenant: Tenant) -> None:
    furnish(tenant)
    assert publish(tenant, "loan", LOAN) == 1
    run = start(tenant, "loan", {"amount": 500})
    found = ended(tenant, run)
    assert (found["status"], found["saga_version"]) == ("completed", 1), found
    passed = states(stack, own_machine(stack, tenant, "loan"), run, "Completed")
    assert [name for name in passed if name in ("Take pump", "Pay")] == ["Take pump", "Pay"]
    assert balances(stack, tenant) == (UNITS - 1, FUNDS - 500)
    listed = eventually("it is listed", lambda: tenant.items("/v1/sagas", saga="loan", status="completed"))
    assert [each["id"] for each in listed] == [run]
    known = {each["id"]: each["status"] for each in tenant.items("/v1/sagas/definitions")}
    assert (known["loan"], known["order_fulfilment"]) == ("published", "published")


def test_an_own_saga_that_is_refused_is_undone(stack: Stack, tenant: Tenant) -> None:
    furnish(tenant)
    publish(tenant, "loan", LOAN)
    run = start(tenant, "loan", {"amount": FUNDS + 1})
    assert ended(tenant, run)["status"] == "compensated"
    assert "Give pump back" in states(stack, own_machine(stack, tenant, "loan"), run, "Compensated")
    assert balances(stack, tenant) == (UNITS, FUNDS)


def test_another_tenants_saga_of_the_same_name_is_another(stack: Stack, tenant: Tenant, other_tenant: Tenant) -> None:
    publish(tenant, "loan", LOAN)
    other_tenant.call("GET", "/v1/sagas/definitions/loan", expect=404)
    other_tenant.call("POST", "/v1/sagas", {"saga": "loan", "input": {"amount": 1}}, expect=404)
    furnish(other_tenant)
    publish(other_tenant, "loan", GIFT)
    run = start(other_tenant, "loan", {})
    assert ended(other_tenant, run)["status"] == "completed"
    assert states(stack, own_machine(stack, other_tenant, "loan"), run, "Completed")


def test_runs_of_an_older_version_go_on_there(stack: Stack, tenant: Tenant) -> None:
    furnish(tenant)
    publish(tenant, "loan", LOAN)
    with throttled(stack):
        old = start(tenant, "loan", {"amount": 500})
        assert publish(tenant, "loan", GIFT) == 2
        new = start(tenant, "loan", {"amount": 500})
    assert [ended(tenant, run)["saga_version"] for run in (old, new)] == [1, 2]
    assert balances(stack, tenant) == (UNITS - 2, FUNDS - 500)
    assert states(stack, own_machine(stack, tenant, "loan", 2), new, "Completed")


def test_a_version_whose_publisher_crashed_is_deployed_by_the_watcher(stack: Stack, tenant: Tenant) -> None:
    tenant.call("POST", "/v1/sagas/definitions", {"id": "loan", "definition": LOAN}, expect=201)
    repository = Repository(LOANS, stack.store, MemorySnapshotStore())
    loaded = repository.load(LOANS.stream(tenant.name, "loan"))
    events = lifecycle.DECISIONS[Publish](loaded.state, Publish())
    repository.save(loaded, events, utc_now(), Origin("e2e", "e2e"))
    machine = own_machine(stack, tenant, "loan")
    assert machine not in machines(stack)
    stack.send("saga_watch", {"stream": str(loaded.stream), "commit": 2})
    arn = eventually("its machine is made", lambda: machines(stack).get(machine))
    tags = boto3.client("stepfunctions").list_tags_for_resource(resourceArn=arn)["tags"]
    assert {tag["value"] for tag in tags} >= {tenant.name, "loan", "1"}


def test_an_archived_saga_starts_no_more_and_its_machine_goes_when_it_idles(stack: Stack, tenant: Tenant) -> None:
    furnish(tenant)
    publish(tenant, "loan", LOAN)
    machine, definition = own_machine(stack, tenant, "loan"), str(LOANS.stream(tenant.name, "loan"))
    with throttled(stack):
        run = start(tenant, "loan", {"amount": 500})
        tenant.call("POST", "/v1/sagas/definitions/loan/archive", expect=200)
        tenant.call("POST", "/v1/sagas", {"saga": "loan", "input": {"amount": 1}}, expect=404)
        stack.invoke("saga_watch", sqs_event(definition))
        assert machine in machines(stack)
    assert ended(tenant, run)["status"] == "completed"
    states(stack, machine, run, "Completed")
    stack.invoke("saga_watch", sqs_event(f"{tenant.name}#saga#{run}"))
    assert machine not in machines(stack)


def sqs_event(stream: str) -> Document:
    """A nudge as SQS hands it over."""
    body = f'{{"stream": "{stream}", "commit": 1}}'
    return {"Records": [{"messageId": uuid4().hex, "receiptHandle": "r", "body": body, "eventSource": "aws:sqs"}]}


def test_a_run_whose_own_machine_is_aborted_waits_for_a_person_and_goes_on(stack: Stack, tenant: Tenant) -> None:
    furnish(tenant)
    publish(tenant, "loan", LOAN)
    machine = own_machine(stack, tenant, "loan")
    with throttled(stack):
        run = start(tenant, "loan", {"amount": 500})
        eventually("it waits to be let in", lambda: entered(stack, machine, run))
    boto3.client("stepfunctions").stop_execution(executionArn=execution(stack, machine, run))
    assert ended(tenant, run)["status"] == "needs_attention"
    tenant.call("POST", f"/v1/sagas/{run}/resume", {"reason": "it was stopped by mistake"}, expect=202)
    assert ended(tenant, run)["status"] == "completed"
    assert balances(stack, tenant) == (UNITS - 1, FUNDS - 500)
