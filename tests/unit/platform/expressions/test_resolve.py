"""What strings, lists and objects with expressions become."""

from collections.abc import Callable
from typing import Any

import pytest

from penstock.workflows import expressions
from penstock.workflows.expressions import ExpressionError, Scope, Where, references, resolve

Value = Callable[..., Any]


@pytest.mark.parametrize("static", [None, True, 3, "text", "}} {", [], {}, {"a": [1, {"b": "x"}]}])
def test_a_value_without_expressions_is_returned_as_the_same_object(value: Value, static: Any) -> None:
    assert value(static) is static
    assert expressions.compile(static).is_static


@pytest.mark.parametrize("kept", [None, True, 0, 1.5, "", "é😀", [1, [2]], {"a": {"b": None}}])
def test_a_single_expression_keeps_the_type_of_its_value(value: Value, kept: Any) -> None:
    found = value("{{ $json.x }}", {"x": kept})
    assert (found, type(found)) == (kept, type(kept))
    assert value("{{ (() => $json.x)() }}", {"x": kept}) == kept


def test_space_around_a_single_expression_makes_it_text(value: Value) -> None:
    assert value(" {{ $json.x }}", {"x": 1}) == " 1"


@pytest.mark.parametrize("wrap", ["{}", "(() => {})()"])
@pytest.mark.parametrize(
    ("json", "text"),
    [
        (None, "<>"),
        (True, "<true>"),
        (1.0, "<1>"),
        (-0.0, "<0>"),
        (0.1, "<0.1>"),
        (1e21, "<1e+21>"),
        (1e-7, "<1e-7>"),
        (0.00001, "<0.00001>"),
        (123456789012345680000.0, "<123456789012345680000>"),
        ("it's", "<it's>"),
        ([1, "a", None], '<[1,"a",null]>'),
        ({"é": '\u2028\x01"\n'}, '<{"é":"\u2028\\u0001\\"\\n"}>'),
        ({"f": [1.0, 1e-7]}, '<{"f":[1,1e-7]}>'),
    ],
)
def test_inside_text_a_value_reads_as_javascript_prints_it(value: Value, wrap: str, json: Any, text: str) -> None:
    assert value("<{{ " + wrap.replace("{}", "$json.x") + " }}>", {"x": json}) == text


def test_undefined_is_empty_in_text_and_null_alone(value: Value) -> None:
    assert value("<{{ $json.nope }}>") == "<>"
    assert value("{{ $json.nope }}") is None
    assert value("<{{ (() => {})() }}>") == "<>"
    assert value("{{ (() => {})() }}") is None


def test_several_expressions_join_with_the_text_between_them(value: Value) -> None:
    assert value("{{ $json.a }}-{{ $json.b.toFixed(2) }}{{ $json.a }}!", {"a": "x", "b": 2}) == "x-2.00x!"


def test_expressions_are_found_anywhere_in_lists_and_objects(value: Value) -> None:
    parameter = {"a": ["x", "{{ $json.n }}", {"b": "{{ $json.n + 1 }}"}], "c": {"d": "plain"}}
    assert value(parameter, {"n": 1}) == {"a": ["x", 1, {"b": 2}], "c": {"d": "plain"}}


def test_resolving_leaves_the_parameters_as_they_were(value: Value) -> None:
    parameter = {"a": ["{{ $json.n }}"], "kept": {"b": 1}}
    resolved = value(parameter, {"n": 1})
    assert parameter == {"a": ["{{ $json.n }}"], "kept": {"b": 1}}
    assert resolved["kept"] is parameter["kept"]


def test_compiled_parameters_resolve_for_item_after_item(scope: Callable[..., Scope]) -> None:
    compiled = expressions.compile({"n": "{{ $json.n }}", "double": "{{ [$json.n * 2][0] }}"})
    found = [compiled.resolve(scope({"n": n}), Where("Set", "fields")) for n in range(3)]
    assert found == [{"n": n, "double": 2 * n} for n in range(3)]


def test_keys_are_not_expressions(value: Value) -> None:
    assert value({"{{ $json.a }}": 1}) == {"{{ $json.a }}": 1}


def test_a_literal_brace_pair_is_written_as_a_string(value: Value) -> None:
    assert value('{{ "{{" }} name {{ "}}" }}') == "{{ name }}"


@pytest.mark.parametrize(
    ("base", "parameters", "path"),
    [
        ("fields", {"total": "{{ $json.a.b }}"}, "fields.total"),
        ("fields", ["x", {"v": "{{ $json.a.b }}"}], "fields[1].v"),
        ("", {"a": {"b": ["{{ $json.a.b }}"]}}, "a.b[0]"),
        ("url", "{{ $json.a.b }}", "url"),
    ],
)
def test_an_error_names_the_node_the_full_parameter_path_and_the_expression(
    scope: Callable[..., Scope], base: str, parameters: Any, path: str
) -> None:
    with pytest.raises(ExpressionError) as failed:
        resolve(parameters, scope({}), where=Where("Set", base))
    error = failed.value
    assert (error.node, error.parameter, error.expression) == ("Set", path, "$json.a.b")
    expected = f'node "Set", parameter "{path}", {{{{ $json.a.b }}}}: cannot read property \'b\' of undefined'
    assert str(error) == expected


def test_references_are_the_nodes_that_expressions_name() -> None:
    parameters = {
        "a": "{{ $('Parse').first().json.x + $(\"It's\").all().length }}",
        "b": ["x {{ $node.Plain.json }} {{ $node['In brackets'].json }}", "{{ $items('Old').length }}"],
        "c": "{{ $(`ticked`).item.json }} {{ $('say \\'hi\\'').isExecuted }}",
        "not code": "$('Ignored')",
        "d": "{{ $($json.name).first() }} {{ $items() }} {{ jQuery$('x') }}",
    }
    names = {"Parse", "It's", "Plain", "In brackets", "Old", "ticked", "say 'hi'"}
    assert references(parameters) == names


def test_lone_strings_and_static_values_have_no_references() -> None:
    assert references("plain") == references([1, None]) == set()
