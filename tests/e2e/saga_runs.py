"""Runs of sagas on the deployed stack: furnished, started, watched, broken into, and their books looked at."""

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import boto3

from penstock.events.aggregate import MemorySnapshotStore, Repository
from penstock.sagas.machines import Machine
from penstock.sagas.participants import account, stock
from tests.e2e.stack import Stack
from tests.e2e.tenant import MANUAL, Document, Node, Tenant, eventually

STEPS = "saga_steps"
ENDED = ("completed", "compensated", "needs_attention")
ORDER = {"order": "4711", "sku": "pump", "quantity": 2, "account": "clinic", "amount": 5_000, "currency": "EUR"}
UNITS, FUNDS = 100, 1_000_000
WORST = 90.0
"""Seconds: every retry of every step, with the machine's pauses between them."""


def furnish(tenant: Tenant, *more: Node, funds: int = FUNDS) -> None:
    """Goods, beds, monitors and money."""
    goods: list[Node] = [
        (sku, "stock.receive", {"sku": sku, "quantity": UNITS}) for sku in ("pump", "ward-3", "monitors")
    ]
    money = {"account": "clinic", "currency": "EUR"}
    accounts: list[Node] = [
        ("open", "account.open", money),
        ("pay in", "account.deposit", {**money, "amount": funds}),
        ("open maker", "account.open", {"account": "maker", "currency": "EUR"}),
    ]
    tenant.run(tenant.publish_row("Furnish", MANUAL, *goods, *accounts, *more))


def start(tenant: Tenant, saga: str, given: Document, key: str | None = None) -> str:
    body, headers = {"saga": saga, "input": given}, {"Idempotency-Key": key or uuid4().hex}
    run: str = tenant.call("POST", "/v1/sagas", body, expect=202, headers=headers)["id"]
    return run


def ended(tenant: Tenant, run: str, seconds: float = WORST) -> Document:
    def probe() -> Document | None:
        found: Document = tenant.get(f"/v1/sagas/{run}")
        return found if found["status"] in ENDED else None

    return eventually(f"saga {run} ends", probe, seconds)


def load(stack: Stack, tenant: Tenant, aggregate: Any, key: str) -> Any:
    stream = aggregate.stream(tenant.name, key)
    return Repository(aggregate, stack.store, MemorySnapshotStore()).load(stream).state


def execution(stack: Stack, saga: str, name: str) -> str:
    """The ARN of an execution of a saga's machine (see `machines`)."""
    return machines(stack)[saga].replace(":stateMachine:", ":execution:") + f":{name}"


def machines(stack: Stack) -> dict[str, str]:
    """The ARNs of the stage's machines: a built-in saga's by its id, an own one's by `own_machine`."""
    pages = boto3.client("stepfunctions").get_paginator("list_state_machines").paginate()
    found = {each["name"]: each["stateMachineArn"] for page in pages for each in page["stateMachines"]}
    return {name.removeprefix(stack.name("")): str(arn) for name, arn in found.items()}


def own_machine(stack: Stack, tenant: Tenant, saga: str, version: int = 1) -> str:
    """The name of the machine of a tenant's own saga, without what all names begin with."""
    return Machine(tenant.name, saga, version).name(stack.name("own-")).removeprefix(stack.name(""))


def publish(tenant: Tenant, saga: str, definition: Document) -> int:
    """Write a saga of the tenant's own, or change it, and publish it; the version."""
    path = f"/v1/sagas/definitions/{saga}"
    if tenant.http.put(path, json=definition).status_code == 404:
        tenant.call("POST", "/v1/sagas/definitions", {"id": saga, "definition": definition}, expect=201)
    version: int = tenant.call("POST", f"{path}/publish", expect=200)["version"]
    return version


def history(stack: Stack, saga: str, name: str) -> list[Document]:
    """What happened in an execution of the machine, as the console shows it."""
    client = boto3.client("stepfunctions")
    return [dict(event) for event in client.get_execution_history(executionArn=execution(stack, saga, name))["events"]]


def entered(stack: Stack, saga: str, name: str) -> list[str]:
    """The states that an execution entered."""
    events = history(stack, saga, name)
    return [each["stateEnteredEventDetails"]["name"] for each in events if "stateEnteredEventDetails" in each]


def assert_books_balance(stack: Stack, tenant: Tenant, runs: list[str]) -> None:
    """What left the stock was paid for, and nothing else: as many times as orders were completed."""
    statuses = [ended(tenant, run)["status"] for run in runs]
    assert set(statuses) <= {"completed", "compensated"}, statuses
    completed = statuses.count("completed")
    goods, money = load(stack, tenant, stock.AGGREGATE, "pump"), load(stack, tenant, account.AGGREGATE, "clinic")
    assert (goods.on_hand, dict(goods.reserved)) == (UNITS - 2 * completed, {})
    assert money.balance == FUNDS - 5_000 * completed


@contextmanager
def meanwhile(act: Callable[[], None]) -> Iterator[None]:
    with ThreadPoolExecutor(1) as other:
        done = other.submit(act)
        yield
        done.result(timeout=WORST)


@contextmanager
def frozen(stack: Stack) -> Iterator[None]:
    """Every worker of the function that performs steps stands still."""
    pids = stack.workers(STEPS)
    assert pids
    try:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def timeouts(stack: Stack, saga: str, run: str) -> list[Document]:
    failures = [
        event["taskFailedEventDetails"] for event in history(stack, saga, run) if "taskFailedEventDetails" in event
    ]
    return [failure for failure in failures if failure["error"] == "States.Timeout"]


@contextmanager
def throttled(stack: Stack) -> Iterator[None]:
    """The function that performs steps lets nobody in."""
    client, name = boto3.client("lambda"), stack.name(STEPS)
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    try:
        yield
    finally:
        client.delete_function_concurrency(FunctionName=name)
