"""Sagas broken at every step in turn: the function killed, throttled, doubled and left hanging while it performs it.

Each case watches the run's stream for the moment at which the step begins, and strikes then. However it goes, the run
ends completed or compensated, and the books of its participants say the same as the run.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pytest

from penstock.sagas import state
from penstock.sagas.library import built_in
from penstock.sagas.participants import account, stock
from tests.e2e.saga_runs import (
    FUNDS,
    ORDER,
    STEPS,
    UNITS,
    assert_books_balance,
    ended,
    furnish,
    history,
    load,
    own_machine,
    publish,
    start,
    throttled,
    timeouts,
)
from tests.e2e.stack import Stack
from tests.e2e.tenant import Document, Tenant, eventually

PRICE = 500
RETRY = {"attempts": 5, "delay_seconds": 1, "max_delay_seconds": 2}
TRIES = 4
"""Runs until a strike has come while the step was being performed, and not just after it."""

SLICE = 0.003
"""Seconds that a step takes several of, and that nobody misses it by."""


def action(name: str, kind: str, **parameters: Any) -> Document:
    return {"name": name, "type": kind, "parameters": parameters, "timeout_seconds": 5, "retry": RETRY}


TAKE = action("Take pump", "stock.reserve", sku="pump", quantity=1)
GIVE_BACK = action("Give pump back", "stock.release", sku="pump", entry="{{ $execution.key }}")
PAY = action("Pay", "account.withdraw", account="clinic", amount=PRICE, currency="EUR")
REFUND = action("Refund", "account.reverse", account="clinic", entry="{{ $execution.key }}")
CREDIT = action("Credit", "account.deposit", account="{{ $json.creditor }}", amount=PRICE, currency="EUR")
HIRE: Document = {
    "name": "Hire",
    "steps": [{**TAKE, "compensation": GIVE_BACK}, {**PAY, "compensation": REFUND}, {**CREDIT, "pivot": True}],
}


@dataclass(frozen=True)
class Case:
    """A saga under test: what makes it ready, what it is started with, its machine, and what its books must say."""

    saga: str
    given: Document
    ready: Callable[[Tenant], None]
    machine: Callable[[Stack, Tenant], str]
    check: Callable[[Stack, Tenant, list[str]], None]


def _hire_is_published(tenant: Tenant) -> None:
    furnish(tenant)
    publish(tenant, "hire", HIRE)


def _hire_books_balance(stack: Stack, tenant: Tenant, runs: list[str]) -> None:
    """A pump is set aside and paid for in as many runs as were completed, and in no other."""
    statuses = [ended(tenant, run)["status"] for run in runs]
    assert set(statuses) <= {"completed", "compensated"}, statuses
    hired = statuses.count("completed")
    goods = load(stack, tenant, stock.AGGREGATE, "pump")
    clinic, maker = (load(stack, tenant, account.AGGREGATE, name).balance for name in ("clinic", "maker"))
    assert (goods.available, len(goods.reserved)) == (UNITS - hired, hired)
    assert (clinic, maker) == (FUNDS - PRICE * hired, PRICE * hired)


OWN = Case(
    "hire",
    {"creditor": "maker"},
    _hire_is_published,
    lambda stack, tenant: own_machine(stack, tenant, "hire"),
    _hire_books_balance,
)
BUILT_IN = Case("order_fulfilment", ORDER, furnish, lambda _, __: "order_fulfilment", assert_books_balance)
STEPS_OF = {
    "hire": [step["name"] for step in HIRE["steps"]],
    "order_fulfilment": [step["name"] for step in built_in()["order_fulfilment"].definition["steps"]],
}
every_step = pytest.mark.parametrize(
    ("case", "step"),
    [pytest.param(case, step, id=f"{case.saga}-{step}") for case in (OWN, BUILT_IN) for step in STEPS_OF[case.saga]],
)


def seen(stack: Stack, tenant: Tenant, run: str, event_type: str, step: str) -> Iterator[bool]:
    """Whether the run's stream tells that of the step, each time that it is asked; fails the test after a while."""
    stream, after, found = state.AGGREGATE.stream(tenant.name, run), 0, False
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for commit in stack.store.commits(stream, after):
            after = commit.number
            found |= any(event.type == event_type and event.data.get("step") == step for event in commit.events)
        yield found
    pytest.fail(f"{step} of {run} never began")


def await_event(stack: Stack, tenant: Tenant, run: str, event_type: str, step: str) -> None:
    """Return as soon as it is there."""
    any(seen(stack, tenant, run, event_type, step))


def stop_at(stack: Stack, tenant: Tenant, run: str, event_type: str, step: str, workers: list[int]) -> None:
    """Let the workers go by a slice of time, look while they stand still, and leave them so when it is there."""
    _signal(workers, signal.SIGSTOP)
    for is_there in seen(stack, tenant, run, event_type, step):
        if is_there:
            return
        _signal(workers, signal.SIGCONT)
        time.sleep(SLICE)
        _signal(workers, signal.SIGSTOP)


def _signal(workers: list[int], which: signal.Signals) -> None:
    for pid in workers:
        with suppress(ProcessLookupError):
            os.kill(pid, which)


def warmed(stack: Stack, tenant: Tenant, case: Case) -> str:
    """A run that went well: the workers are there, and so is what it did to the books."""
    case.ready(tenant)
    run = start(tenant, case.saga, case.given)
    assert ended(tenant, run)["status"] == "completed"
    return run


def killed(stack: Stack, tenant: Tenant, case: Case, given: Document, event_type: str, step: str) -> str:
    """A run during which every worker is killed the moment that the event is there."""
    workers = stack.workers(STEPS)
    try:
        run = start(tenant, case.saga, given)
        stop_at(stack, tenant, run, event_type, step, workers)
    finally:
        _signal(workers, signal.SIGKILL)
    return run


def attempts(tenant: Tenant, run: str, step: str, what: str = "attempts") -> int:
    found: int = {each["name"]: each for each in ended(tenant, run)["steps"]}[step][what]
    return found


@every_step
def test_a_saga_whose_function_is_killed_at_a_step_is_completed(
    stack: Stack, tenant: Tenant, case: Case, step: str
) -> None:
    runs = [warmed(stack, tenant, case)]
    for _ in range(TRIES):
        runs.append(killed(stack, tenant, case, case.given, "StepStarted", step))
        assert ended(tenant, runs[-1])["status"] == "completed"
        if attempts(tenant, runs[-1], step) > 1:
            break
    case.check(stack, tenant, runs)
    assert attempts(tenant, runs[-1], step) > 1, f"no kill came while {step} was performed"


@pytest.mark.parametrize(
    ("case", "given", "step"),
    [
        pytest.param(OWN, {"creditor": "nobody"}, "Take pump", id="own-Take pump"),
        pytest.param(OWN, {"creditor": "nobody"}, "Pay", id="own-Pay"),
        pytest.param(BUILT_IN, {**ORDER, "amount": FUNDS + 1}, "Reserve inventory", id="built in-Reserve inventory"),
    ],
)
def test_a_saga_whose_function_is_killed_while_a_step_is_undone_is_compensated(
    stack: Stack, tenant: Tenant, case: Case, given: Document, step: str
) -> None:
    runs = [warmed(stack, tenant, case)]
    for _ in range(TRIES):
        runs.append(killed(stack, tenant, case, given, "CompensationStarted", step))
        assert ended(tenant, runs[-1])["status"] == "compensated"
        if attempts(tenant, runs[-1], step, "compensation_attempts") > 1:
            break
    case.check(stack, tenant, runs)
    assert attempts(tenant, runs[-1], step, "compensation_attempts") > 1, f"no kill came while {step} was undone"


@every_step
def test_a_saga_whose_function_is_throttled_at_a_step_is_completed(
    stack: Stack, tenant: Tenant, case: Case, step: str
) -> None:
    runs, machine = [warmed(stack, tenant, case)], case.machine(stack, tenant)
    refused: list[str] = []
    while step not in refused and len(runs) <= TRIES:
        with _throttled_from(stack, tenant, case, step) as run:
            refused = eventually("it was not let in, or is over", lambda: _refused(stack, machine, run))
        runs.append(run)
        assert ended(tenant, run)["status"] == "completed"
    case.check(stack, tenant, runs)
    assert step in refused, f"{step} was let in each time"


@contextmanager
def _throttled_from(stack: Stack, tenant: Tenant, case: Case, step: str) -> Iterator[str]:
    """A run whose calls are refused from a step on: the step before it is let in, and has its effect."""
    place = STEPS_OF[case.saga].index(step)
    if place == 0:
        with throttled(stack):
            yield start(tenant, case.saga, case.given)
        return
    run = start(tenant, case.saga, case.given)
    await_event(stack, tenant, run, "StepStarted", STEPS_OF[case.saga][place - 1])
    with throttled(stack):
        yield run


def _refused(stack: Stack, machine: str, run: str) -> list[str]:
    """The states of an execution whose calls failed, and those that it ended in; empty while there are none."""
    found, at = [], ""
    for event in history(stack, machine, run):
        at = event.get("stateEnteredEventDetails", {}).get("name", at)
        if "taskFailedEventDetails" in event or event["type"] == "ExecutionSucceeded":
            found.append(at)
    return found


@every_step
def test_a_step_that_is_called_again_and_again_while_it_runs_happens_once(
    stack: Stack, tenant: Tenant, case: Case, step: str
) -> None:
    first = warmed(stack, tenant, case)
    run = start(tenant, case.saga, case.given)
    call = {"tenant": tenant.name, "run": run, "task": "act", "step": step}
    await_event(stack, tenant, run, "StepStarted", step)
    with ThreadPoolExecutor(3) as callers:
        doubled = [callers.submit(stack.invoke, STEPS, call) for _ in range(3)]
    answers = [each.result()["outcome"] for each in doubled if not each.exception()]
    assert set(answers) <= {"done"}
    case.check(stack, tenant, [first, run])
    assert ended(tenant, run)["status"] == "completed"


@pytest.mark.parametrize("step", STEPS_OF["hire"])
def test_a_step_that_hangs_past_its_time_happens_once_however_late_it_comes_to(
    stack: Stack, tenant: Tenant, step: str
) -> None:
    first, machine = warmed(stack, tenant, OWN), own_machine(stack, tenant, "hire")
    workers = stack.workers(STEPS)
    try:
        run = start(tenant, "hire", OWN.given)
        stop_at(stack, tenant, run, "StepStarted", step, workers)
        eventually(f"{step} has timed out", lambda: timeouts(stack, machine, run))
    finally:
        _signal(workers, signal.SIGCONT)
    _hire_books_balance(stack, tenant, [first, run])
    assert ended(tenant, run)["status"] == "completed"
