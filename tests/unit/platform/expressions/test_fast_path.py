"""The Python evaluator against QuickJS: same value, or no opinion."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from penstock.workflows import expressions
from penstock.workflows.expressions import Scope, Where
from penstock.workflows.expressions.compiled import expression
from penstock.workflows.expressions.javascript import run
from penstock.workflows.expressions.parser import compile_fast
from penstock.workflows.expressions.paths import INHERITED, WHOLE
from penstock.workflows.expressions.reasons import Failure
from penstock.workflows.expressions.sandbox import shared
from penstock.workflows.expressions.values import NotFast

ScopeOf = Callable[..., Scope]

keys = st.one_of(
    st.sampled_from(["a", "b", "length", "toString", "constructor", "__proto__", "0", "1", "été", "😀", "", "a b"]),
    st.text(max_size=3),
)
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(min_value=-3, max_value=3),
    st.integers(min_value=2**53 - 2, max_value=2**53 + 2),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([1.0, -0.0, 1e21, 1e-7, 0.1, "", "0", "a", "b", "é", "😀", "\ud83d", "\u2028", "\x00"]),
    st.text(max_size=4),
)
documents = st.recursive(
    leaves,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=4)),
    max_leaves=12,
)


def _quoted(key: str) -> str | None:
    return None if set(key) & set("'\\\r\n") or not key.isprintable() else f"['{key}']"


steps = st.one_of(
    st.sampled_from([".a", ".b", "?.a", "?.b", ".length", "[0]", "[1]", "?.[0]", "['a']", '["été"]', ".toString"]),
    keys.map(_quoted).filter(bool),
)
roots = st.sampled_from(
    ["$json", "$input.item.json", "$input.first().json", "$('N').last().json", "$('N').item.json", "$items[0]", "$vars"]
)
paths = st.builds(lambda root, parts: root + "".join(parts), roots, st.lists(steps, max_size=4))
literals = st.sampled_from(["0", "1", "1.5", "-1", "'a'", '""', "'é'", "true", "false", "null", "undefined", "10"])
binary = st.sampled_from(["===", "!==", "==", "!=", "<", ">", "<=", ">=", "&&", "||", "??", "+", "-", "*"])
programs = st.recursive(
    st.one_of(paths, literals),
    lambda inner: st.one_of(
        st.builds(lambda a, op, b: f"{a} {op} {b}", inner, binary, inner),
        inner.map(lambda e: f"({e})"),
        inner.map(lambda e: f"!{e}"),
        st.builds(lambda a, b, c: f"{a} ? {b} : {c}", inner, inner, inner),
    ),
    max_leaves=5,
)


def outcome(source: str, scope: Scope, *, as_text: bool) -> Any:
    compiled = expression(source)
    return compiled.text(scope) if as_text else compiled.value(scope)


def typed(value: Any) -> Any:
    """`value` with its types and its key order, so that 1, 1.0 and True differ."""
    if isinstance(value, dict):
        return [(key, typed(part)) for key, part in value.items()]
    if isinstance(value, list):
        return [typed(part) for part in value]
    return type(value), value


@settings(
    max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(source=programs, json=documents, other=documents, as_text=st.booleans())
def test_the_fast_path_gives_what_quickjs_gives(
    scope: ScopeOf, source: str, json: Any, other: Any, as_text: bool
) -> None:
    here = scope(json, items=[json, other], item_index=0, nodes={"N": [other, json]}, vars={"a": other})
    expected = run(source, here, as_text=as_text)
    assert typed(outcome(source, here, as_text=as_text)) == typed(expected)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(st.sampled_from([".a", "?.a", ".b", "[0]", "[1]", ".length"]), max_size=4), json=documents)
def test_every_pure_path_gives_what_quickjs_gives(scope: ScopeOf, steps: list[str], json: Any) -> None:
    here = scope({"a": json, "b": [json]})
    source = "$json" + "".join(steps)
    assert compile_fast(source) is not None
    assert typed(outcome(source, here, as_text=False)) == typed(run(source, here, as_text=False))


@pytest.mark.parametrize(
    "source",
    [
        "$json.a",
        '$json["a b"]["été"]',
        "$json.list[0].x?.y",
        "$json?.['a']?.[0]",
        "$vars.k",
        "$workflow.id",
        "$execution.mode",
        "$itemIndex",
        "$items[0].x",
        "$input.first().json.a",
        "$input.last().json",
        "$input.item.json.a",
        "$('Node').first().json.x",
        '$("Node").item.json',
        "$json.a === 'x' && !$json.b || $json.c >= 1.5",
        "$json.a ?? 'none'",
        "$json.a > 1 ? 'high' : $json.a < 0 ? 'low' : null",
        "'Dr ' + $json.name + '!'",
        "$json.price * 2 - -1",
        "42",
        "$now",
        "$today.toISODate()",
    ],
)
def test_common_expressions_need_no_javascript(source: str) -> None:
    assert compile_fast(source) is not None


@pytest.mark.parametrize(
    "source",
    [
        "$json.a.toUpperCase()",
        "$json.a / 2",
        "$json.a % 2",
        "[1]",
        "{a: 1}",
        "$json[$json.k]",
        "$json.a = 1",
        "$json.größe",
        "'it\\'s'",
        "017",
        "1.a",
        "10n",
        "$json.a || $json.b ?? 1",
        "$json.a ?? $json.b && 1",
        "'text'.length",
        "($json.a).b",
        "$input.all()",
        "$now.plus({ days: 1 })",
        "$now + 1",
        "$json.",
        "1 +",
        "$json.a $json.b",
        "$json.a => 1",
        "a?.5:1",
        "--$json.a",
        "1e3",
        "$json.a++",
        "$json.a ** 2",
        "$json.a & 1",
        "",
        "(" * 150 + "1" + ")" * 150,
    ],
)
def test_whatever_is_beyond_the_grammar_is_left_to_javascript(source: str) -> None:
    assert compile_fast(source) is None


@pytest.mark.parametrize(
    ("json", "source"),
    [
        ({"a": 2**53}, "$json.a"),
        ({"a": 1e300}, "$json.a"),
        ({"a": "\ud83d\ude00"}, "$json.a"),
        ({"a": {}}, "$json.a.toString"),
        ({"a": []}, "$json.a.map"),
        ({"a": "x"}, "$json.a.trim"),
        ({"a": None}, "$json.a.b"),
        ({"a": {}, "b": {}}, "$json.a === $json.b"),
        ({"a": "é", "b": "z"}, "$json.a < $json.b"),
        ({"a": "1"}, "$json.a == 1"),
        ({"a": "1"}, "$json.a * 1"),
        ({"a": 2**52}, "$json.a + $json.a"),
        ({"a": "x" * 200_000}, "$json.a"),
    ],
)
def test_data_on_which_the_languages_may_differ_goes_to_javascript(scope: ScopeOf, json: Any, source: str) -> None:
    fast = compile_fast(source)
    assert fast is not None
    with pytest.raises(NotFast):
        fast(scope(json))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("$json.s.length", 3),
        ("$json.list.length", 2),
        ("$json.list[5]", None),
        ("$json['']", "empty"),
        ("$json['😀'].é", None),
        ("$json.whole", 1),
        ("$json.big", 12345678901234567000),
        ("$json.missing?.deeper.still", None),
    ],
)
def test_paths_follow_javascript_where_python_would_differ(scope: ScopeOf, source: str, expected: Any) -> None:
    json = {"s": "a😀", "list": [1, 2], "": "empty", "😀": {}, "whole": 1.0, "big": 12345678901234567890}
    found = expressions.compile("{{ " + source + " }}").resolve(scope(json), Where("Set", "field"))
    assert (found, type(found)) == (expected, type(expected))


def test_keys_that_look_like_an_index_come_first_as_in_javascript(scope: ScopeOf) -> None:
    found = expression("$json").value(scope({"b": 1, "2": 2, "1": 3}))
    assert list(found) == ["1", "2", "b"]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("7 - 2 - 1", 4),
        ("1 + 2 > 2 === true", True),
        ("true || false && false", True),
        ("!$json.a === false", False),
        ("1 < 2 ? 'a' : 1 > 2 ? 'b' : 'c'", "a"),
        ("null ?? 0 - 1", -1),
        ("-2 * -3", 6),
        ("'n' + 1 + 2", "n12"),
        ("1 + 2 + 'n'", "3n"),
        ("'' + null + undefined + true", "nullundefinedtrue"),
    ],
)
def test_operators_bind_as_in_javascript(scope: ScopeOf, source: str, expected: Any) -> None:
    fast = compile_fast(source)
    assert fast is not None
    assert fast(scope({})) == run(source, scope({}), as_text=False) == expected


def test_the_inherited_names_are_those_of_quickjs() -> None:
    letter, names = shared().evaluate(
        "(() => () => Object.getOwnPropertyNames(Object.prototype).sort().join())()", "null"
    )
    assert (letter, names) == ("V", ",".join(sorted(INHERITED)))


def test_a_failure_on_the_fast_path_is_javascripts_own(scope: ScopeOf) -> None:
    found = expression("$json.a.b.c").value(scope({"a": {}}))
    assert found == Failure("runtime", "cannot read property 'c' of undefined")


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    source=st.sampled_from(sorted(WHOLE)),
    now=st.datetimes(timezones=st.timezones()).filter(lambda moment: 2 < moment.year < 9998),
    as_text=st.booleans(),
)
def test_the_time_is_written_as_quickjs_writes_it(scope: ScopeOf, source: str, now: datetime, as_text: bool) -> None:
    here = scope({}, now=now)
    assert outcome(source, here, as_text=as_text) == run(source, here, as_text=as_text)
