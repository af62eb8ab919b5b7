"""The pattern of an event trigger: what it starts on, and what is wrong with it when a workflow is saved."""

from typing import Any

import pytest

from penstock.nodes.event_trigger import ITEM_FIELDS, Parameters, matches
from penstock.workflows.catalogue import catalogue
from penstock.workflows.triggers import event_item
from penstock.workflows.validation import validate

EVENT = {"type": "lab.filed", "kind": "event", "data": {"ward": "3B", "value": 7.5}}
HIGH = {"data": {"value": [{"numeric": [">", 7]}]}}


@pytest.mark.parametrize(
    ("parameters", "starts"),
    [
        ({"pattern": HIGH}, True),
        ({"pattern": {"data": {"value": [{"numeric": [">", 8]}]}}}, False),
        ({"pattern": HIGH, "types": ["adt.*"]}, False),
        ({"pattern": HIGH, "types": ["lab.*"], "match": {"data.ward": "3B"}}, True),
        ({"pattern": HIGH, "match": {"data.ward": "4A"}}, False),
        ({"pattern": HIGH, "kind": "execution"}, False),
        ({"pattern": {"type": [{"prefix": "lab."}], "$or": [{"key": ["x"]}, {"data": {"ward": ["3B"]}}]}}, True),
    ],
    ids=str,
)
def test_a_trigger_starts_where_its_pattern_holds_beside_all_else(parameters: dict[str, Any], starts: bool) -> None:
    assert matches(Parameters.model_validate(parameters), EVENT) is starts


def problems(parameters: dict[str, Any]) -> list[tuple[str, str]]:
    definition = {
        "name": "Listens",
        "nodes": [{"name": "on", "type": "core.trigger.event", "parameters": parameters}],
        "connections": [],
    }
    return [(problem.path, problem.message) for problem in validate(definition, catalogue())]


def test_a_workflow_with_a_pattern_that_holds_is_saved() -> None:
    assert problems({"pattern": HIGH}) == []


def test_every_problem_of_a_pattern_is_told_at_its_place_in_the_definition() -> None:
    found = problems({"pattern": {"detail": ["x"], "data": {"value": [7, {"numeric": ["~", 1]}]}}})
    assert [path for path, _ in found] == [
        "nodes[0].parameters.pattern.detail",
        "nodes[0].parameters.pattern.data.value[1].numeric[0]",
    ]
    assert found[1][1] == "must be one of =, >, >=, <, <="


def test_a_trigger_needs_types_or_a_pattern() -> None:
    assert problems({}) == [("nodes[0].parameters", "needs types, a pattern, or both")]


def test_a_pattern_may_ask_for_whatever_the_event_of_a_workflow_has(make_event: Any) -> None:
    assert set(event_item(make_event())) == set(ITEM_FIELDS)
