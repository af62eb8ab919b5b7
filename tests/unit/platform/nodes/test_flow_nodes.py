"""Nodes that send items on their way: if, switch, filter, merge, loop, no-op, stop."""

import pytest

from penstock.workflows.catalogue import catalogue
from penstock.workflows.node import Emit, NodeFailure

A, B, C = {"n": 1}, {"n": 2}, {"n": 3}


def test_if_sends_each_item_one_way_in_order(run) -> None:
    outcome = run("core.if", [A, B, C], [{"condition": True}, {"condition": False}, {"condition": True}])
    assert outcome.outputs == {"true": [A, C], "false": [B]}
    assert outcome.outputs["true"][0] is A


def test_if_with_one_condition_for_all_sends_all_the_same_way(run) -> None:
    assert run("core.if", [A, B], {"condition": False}).outputs == {"true": [], "false": [A, B]}


def test_filter_tells_kept_from_dropped(run) -> None:
    outcome = run("core.filter", [A, B], [{"condition": False}, {"condition": True}])
    assert outcome.outputs == {"kept": [B], "dropped": [A]}


def rules(*met: bool, mode: str = "first_match") -> dict:
    names = ["critical", "abnormal", "critical"]
    return {
        "mode": mode,
        "rules": [{"output": name, "condition": is_met} for name, is_met in zip(names, met, strict=False)],
    }


def test_switch_sends_an_item_by_the_first_rule_it_meets(run) -> None:
    outcome = run("core.switch", [A, B, C], [rules(True, True), rules(False, True), rules(False, False)])
    assert outcome.outputs == {"critical": [A], "abnormal": [B], "fallback": [C]}
    assert outcome.outputs["fallback"][0] is C


def test_switch_can_send_an_item_by_every_rule_but_by_each_output_once(run) -> None:
    outcome = run("core.switch", [A], rules(True, True, True, mode="all_matches"))
    assert outcome.outputs == {"critical": [A], "abnormal": [A]}


def test_the_ports_of_a_switch_are_its_rules_outputs_and_fallback() -> None:
    assert catalogue()["core.switch"].ports_for(rules(True, True, True)) == (
        ("main",),
        ("critical", "abnormal", "fallback"),
    )


@pytest.mark.parametrize(
    "broken",
    [{}, {"rules": None}, {"rules": ["x"]}, {"rules": [{"output": 3}]}, {"rules": [{"output": "{{ $json.a }}"}]}],
)
def test_the_ports_of_a_switch_that_makes_no_sense_yet_are_fallback_alone(broken) -> None:
    assert catalogue()["core.switch"].ports_for(broken) == (("main",), ("fallback",))


@pytest.mark.parametrize("name", ["error", "fallback"])
def test_a_switch_rule_cannot_take_an_output_that_is_there_already(run, name: str) -> None:
    with pytest.raises(NodeFailure, match=f"rules.0.output.*{name}"):
        run("core.switch", [A], {"rules": [{"output": name, "condition": True}]})


def test_merge_appends_one_input_to_the_other(run) -> None:
    assert run("core.merge", parameters={}, input1=[A], input2=[B, C]).outputs == {"main": [A, B, C]}


def test_merge_joins_items_with_equal_keys(run) -> None:
    parameters = {"mode": "by_key", "keys": ["id"], "unmatched": False}
    left, right = [{"id": 1, "a": 1}, {"id": 2}], [{"id": 1, "b": 2}]
    assert run("core.merge", parameters=parameters, input1=left, input2=right).outputs == {
        "main": [{"id": 1, "a": 1, "b": 2}]
    }


def test_merge_by_position_keeps_the_longer_inputs_rest(run) -> None:
    outcome = run("core.merge", parameters={"mode": "by_position"}, input1=[{"a": 1}], input2=[{"b": 1}, {"b": 2}])
    assert outcome.outputs == {"main": [{"a": 1, "b": 1}, {"b": 2}]}


def test_a_loop_gives_batches_until_all_came_back(run) -> None:
    first = run("core.loop", parameters={"batch_size": 2}, main=[A, B, C])
    assert first.outputs == {"batch": [A, B]}
    second = run("core.loop", parameters={"batch_size": 2}, memory=first.memory, main=[A, B, C], next=[A, B])
    assert second.outputs == {"batch": [C]}
    last = run("core.loop", parameters={"batch_size": 2}, memory=second.memory, main=[A, B, C], next=[A, B, C])
    assert (last.outputs, last.memory) == ({"done": [A, B, C]}, None)


def test_no_op_passes_the_same_items(run) -> None:
    items = [A, B]
    assert run("core.noop", items).outputs["main"] is items


def test_stop_fails_for_good_with_the_authors_words(run) -> None:
    with pytest.raises(NodeFailure, match="no patient with this number") as caught:
        run("core.stop", [A], {"message": "no patient with this number", "kind": "UnknownPatient"})
    assert (caught.value.kind, caught.value.permanent) == ("UnknownPatient", True)


def test_a_manual_trigger_emits_what_the_start_was_given(run) -> None:
    assert run("core.trigger.manual", [A]) == Emit.main([A])
