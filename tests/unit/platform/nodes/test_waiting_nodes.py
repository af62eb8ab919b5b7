"""Nodes that wait: wait, approval, callback, sub-workflow."""

from datetime import UTC, datetime, timedelta

import pytest

from penstock.nodes.approval import Decision, decision
from penstock.workflows.node import AwaitCallback, Emit, NodeFailure, Signal, StartWorkflow, WaitUntil

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
ITEM = {"patient": 7}
ASK = {"message": "critical potassium", "approvers": ["dr.b"], "timeout_seconds": 60}


def test_wait_holds_the_items_for_its_time_and_passes_them_on(run) -> None:
    assert run("core.wait", [ITEM], {"seconds": 90}) == WaitUntil(NOW + timedelta(seconds=90))
    assert run("core.wait", [ITEM], {"seconds": 90}, signal=Signal("timer")) == Emit.main([ITEM])


def test_approval_asks_the_approvers_until_its_time_is_up(run) -> None:
    assert run("core.approval", [ITEM], ASK) == AwaitCallback(
        NOW + timedelta(seconds=60), {"kind": "approval", "message": "critical potassium", "approvers": ["dr.b"]}
    )


def test_approval_waits_a_week_when_nothing_is_said(run) -> None:
    assert run("core.approval", [ITEM], {"message": "?"}).until == NOW + timedelta(days=7)


@pytest.mark.parametrize(("approved", "port"), [(True, "approved"), (False, "rejected")])
def test_the_decision_chooses_the_port_and_goes_with_the_items(run, approved: bool, port: str) -> None:
    answer = {"approved": approved, "by": "dr.b", "comment": "seen"}
    outcome = run("core.approval", [ITEM], ASK, signal=Signal("callback", answer))
    assert outcome.outputs == {port: [{"patient": 7, "approval": answer}]}


def test_approval_can_leave_the_items_unchanged(run) -> None:
    outcome = run(
        "core.approval", [ITEM], {**ASK, "decision_field": None}, signal=Signal("callback", {"approved": True})
    )
    assert outcome.outputs["approved"][0] is ITEM


def test_without_a_decision_in_time_the_items_leave_unchanged_by_timed_out(run) -> None:
    outcome = run("core.approval", [ITEM], ASK, signal=Signal("timer"))
    assert list(outcome.outputs) == ["timed_out"]
    assert outcome.outputs["timed_out"][0] is ITEM


def test_a_decision_needs_only_whether_it_is_approved() -> None:
    assert decision({"approved": True}) == Decision(approved=True, by="", comment="")


@pytest.mark.parametrize(
    ("payload", "named"),
    [
        (None, "object"),
        ([], "object"),
        ({}, "approved"),
        ({"approved": "yes"}, "approved"),
        ({"approved": 1}, "approved"),
        ({"approved": True, "by": 3}, "by"),
        ({"approved": True, "comment": "x" * 4_001}, "comment"),
        ({"approved": True, "sig": "x"}, "sig"),
    ],
)
def test_a_decision_that_is_not_clear_is_refused_and_names_the_field(payload, named: str) -> None:
    with pytest.raises(NodeFailure, match=named) as caught:
        decision(payload)
    assert (caught.value.kind, caught.value.permanent) == ("InvalidDecision", True)


def test_a_refused_decision_does_not_repeat_what_was_sent() -> None:
    with pytest.raises(NodeFailure) as caught:
        decision({"approved": "secret-value"})
    assert "secret-value" not in str(caught.value)


def test_callback_waits_for_its_time(run) -> None:
    outcome = run("core.callback", [ITEM], {"message": "settlement", "timeout_seconds": 30})
    assert outcome == AwaitCallback(NOW + timedelta(seconds=30), {"kind": "callback", "message": "settlement"})


@pytest.mark.parametrize(
    ("payload", "items"),
    [
        ({"a": 1}, [{"a": 1}]),
        ([{"a": 1}, 2], [{"a": 1}, {"payload": 2}]),
        ("text", [{"payload": "text"}]),
        (None, [{"payload": None}]),
    ],
)
def test_what_calls_back_sends_becomes_the_items(run, payload, items: list) -> None:
    assert run("core.callback", [ITEM], {}, signal=Signal("callback", payload)) == Emit.main(items)


def test_the_payload_can_go_with_the_items_that_waited(run) -> None:
    outcome = run("core.callback", [ITEM], {"payload_field": "reply"}, signal=Signal("callback", [1]))
    assert outcome.outputs == {"main": [{"patient": 7, "reply": [1]}]}


def test_items_that_nobody_called_for_leave_by_timed_out(run) -> None:
    assert run("core.callback", [ITEM], {}, signal=Signal("timer")).outputs == {"timed_out": [ITEM]}


def test_a_sub_workflow_gets_all_items_at_once(run) -> None:
    assert run("core.workflow", [ITEM, ITEM], {"workflow": "w2"}) == StartWorkflow("w2", [ITEM, ITEM])


def ended(status: str, **more) -> Signal:
    return Signal("child", {"status": status, "items": [], "error": None, "execution": "x2", **more})


def test_a_sub_workflows_items_come_out(run) -> None:
    outcome = run("core.workflow", [ITEM], {"workflow": "w2"}, signal=ended("done", items=[{"r": 1}]))
    assert outcome == Emit.main([{"r": 1}])


@pytest.mark.parametrize(
    ("signal", "message"),
    [
        (ended("failed", error={"type": "HTTP 404", "message": "gone"}), "execution x2: HTTP 404: gone"),
        (ended("cancelled"), "execution x2: it was cancelled"),
        (
            ended("failed", execution=None, error={"type": "UnknownWorkflow", "message": "m"}),
            "workflow w2: UnknownWorkflow: m",
        ),
    ],
)
def test_a_sub_workflows_failure_is_the_nodes(run, signal: Signal, message: str) -> None:
    with pytest.raises(NodeFailure, match=f"^{message}$") as caught:
        run("core.workflow", [ITEM], {"workflow": "w2"}, signal=signal)
    assert (caught.value.kind, caught.value.permanent) == ("ChildFailed", False)
