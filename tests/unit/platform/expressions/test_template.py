"""Splitting text and `{{ code }}`."""

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.workflows.expressions.template import Code, UnclosedExpressionError, split


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("{{ $json.a }}", (Code("$json.a"),)),
        ("a {{b}} c {{ d }}", ("a ", Code("b"), " c ", Code("d"))),
        ("{{ {a: {b: 1}} }}", (Code("{a: {b: 1}}"),)),
        ("{{ {a:1}}}", (Code("{a:1}"),)),
        ("{{ {a:{b:1}}}}!", (Code("{a:{b:1}}"), "!")),
        ('{{ "}}" }}', (Code('"}}"'),)),
        ('{{ \'}}\' + "\\"}}" }}', (Code('\'}}\' + "\\"}}"'),)),
        ("{{ `a ${ {b: `}}`}.b } }}` }}", (Code("`a ${ {b: `}}`}.b } }}`"),)),
        ("{{ `\\`}}` }}x", (Code("`\\`}}`"), "x")),
        ("{{ $json.a.replace(/}}'/g, '') }}", (Code("$json.a.replace(/}}'/g, '')"),)),
        ("{{ /[/}]}}/.test(x) }}", (Code("/[/}]}}/.test(x)"),)),
        ("{{ a / b }} and {{ c / d }}", (Code("a / b"), " and ", Code("c / d"))),
        ("{{ (a) / 2 }}'{{ 4 / [1] }}", (Code("(a) / 2"), "'", Code("4 / [1]"))),
        ("{{ typeof /'}}/ }}x", (Code("typeof /'}}/"), "x")),
        ("{{ a /* }} */ }}", (Code("a /* }} */"),)),
        ("{{ a // it's }} b", (Code("a // it's"), " b")),
        ("{{ a // it's\n + b }}", (Code("a // it's\n + b"),)),
        ("{{}}", (Code(""),)),
        ("}} {", ("}} {",)),
        ("{{ '{{' }}", (Code("'{{'"),)),
    ],
)
def test_code_ends_at_the_braces_outside_its_own_strings_braces_and_comments(text: str, parts: object) -> None:
    assert split(text) == parts


def test_braces_that_never_close_are_refused() -> None:
    with pytest.raises(UnclosedExpressionError) as refused:
        split("a {{ $json.a ")
    assert refused.value.rest == "$json.a"


@pytest.mark.parametrize("code", ["f(", "it's", "{a: 1", "`x", "[1, 2"])
def test_code_that_does_not_match_up_ends_at_the_first_closing_braces(code: str) -> None:
    assert split("{{ " + code + " }} rest {{ ok }}")[0] == Code(code)


@given(st.text(alphabet="ab{}'\"`/\\$([ \n*", max_size=60))
def test_any_text_is_split_or_refused(text: str) -> None:
    try:
        parts = split(text)
    except UnclosedExpressionError:
        assert "{{" in text
        return
    assert "".join(part for part in parts if isinstance(part, str)) in text or len(parts) > 1
    assert sum(isinstance(part, Code) for part in parts) <= text.count("{{")


@pytest.mark.parametrize("hostile", ["{{( }}", "{{ /[", "{{ '", "{{ `${", "{{ /* ", "{{ a / [/", "{{}} {{ (] }}"])
def test_hostile_text_is_split_in_linear_time(hostile: str) -> None:
    started = time.process_time()
    with contextlib.suppress(UnclosedExpressionError):
        split(hostile * (100_000 // len(hostile)))
    assert time.process_time() - started < 3
