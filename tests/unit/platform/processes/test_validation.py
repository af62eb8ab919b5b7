"""What is wrong with a process definition is told with its path."""

import json
from pathlib import Path
from typing import Any

import pytest

from penstock.processes.library import built_in
from penstock.processes.validation import parse, validate
from penstock.workflows.catalogue import catalogue

RELEASE = {"name": "Release", "type": "stock.release", "parameters": {"sku": "pump", "entry": "{{ $execution.key }}"}}
RESERVE = {"name": "Reserve", "type": "stock.reserve", "parameters": {"sku": "pump"}, "compensation": RELEASE}
PAID = {"on": {"type": "paid"}, "do": [RESERVE], "end": "completed"}


def process(*reactions: Any, **more: Any) -> dict[str, Any]:
    states = [{"name": "open", "reactions": list(reactions)}]
    return {"name": "Order", "starts": [{"on": {"type": "placed"}}], "states": states, **more}


def found(definition: Any) -> set[tuple[str, str]]:
    return {(problem.path, problem.rule) for problem in validate(definition, catalogue())}


@pytest.mark.parametrize("built", built_in().values(), ids=lambda each: each.id)
def test_a_built_in_process_has_no_problem(built: Any) -> None:
    assert validate(built.definition, catalogue()) == []


def test_the_guides_example_has_no_problem() -> None:
    guide = (Path(__file__).parents[4] / "docs/guides/processes.md").read_text(encoding="utf-8")
    example = json.loads(guide.split("```json")[1].split("```")[0])
    assert validate(example, catalogue()) == []


def test_a_valid_process_is_parsed() -> None:
    assert parse(process(PAID), catalogue()).states[0].reactions[0].do[0].name == "Reserve"


AT = "states[0].reactions[0]"
CASES = [
    pytest.param({"name": "x"}, ("starts", "shape"), id="without a start"),
    pytest.param(process({**PAID, "to": "open"}), (AT, "shape"), id="two ways at once"),
    pytest.param(process({**PAID, "on": {"type": "a b"}}), (f"{AT}.on.type", "shape"), id="a type with a blank"),
    pytest.param(process({**PAID, "speed": 1}), (f"{AT}.speed", "shape"), id="an unknown field"),
    pytest.param(
        process(PAID, {**PAID, "on": {"type": "x"}}),
        ("states[0].reactions[1].do[0].name", "duplicate_name"),
        id="two actions of a name",
    ),
    pytest.param(
        process({**PAID, "do": [{**RESERVE, "name": "Start"}]}), (f"{AT}.do[0].name", "reserved_name"), id="Start"
    ),
    pytest.param(process({**PAID, "end": None, "to": "opne"}), (f"{AT}.to", "unknown_state"), id="no such state"),
    pytest.param(process(PAID, {"on": {"type": "x"}}), ("states[0].reactions[1]", "does_nothing"), id="does nothing"),
    pytest.param(
        process(PAID, states=[{"name": "open", "reactions": [PAID]}, {"name": "lost", "reactions": []}]),
        ("states[1]", "unreachable"),
        id="an unreachable state",
    ),
    pytest.param(process({**PAID, "end": None}), ("states[0]", "dead_end"), id="a dead end"),
    pytest.param(
        process({**PAID, "on": {"type": "x", "kind": "process"}}), (f"{AT}.on.kind", "own_kind"), id="watches itself"
    ),
    pytest.param(
        process({**PAID, "do": [{**RESERVE, "type": "stock.reserv"}]}), (f"{AT}.do[0].type", "unknown_type"), id="type"
    ),
    pytest.param(
        process({**PAID, "do": [{"name": "W", "type": "core.wait", "parameters": {"seconds": 1}}]}),
        (f"{AT}.do[0].type", "unfit_type"),
        id="an action that waits",
    ),
    pytest.param(
        process({**PAID, "do": [{**RESERVE, "parameters": {}}]}), (f"{AT}.do[0].parameters.sku", "parameter"), id="sku"
    ),
    pytest.param(process({**PAID, "when": "{{ 1 + }}"}), (f"{AT}.when", "expression"), id="a broken condition"),
    pytest.param(process({**PAID, "when": "true"}), (f"{AT}.when", "expression"), id="a condition without braces"),
    pytest.param(process(PAID, correlation="order"), ("correlation", "expression"), id="a constant correlation"),
    pytest.param(
        process({**PAID, "when": "{{ $('Pay').first().json.ok }}"}), (f"{AT}.when", "unknown_reference"), id="no action"
    ),
    pytest.param(
        process({**PAID, "do": [{**RESERVE, "retry": {"delay_seconds": 400}}]}),
        (f"{AT}.do[0].retry.max_delay_seconds", "delay"),
        id="a pause over its cap",
    ),
]


@pytest.mark.parametrize(("definition", "expected"), CASES)
def test_a_problem_is_told_with_its_path(definition: Any, expected: tuple[str, str]) -> None:
    assert expected in found(definition)


def test_a_misspelt_name_is_met_with_the_nearest() -> None:
    messages = [each.message for each in validate(process({**PAID, "end": None, "to": "opne"}), catalogue())]
    assert "there is no state 'opne'; did you mean 'open'?" in messages
