"""Node requests and outcomes survive the way to a wing's function and back."""

from datetime import UTC, datetime

import pytest

from penstock.json import dumps, loads
from penstock.workflows.execution.fold import shrink
from penstock.workflows.execution.running import NodeRequest
from penstock.workflows.node import (
    AwaitCallback,
    Emit,
    NodeFailure,
    Outcome,
    Response,
    Signal,
    StartWorkflow,
    WaitUntil,
)
from penstock.workflows.wire import (
    failure_to_json,
    outcome_from_json,
    outcome_to_json,
    recognised,
    request_from_json,
    request_to_json,
)

NOW = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
REQUEST = NodeRequest(
    type="healthcare.hl7.parse",
    inputs={"main": [{"n": 1}]},
    parameters=[{"message": "x"}],
    key="e/n/0/1",
    attempt=1,
    now=NOW,
    tenant="acme",
    workflow="w",
    execution="e",
    memory={"at": 1},
    signal=Signal("callback", {"approved": True}),
    timeout_seconds=3,
)


def test_a_request_comes_back_as_it_was() -> None:
    assert request_from_json(loads(dumps(request_to_json(REQUEST)))) == REQUEST


@pytest.mark.parametrize(
    "outcome",
    [
        Emit({"main": [{"n": 1}]}, memory=3, response=Response(201, {"a": "b"}, {"ok": True})),
        WaitUntil(NOW),
        AwaitCallback(NOW, {"message": "please"}),
        AwaitCallback(),
        StartWorkflow("w", [{"n": 1}]),
    ],
)
def test_an_outcome_comes_back_as_it_was(outcome: Outcome) -> None:
    assert outcome_from_json(loads(dumps(outcome_to_json(outcome)))) == outcome


def test_a_failure_comes_back_as_the_failure_that_was_raised() -> None:
    sent = failure_to_json(NodeFailure("HTTP 404", "not there", permanent=True))
    with pytest.raises(NodeFailure, match="not there") as raised:
        outcome_from_json(loads(dumps(sent)))
    assert (raised.value.kind, raised.value.permanent) == ("HTTP 404", True)


def test_an_unexpected_error_keeps_its_class_as_its_kind() -> None:
    assert failure_to_json(KeyError("x"))["kind"] == "KeyError"


def test_items_that_came_back_unchanged_are_stored_as_a_reference() -> None:
    inputs = {"main": [{"n": 1}, {"n": True}]}
    far = outcome_from_json(loads(dumps(outcome_to_json(Emit({"main": inputs["main"], "some": [{"n": True}]})))))
    near = recognised(far, inputs)
    assert isinstance(near, Emit)
    assert shrink(near.outputs["main"], inputs) == {"from": "main"}
    assert shrink(near.outputs["some"], inputs) == {"from": "main", "pick": [1]}
