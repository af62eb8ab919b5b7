"""Every rule of validation, and all of them at once, each problem with the path of what is wrong."""

import itertools
from dataclasses import replace
from typing import Any

import pytest

from penstock.workflows.catalogue import catalogue
from penstock.workflows.definition import MAX_NODES, WorkflowDefinition
from penstock.workflows.errors import InvalidWorkflow, Problem
from penstock.workflows.validation import parse, validate

JSONObject = dict[str, Any]


def node(name: str, node_type: str = "core.noop", **more: Any) -> JSONObject:
    return {"name": name, "type": node_type, **more}


START = node("Start", "core.trigger.manual")


def link(source: str, target: str, **more: Any) -> JSONObject:
    return {"from": source, "to": target, **more}


def workflow(*nodes: JSONObject, links: list[JSONObject] | None = None, **more: Any) -> JSONObject:
    """The nodes in a row behind a manual trigger, unless the links are given."""
    row = [START, *nodes]
    chain = [link(a["name"], b["name"]) for a, b in itertools.pairwise(row)]
    return {"name": "w", "nodes": row, "connections": chain if links is None else links, **more}


def found(definition: Any) -> list[Problem]:
    return validate(definition, catalogue())


def only(definition: Any) -> Problem:
    (problem,) = found(definition)
    return problem


def of(parameters: JSONObject, node_type: str = "core.set") -> JSONObject:
    return workflow(node("A", node_type, parameters=parameters))


def test_a_workflow_without_problems_has_none() -> None:
    definition = workflow(
        node("Loop", "core.loop"),
        node("If", "core.if", parameters={"condition": "{{ $('Start').first().json.ok }}"}, on_error="error_output"),
        node("Wait", "core.wait", parameters={"seconds": "{{ $json.s }}"}),
        node("End"),
        links=[
            link("Start", "Loop"),
            link("Loop", "If", output="batch"),
            link("If", "Wait", output="true"),
            link("If", "End", output="error"),
            link("Wait", "Loop", input="next"),
            link("Loop", "End", output="done"),
        ],
    )
    assert found(definition) == []
    assert parse(definition, catalogue()) == WorkflowDefinition.model_validate(definition)


def test_a_parsed_definition_can_be_validated_too() -> None:
    parsed = WorkflowDefinition.model_validate(workflow(node("A", "core.nope")))
    assert only(parsed).path == "nodes[1].type"
    assert parse(WorkflowDefinition.model_validate(workflow()), catalogue()).name == "w"


def test_parse_raises_with_every_problem() -> None:
    with pytest.raises(InvalidWorkflow) as caught:
        parse(workflow(node("A", "core.nope"), node("B", "core.limit", parameters={"count": -1})), catalogue())
    assert [problem.path for problem in caught.value.problems] == ["nodes[1].type", "nodes[2].parameters.count"]


@pytest.mark.parametrize(
    ("change", "path", "words"),
    [
        ({"name": ""}, "name", "at least 1 character"),
        ({"nodes": []}, "nodes", "at least 1 item"),
        ({"color": "red"}, "color", "is not known here"),
        ({"settings": {"concurrency": 0}}, "settings.concurrency", "must be greater than or equal to 1"),
    ],
)
def test_a_wrong_shape_is_named_with_its_path(change: JSONObject, path: str, words: str) -> None:
    problem = only({**workflow(), **change})
    assert (problem.path, problem.rule) == (path, "shape")
    assert words in problem.message


@pytest.mark.parametrize(
    "document", [None, [], "w", 3, {}, {"nodes": {}, "connections": 7}, {"nodes": [None, 3, {"name": 4}]}]
)
def test_what_is_no_workflow_at_all_gives_problems_rather_than_an_exception(document: Any) -> None:
    assert {problem.rule for problem in found(document)} == {"shape"}


def test_a_missing_setting_of_a_node_is_required() -> None:
    definition = workflow(links=[])
    definition["nodes"].append({"name": "A"})
    assert Problem("nodes[1].type", "shape", "is required") in found(definition)


def test_a_node_that_cannot_be_read_hides_no_other_problem_and_makes_none() -> None:
    definition = workflow(node("A", retry={"attempts": 0}), node("B", "core.nope"))
    assert [problem.path for problem in found(definition)] == ["nodes[1].retry.attempts", "nodes[2].type"]


def test_a_name_used_twice_is_found() -> None:
    problem = only({**workflow(node("A")), "nodes": [START, node("A"), node("A")]})
    assert (problem.path, problem.rule) == ("nodes[2].name", "duplicate_name")
    assert "nodes[1]" in problem.message


def test_an_unknown_type_comes_with_the_nearest_one() -> None:
    problem = only(workflow(node("A", "core.http.requst")))
    assert (problem.path, problem.rule) == ("nodes[1].type", "unknown_type")
    assert "did you mean 'core.http.request'?" in problem.message


@pytest.mark.parametrize(("connection", "end"), [(link("Start", "Finnish"), "to"), (link("Finnish", "Finish"), "from")])
def test_a_dangling_connection_names_its_end_and_the_nearest_node(connection: JSONObject, end: str) -> None:
    definition = workflow(node("Finish"))
    definition["connections"].append(connection)
    problem = only(definition)
    assert (problem.path, problem.rule) == (f"connections[1].{end}", "dangling_connection")
    assert "did you mean 'Finish'?" in problem.message


def test_an_unknown_output_comes_with_those_there_are() -> None:
    definition = workflow(node("If", "core.if", parameters={"condition": True}), node("B"))
    definition["connections"][1]["output"] = "maybe"
    problem = only(definition)
    assert (problem.path, problem.rule) == ("connections[1].output", "unknown_port")
    assert problem.message == "'If' has no output 'maybe'; it has true, false"


def test_an_unknown_input_comes_with_those_there_are() -> None:
    definition = workflow(node("Merge", "core.merge", parameters={"inputs": 3}))
    definition["connections"][0]["input"] = "input4"
    problem = only(definition)
    assert problem.path == "connections[0].input"
    assert "input1, input2, input3" in problem.message


def test_the_outputs_of_a_switch_are_its_rules() -> None:
    switch = node("Switch", "core.switch", parameters={"rules": [{"output": "high", "condition": True}]})
    links = [link("Start", "Switch"), link("Switch", "B", output="high"), link("Switch", "B", output="low")]
    assert only(workflow(switch, node("B"), links=links)).path == "connections[2].output"


def test_the_output_error_is_there_only_where_on_error_says_so() -> None:
    definition = workflow(node("A"), node("B"))
    definition["connections"][1]["output"] = "error"
    problem = only(definition)
    assert (problem.path, problem.rule) == ("connections[1].output", "unknown_port")
    assert "on_error is error_output" in problem.message
    definition["nodes"][1] = {**definition["nodes"][1], "on_error": "error_output"}
    assert found(definition) == []


def test_nothing_can_be_connected_to_a_trigger() -> None:
    definition = workflow(node("A"))
    definition["connections"].append(link("A", "Start"))
    problems = [problem for problem in found(definition) if problem.rule == "into_trigger"]
    assert [problem.path for problem in problems] == ["connections[1].to"]


def test_a_workflow_needs_a_trigger() -> None:
    problem = only({"name": "w", "nodes": [node("A")]})
    assert (problem.path, problem.rule) == ("nodes", "no_trigger")


def test_a_node_that_no_trigger_leads_to_is_unreachable() -> None:
    problem = only(workflow(node("A"), node("B"), links=[link("Start", "A")]))
    assert (problem.path, problem.rule) == ("nodes[2]", "unreachable")
    assert "'B'" in problem.message


def test_a_cycle_without_a_loop_is_named_once_with_its_nodes() -> None:
    definition = workflow(node("A"), node("B"), node("C"))
    definition["connections"].append(link("C", "A"))
    problem = only(definition)
    assert (problem.path, problem.rule) == ("nodes[1]", "cycle")
    assert "A → B → C → A" in problem.message


def test_two_cycles_are_two_problems() -> None:
    definition = workflow(node("A"), node("B"))
    definition["connections"] += [link("A", "A"), link("B", "B")]
    assert [(problem.path, problem.rule) for problem in found(definition)] == [
        ("nodes[1]", "cycle"),
        ("nodes[2]", "cycle"),
    ]


def test_a_cycle_that_enters_a_loop_by_its_first_input_is_refused() -> None:
    definition = workflow(node("Loop", "core.loop"), node("A"))
    definition["connections"].append(link("A", "Loop"))
    assert "Loop → A → Loop" in only(definition).message


@pytest.mark.parametrize(
    ("node_type", "parameters", "place", "words"),
    [
        ("core.limit", {"count": -1}, "count", "must be greater than or equal to 0"),
        ("core.limit", {"cuont": 1}, "cuont", "is not known here"),
        ("core.if", {}, "condition", "is required"),
        ("core.wait", {}, "", "give either seconds or until"),
        (
            "core.set",
            {"fields": [{"name": "a"}, {"name": "..", "value": 1}]},
            "fields[1].name",
            "must match the pattern",
        ),
        ("core.http.request", {"url": "http://x", "method": "GRAB"}, "method", "must be 'GET'"),
        (
            "core.http.request",
            {"url": "http://x", "pagination": {"kind": "next_url"}},
            "pagination.path",
            "is required",
        ),
        ("core.http.request", {"url": "http://x", "pagination": {}}, "pagination", "needs 'kind'"),
    ],
)
def test_a_parameter_that_does_not_fit_is_named(node_type: str, parameters: JSONObject, place: str, words: str) -> None:
    problem = only(of(parameters, node_type))
    assert (problem.path, problem.rule) == (f"nodes[1].parameters{'.' if place else ''}{place}", "parameter")
    assert words in problem.message


def test_a_problem_does_not_repeat_the_value() -> None:
    definition = of({"url": "http://x", "headers": {"Authorization": ["s3cret"]}}, "core.http.request")
    assert "s3cret" not in str(only(definition))


@pytest.mark.parametrize(
    ("node_type", "parameters"),
    [
        ("core.limit", {"count": "{{ $json.n }}"}),
        ("core.http.request", {"url": "http://x", "method": "{{ $json.m }}"}),
        ("core.http.request", {"url": "http://x", "pagination": {"kind": "{{ $json.k }}"}}),
        ("core.set", {"fields": "{{ $json.fields }}"}),
        ("core.set", {"fields": [{"name": "{{ $json.name }}", "value": 1}]}),
        ("core.wait", {"until": "{{ $json.until }}"}),
        ("core.aggregate", {"operations": [{"function": "{{ $json.f }}"}]}),
    ],
)
def test_a_value_that_an_expression_gives_is_left_to_the_run(node_type: str, parameters: JSONObject) -> None:
    assert found(of(parameters, node_type)) == []


@pytest.mark.parametrize(
    ("parameters", "place"), [({"cuont": "{{ 1 }}"}, "cuont"), ({"count": "{{ 1 }}", "keep": "both"}, "keep")]
)
def test_what_no_expression_can_mend_is_a_problem_all_the_same(parameters: JSONObject, place: str) -> None:
    assert only(of(parameters, "core.limit")).path == f"nodes[1].parameters.{place}"


def elsewhere() -> dict[str, Any]:
    """The catalogue as a function has it that lacks a wing's code: types with their schema alone."""
    return {
        name: found if name.startswith("core.trigger") else replace(found, parameters=None, run=None)
        for name, found in catalogue().items()
    }


@pytest.mark.parametrize(
    ("node_type", "parameters", "place"),
    [
        ("core.limit", {"count": -1}, ".count"),
        ("core.limit", {"cuont": 1}, ""),
        ("core.if", {}, ""),
        ("core.set", {"fields": [{"name": "a"}, {"value": 1}]}, ".fields[1]"),
        ("core.limit", {"cuont": "{{ 1 }}"}, ""),
    ],
)
def test_a_type_whose_code_is_elsewhere_is_checked_by_its_schema(
    node_type: str, parameters: JSONObject, place: str
) -> None:
    (problem,) = validate(of(parameters, node_type), elsewhere())
    assert (problem.path, problem.rule) == (f"nodes[1].parameters{place}", "parameter")


def test_expressions_fit_any_schema() -> None:
    assert validate(of({"count": "{{ $json.n }}", "keep": "{{ $json.k }}"}, "core.limit"), elsewhere()) == []


def test_an_expression_that_is_not_javascript_is_named_with_its_place() -> None:
    problem = only(of({"fields": [{"name": "a", "value": {"b": ["{{ $json.x + }}"]}}]}))
    assert (problem.path, problem.rule) == ("nodes[1].parameters.fields[0].value.b[0]", "expression")
    assert "$json.x +" in problem.message


def test_parameters_that_are_nested_too_deep_are_a_problem() -> None:
    value: Any = "{{ $('Gone').first() }}"
    for _ in range(500):
        value = [value]
    problem = only(of({"fields": [{"name": "a", "value": value}]}))
    assert (problem.path, problem.rule) == ("nodes[1].parameters", "expression")
    assert "deeper" in problem.message


def test_an_expression_that_reads_an_unknown_node_is_a_problem() -> None:
    problem = only(of({"fields": [{"name": "a", "value": "{{ $('Strat').first().json.x }}"}]}))
    assert (problem.path, problem.rule) == ("nodes[1].parameters.fields[0].value", "unknown_reference")
    assert "did you mean 'Start'?" in problem.message


@pytest.mark.parametrize("name", ["A", "B"])
def test_an_expression_that_reads_what_does_not_lead_to_it_is_a_problem(name: str) -> None:
    value = f"{{{{ $('{name}').first().json.x }}}}"
    definition = workflow(node("A", "core.set", parameters={"fields": [{"name": "a", "value": value}]}), node("B"))
    problem = only(definition)
    assert (problem.path, problem.rule) == ("nodes[1].parameters.fields[0].value", "not_upstream")


def test_a_trigger_holds_no_expressions() -> None:
    hook = node("Hook", "core.trigger.webhook", parameters={"path": "{{ $vars.path }}"})
    problem = only({"name": "w", "nodes": [hook]})
    assert (problem.path, problem.rule) == ("nodes[0].parameters.path", "trigger_expression")


def test_all_problems_come_at_once_each_with_its_path() -> None:
    definition = {
        "name": "w",
        "nodes": [
            START,
            node("A", "core.set", parameters={"fields": [{"name": "a", "value": "{{ ) }}"}], "mode": "x"}),
            node("A", "core.nope"),
            node("Alone"),
            node("Bad", retry={"attempts": 99}),
        ],
        "connections": [link("Start", "A", output="left"), link("A", "Gone"), link("A", "Start"), {"from": "A"}],
        "extra": 1,
    }
    assert {(problem.path, problem.rule) for problem in found(definition)} == {
        ("nodes[4].retry.attempts", "shape"),
        ("connections[3].to", "shape"),
        ("extra", "shape"),
        ("nodes[2].name", "duplicate_name"),
        ("nodes[2].type", "unknown_type"),
        ("connections[1].to", "dangling_connection"),
        ("connections[0].output", "unknown_port"),
        ("connections[2].to", "into_trigger"),
        ("nodes[3]", "unreachable"),
        ("nodes[0]", "cycle"),
        ("nodes[1].parameters.mode", "parameter"),
        ("nodes[1].parameters.fields[0].value", "expression"),
    }


def test_a_definition_over_the_limits_is_told_so_and_looked_at_no_further() -> None:
    many = [node(f"N{index}", "core.nope") for index in range(MAX_NODES + 1)]
    problem = only({"name": "w", "nodes": many})
    assert (problem.path, problem.rule) == ("nodes", "shape")
