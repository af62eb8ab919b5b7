"""What an error says, and what it must never say."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from penstock.workflows.expressions import ExpressionError, ExpressionSyntaxError, check

Value = Callable[..., Any]

SECRET = "900-01-1234"


@pytest.mark.parametrize(
    "source",
    [
        "JSON.parse($json.ssn + '{')",
        "JSON.parse('{\"a\": ' + $json.ssn)",
        "(() => { throw new Error($json.ssn); })()",
        "(() => { throw $json.ssn; })()",
        "(() => { throw { message: $json.ssn, name: $json.ssn }; })()",
        "(() => { const e = new Error('x'); e.name = $json.ssn; throw e; })()",
        "(() => { throw new TypeError(`cannot read property '${$json.ssn}' of undefined`); })()",
        "(() => { throw new ReferenceError($json.ssn + ' is not defined'); })()",
        "$json.nothing[$json.ssn]",
        "null[$json.ssn]",
        "$($json.ssn).first()",
        "$input.port($json.ssn).all()",
        "new RegExp('(' + $json.ssn)",
        "Function($json.ssn + '(')()",
        "(0, eval)('1 ' + $json.ssn)",
        "$json[$json.ssn]()",
        "new DataView($json.ssn)",
        "decodeURIComponent('%' + $json.ssn)",
        "BigInt($json.ssn)",
        "Symbol($json.ssn) + ''",
        "Object.defineProperty(Object.freeze({}), $json.ssn, { value: 1 })",
        "'a'.normalize($json.ssn)",
        "(() => { throw new Error('\\n' + $json.ssn); })()",
        "(() => { throw new Error('\\ud800' + $json.ssn); })()",
        "(() => { const f = { [$json.ssn]: () => null.x }[$json.ssn]; return f(); })()",
    ],
)
def test_no_error_holds_item_data(value: Value, source: str) -> None:
    with pytest.raises(ExpressionError) as failed:
        value("{{ " + source + " }}", {"ssn": SECRET})
    error = failed.value
    assert SECRET not in str(error) + repr(error) + error.reason
    for cause in (error.__cause__, error.__context__):
        assert SECRET not in repr(cause)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(secret=st.text(alphabet=st.characters(codec="utf-8"), min_size=6).map(lambda text: f"#{text}#"))
def test_a_thrown_message_is_withheld_whatever_it_is(value: Value, secret: str) -> None:
    with pytest.raises(ExpressionError) as failed:
        value("{{ (() => { throw new Error($json.s); })() }}", {"s": secret})
    assert failed.value.reason == "it threw an Error"


def test_a_name_is_quoted_only_when_the_expression_itself_holds_it(value: Value) -> None:
    reasons = []
    for source in ("$json.a.surname", "$json.a[$json.key]"):
        with pytest.raises(ExpressionError) as failed:
            value("{{ " + source + " }}", {"key": "given"})
        reasons.append(failed.value.reason)
    assert reasons == ["cannot read property 'surname' of undefined", "it threw a TypeError"]


@pytest.mark.parametrize(
    ("parameter", "expression", "reason"),
    [
        ("{{ 1 + }}", "1 +", "unexpected token in expression: ')'"),
        ("{{ }}", "", "it is empty"),
        ("x {{ $json.a", "$json.a", "the braces {{ are not closed"),
        ("{{ f( }}", "f(", None),
        ("{{ it's }}", "it's", None),
        ("{{ const a = 1 }}", "const a = 1", None),
        ("{{ return 1 }}", "return 1", None),
        ("{{ 1; 2 }}", "1; 2", None),
        ("{{ 1); (2 }}", "1); (2", None),
        ("{{ 1]; [2 }}", "1]; [2", None),
        ("{{ ...[1] }}", "...[1]", None),
        ("{{ a ?? b || c }}", "a ?? b || c", None),
        ("{{ }); for (;;); (function () { }}", "}); for (;;); (function () {", None),
        ("{{ await x }}", "await x", None),
        ("{{ \ud800 }}", "\ud800", None),
        ("{{ 1 \0 2 }}", "1 \0 2", None),
    ],
)
def test_check_finds_what_is_not_one_expression(parameter: str, expression: str, reason: str | None) -> None:
    (problem,) = check({"fields": [parameter]})
    assert (problem.parameter, problem.expression) == ("fields[0]", expression)
    assert problem.reason == reason or (reason is None and problem.reason)


@pytest.mark.parametrize(
    "parameter",
    [
        "plain",
        1,
        "{{ $json.a }}",
        "{{ $json.a.map(x => x) }}",
        "{{ {a: 1} }}",
        "{{ (() => { for (;;); })() }}",
        "{{ 1 // }}",
    ],
)
def test_check_accepts_expressions_without_running_them(parameter: Any) -> None:
    assert check([parameter]) == []


def test_check_finds_every_problem_in_order() -> None:
    problems = check({"a": "{{ 1 + }} {{ ok }} {{ }}", "b": {"c": ["{{ [ }}"]}})
    assert [problem.parameter for problem in problems] == ["a", "a", "b.c[0]"]


@pytest.mark.parametrize("source", ["1 +", "const a = 1", "1; 2", "a b"])
def test_a_syntax_error_at_run_time_is_one_too(value: Value, source: str) -> None:
    with pytest.raises(ExpressionSyntaxError):
        value("{{ " + source + " }}")


def test_long_expressions_are_cut_in_the_message_and_whole_in_the_error(value: Value) -> None:
    source = "$json.a.b + '" + "x" * 500 + "'"
    with pytest.raises(ExpressionError) as failed:
        value("{{ " + source + " }}")
    assert failed.value.expression == source
    assert len(str(failed.value)) < 400
