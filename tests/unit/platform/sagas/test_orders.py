"""What reaches the function that performs steps."""

import json
from typing import Any

import pytest

from penstock.sagas import deciding
from penstock.sagas.orders import order_of
from penstock.sagas.state import Status
from penstock.sagas.steps import Order
from tests.unit.platform.sagas.participants import DO
from tests.unit.platform.sagas.world import RUN, TENANT, Case, Script, World, saga, step


def stopped(resumption: int) -> dict[str, Any]:
    """What EventBridge says of a machine's execution that was aborted."""
    given = {"tenant": TENANT, "run": RUN, "is_reversed": False, "resumption": resumption}
    return {
        "detail-type": "Step Functions Execution Status Change",
        "detail": {"status": "ABORTED", "input": json.dumps(given)},
    }


def test_a_machines_payload_is_an_order() -> None:
    payload = {"tenant": "acme", "run": "r1", "task": "act", "step": "Charge payment"}
    assert order_of(payload) == Order("acme", "r1", "act", "Charge payment")


def test_a_machine_that_stopped_leaves_its_run_to_a_person() -> None:
    world = World(Case(saga(step("a"), step("b")), Script()))
    world.perform(Order(TENANT, RUN, "act", "a"))
    world.steps.perform(order_of(stopped(0)))
    assert (world.run.status, world.run.stuck) == (Status.NEEDS_ATTENTION, ("b",))


def test_news_of_an_earlier_machine_does_not_stop_a_run_that_was_sent_on() -> None:
    world = World(Case(saga(step("a", attempts=1), pivot()), Script({("p", DO): ["crash"]})))
    world.interpreted()
    world.save(lambda run: deciding.resume(run, "again"))
    world.steps.perform(order_of(stopped(0)))
    assert world.run.status is Status.RUNNING


def pivot() -> dict[str, Any]:
    return step("p", attempts=1, undo_attempts=None, pivot=True)


@pytest.mark.parametrize("event", [{}, {"tenant": "acme"}, {"tenant": "a", "run": "r", "task": "act", "what": 1}])
def test_anything_else_is_refused(event: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no order"):
        order_of(event)
