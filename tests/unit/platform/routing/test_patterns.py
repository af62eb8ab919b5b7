"""Patterns against what EventBridge documents for each operator, and every problem with its path."""

import json
import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.routing.errors import InvalidPattern
from penstock.routing.patterns import compiled, problems

CASES: list[tuple[dict[str, Any], dict[str, Any], bool]] = [
    # exact values
    ({"source": ["aws.ec2"]}, {"source": "aws.ec2"}, True),
    ({"source": ["aws.ec2"]}, {"source": "aws.EC2"}, False),
    ({"state": ["running", "stopped"]}, {"state": "stopped"}, True),
    ({"state": ["running", "stopped"]}, {"state": "pending"}, False),
    ({"a": ["x"], "b": ["y"]}, {"a": "x", "b": "z"}, False),
    ({"price": [100]}, {"price": 100}, True),
    ({"price": [100]}, {"price": "100"}, False),
    ({"price": [100]}, {"price": 100.0}, True),
    ({"is_on": [True]}, {"is_on": True}, True),
    ({"is_on": [True]}, {"is_on": 1}, False),
    ({"count": [1]}, {"count": True}, False),
    ({"user": [None]}, {"user": None}, True),
    ({"user": [None]}, {}, False),
    ({"user": [""]}, {"user": ""}, True),
    ({"user": [""]}, {"user": None}, False),
    # nesting
    ({"detail": {"c": {"d": ["x"]}}}, {"detail": {"c": {"d": "x", "e": 1}}}, True),
    ({"detail": {"c": {"d": ["x"]}}}, {"detail": {"c": "x"}}, False),
    ({"detail": {"c": {"d": ["x"]}}}, {}, False),
    # prefix and suffix
    ({"time": [{"prefix": "2017-10-02"}]}, {"time": "2017-10-02T18:43:48Z"}, True),
    ({"time": [{"prefix": "2017-10-02"}]}, {"time": "2017-10-03T18:43:48Z"}, False),
    ({"service": [{"prefix": {"equals-ignore-case": "EventB"}}]}, {"service": "EVENTBRIDGE"}, True),
    ({"service": [{"prefix": "EventB"}]}, {"service": "EVENTBRIDGE"}, False),
    ({"file": [{"suffix": ".png"}]}, {"file": "a.png"}, True),
    ({"file": [{"suffix": ".png"}]}, {"file": "a.PNG"}, False),
    ({"file": [{"suffix": {"equals-ignore-case": ".png"}}]}, {"file": "a.PNG"}, True),
    ({"file": [{"prefix": "1"}]}, {"file": 12}, False),
    # anything-but
    ({"state": [{"anything-but": "initializing"}]}, {"state": "running"}, True),
    ({"state": [{"anything-but": "initializing"}]}, {"state": "initializing"}, False),
    ({"state": [{"anything-but": "initializing"}]}, {}, False),
    ({"limit": [{"anything-but": 123}]}, {"limit": 124}, True),
    ({"limit": [{"anything-but": 123}]}, {"limit": 123}, False),
    ({"state": [{"anything-but": ["stopped", "overloaded"]}]}, {"state": "overloaded"}, False),
    ({"limit": [{"anything-but": [100, 200, 300]}]}, {"limit": 200}, False),
    ({"limit": [{"anything-but": [100, 200, 300]}]}, {"limit": 201}, True),
    ({"state": [{"anything-but": {"equals-ignore-case": "initializing"}}]}, {"state": "INITIALIZING"}, False),
    ({"state": [{"anything-but": {"equals-ignore-case": ["a", "b"]}}]}, {"state": "B"}, False),
    ({"state": [{"anything-but": {"prefix": "init"}}]}, {"state": "initial"}, False),
    ({"state": [{"anything-but": {"prefix": ["init", "error"]}}]}, {"state": "error 4"}, False),
    ({"state": [{"anything-but": {"prefix": ["init", "error"]}}]}, {"state": "done"}, True),
    ({"file": [{"anything-but": {"suffix": ".txt"}}]}, {"file": "a.txt"}, False),
    ({"file": [{"anything-but": {"suffix": [".txt", ".rtf"]}}]}, {"file": "a.rtf"}, False),
    ({"file": [{"anything-but": {"suffix": [".txt", ".rtf"]}}]}, {"file": "a.png"}, True),
    ({"path": [{"anything-but": {"wildcard": "*/lib/*"}}]}, {"path": "/usr/lib/x"}, False),
    ({"path": [{"anything-but": {"wildcard": ["*/lib/*", "*/bin/*"]}}]}, {"path": "/usr/share/x"}, True),
    # numeric
    ({"c": [{"numeric": [">", 0, "<=", 5]}]}, {"c": 5}, True),
    ({"c": [{"numeric": [">", 0, "<=", 5]}]}, {"c": 0}, False),
    ({"c": [{"numeric": [">", 0, "<=", 5]}]}, {"c": 5.01}, False),
    ({"c": [{"numeric": ["<", 10]}]}, {"c": -3.5}, True),
    ({"c": [{"numeric": ["=", 3.018e2]}]}, {"c": 301.8}, True),
    ({"c": [{"numeric": ["=", 1]}]}, {"c": "1"}, False),
    ({"c": [{"numeric": [">=", 0]}]}, {"c": True}, False),
    # addresses
    ({"ip": [{"cidr": "10.0.0.0/24"}]}, {"ip": "10.0.0.255"}, True),
    ({"ip": [{"cidr": "10.0.0.0/24"}]}, {"ip": "10.0.1.0"}, False),
    ({"ip": [{"cidr": "2001:db8::/32"}]}, {"ip": "2001:db8::7"}, True),
    ({"ip": [{"cidr": "10.0.0.0/24"}]}, {"ip": "not one"}, False),
    # exists
    ({"detail": {"state": [{"exists": True}]}}, {"detail": {"state": None}}, True),
    ({"detail": {"state": [{"exists": True}]}}, {"detail": {}}, False),
    ({"detail": {"c": [{"exists": False}]}}, {"detail": {"d": 1}}, True),
    ({"detail": {"c": [{"exists": False}]}}, {}, True),
    ({"detail": {"c": [{"exists": False}]}}, {"detail": {"c": ""}}, False),
    ({"detail": {"c": [{"exists": True}]}}, {"detail": {"c": {"below": 1}}}, False),
    ({"c": [{"exists": False}, "x"]}, {"c": "x"}, True),
    ({"c": [{"exists": False}, "x"]}, {"c": "y"}, False),
    ({"c": [{"exists": False}]}, {"c": []}, True),
    # ignoring case
    ({"type": [{"equals-ignore-case": "ec2 Instance State-change"}]}, {"type": "EC2 instance state-change"}, True),
    ({"type": [{"equals-ignore-case": "ec2"}]}, {"type": "ec22"}, False),
    # wildcards
    ({"path": [{"wildcard": "dir/*.png"}]}, {"path": "dir/a/b.png"}, True),
    ({"path": [{"wildcard": "dir/*.png"}]}, {"path": "dir/.png"}, True),
    ({"path": [{"wildcard": "dir/*.png"}]}, {"path": "dir/a.jpg"}, False),
    ({"path": [{"wildcard": "*"}]}, {"path": ""}, True),
    ({"path": [{"wildcard": "a*a"}]}, {"path": "a"}, False),
    ({"path": [{"wildcard": r"a\*b"}]}, {"path": "a*b"}, True),
    ({"path": [{"wildcard": r"a\*b"}]}, {"path": "axb"}, False),
    ({"path": [{"wildcard": r"c:\\*"}]}, {"path": r"c:\dir"}, True),
    # alternatives
    ({"$or": [{"a": ["x"]}, {"b": [{"numeric": [">", 1]}]}]}, {"a": "y", "b": 2}, True),
    ({"$or": [{"a": ["x"]}, {"b": [{"numeric": [">", 1]}]}]}, {"a": "y", "b": 1}, False),
    ({"c": ["z"], "$or": [{"a": ["x"]}, {"b": ["y"]}]}, {"c": "q", "a": "x"}, False),
    ({"d": {"$or": [{"a": ["x"]}, {"$or": [{"b": ["y"]}, {"c": ["z"]}]}]}}, {"d": {"c": "z"}}, True),
    # lists in the event
    ({"resources": ["i-1", "i-2"]}, {"resources": ["asg", "i-2"]}, True),
    ({"resources": ["i-1", "i-2"]}, {"resources": ["asg", "i-3"]}, False),
    ({"resources": ["i-1"]}, {"resources": []}, False),
    ({"n": [1]}, {"n": [[1, 2], [3]]}, True),
    ({"staff": {"first": ["Anna"], "last": ["Jones"]}}, {"staff": [{"first": "Anna", "last": "Jones"}]}, True),
    (
        {"staff": {"first": ["Anna"], "last": ["Jones"]}},
        {"staff": [{"first": "Anna", "last": "Smith"}, {"first": "Bob", "last": "Jones"}]},
        False,
    ),
]


@pytest.mark.parametrize(("pattern", "event", "is_meant"), CASES, ids=json.dumps)
def test_a_pattern_means_what_eventbridge_documents(
    pattern: dict[str, Any], event: dict[str, Any], is_meant: bool
) -> None:
    assert problems(pattern, fields=pattern.keys() | {"a", "b", "c", "d"}) == []
    assert compiled(pattern)(event) is is_meant


BROKEN: list[tuple[Any, list[str]]] = [
    ([], ["pattern"]),
    ({}, ["pattern"]),
    ({"kind": "event"}, ["pattern.kind"]),
    ({"kind": []}, ["pattern.kind"]),
    ({"kind": [["event"]]}, ["pattern.kind[0]"]),
    ({"detail-type": ["x"]}, ["pattern.detail-type"]),
    ({"data": {}}, ["pattern.data"]),
    ({"data": {"x": 1, "y": {"z": "a"}}}, ["pattern.data.x", "pattern.data.y.z"]),
    ({"type": [{"prefx": "a"}]}, ["pattern.type[0]"]),
    ({"type": [{"prefix": "a", "suffix": "b"}]}, ["pattern.type[0]"]),
    ({"type": [{}]}, ["pattern.type[0]"]),
    (
        {"type": ["ok", {"prefix": 1}, {"suffix": {"prefix": "x"}}]},
        ["pattern.type[1].prefix", "pattern.type[2].suffix"],
    ),
    ({"type": [{"prefix": {"equals-ignore-case": 1}}]}, ["pattern.type[0].prefix.equals-ignore-case"]),
    ({"type": [{"wildcard": "a**b"}]}, ["pattern.type[0].wildcard"]),
    ({"type": [{"wildcard": r"a\b"}]}, ["pattern.type[0].wildcard"]),
    ({"type": [{"wildcard": "a\\"}]}, ["pattern.type[0].wildcard"]),
    ({"type": [{"exists": "yes"}]}, ["pattern.type[0].exists"]),
    ({"type": [{"anything-but": []}]}, ["pattern.type[0].anything-but"]),
    ({"type": [{"anything-but": ["a", 1]}]}, ["pattern.type[0].anything-but"]),
    ({"type": [{"anything-but": {"cidr": "x"}}]}, ["pattern.type[0].anything-but"]),
    ({"type": [{"anything-but": {"prefix": ["a", 1]}}]}, ["pattern.type[0].anything-but.prefix[1]"]),
    ({"version": [{"numeric": [">"]}]}, ["pattern.version[0].numeric"]),
    ({"version": [{"numeric": ["~", "x"]}]}, ["pattern.version[0].numeric[0]", "pattern.version[0].numeric[1]"]),
    ({"version": [{"numeric": [">", 5, "<", 1]}]}, ["pattern.version[0].numeric"]),
    ({"version": [{"numeric": ["<", 5, ">", 1]}]}, ["pattern.version[0].numeric"]),
    ({"version": [{"numeric": ["=", 6_000_000_000]}]}, ["pattern.version[0].numeric[1]"]),
    ({"data": {"ip": [{"cidr": "10.0.0.0/33"}]}}, ["pattern.data.ip[0].cidr"]),
    ({"data": {"ip": [{"cidr": "10.0.0.1"}]}}, ["pattern.data.ip[0].cidr"]),
    ({"$or": [{"type": ["x"]}]}, ["pattern.$or"]),
    ({"$or": [{"type": ["x"]}, {}]}, ["pattern.$or[1]"]),
    ({"$or": [{"tpe": ["x"]}, {"kind": "x"}]}, ["pattern.$or[0].tpe", "pattern.$or[1].kind"]),
    ({"type": ["x" * 5_000]}, ["pattern"]),
    ({"version": [2**70]}, ["pattern"]),
]


@pytest.mark.parametrize(("pattern", "paths"), BROKEN, ids=lambda value: json.dumps(value)[:60])
def test_every_problem_of_a_pattern_is_told_with_its_path(pattern: Any, paths: list[str]) -> None:
    assert [problem.path for problem in problems(pattern)] == paths


def test_a_pattern_that_is_nested_too_deep_is_refused_before_it_is_read() -> None:
    pattern: Any = ["x"]
    for _ in range(5_000):
        pattern = {"data": pattern}
    assert [problem.message for problem in problems(pattern)] == ["is nested over 16 deep"]


def test_a_misspelt_field_is_told_what_may_be_meant() -> None:
    (problem,) = problems({"tpye": ["x"]})
    assert problem.message == "no event has this field; did you mean type?"


def test_what_does_not_hold_does_not_compile() -> None:
    with pytest.raises(InvalidPattern, match=r"pattern.type\[0\].prefix: must be a text"):
        compiled({"type": [{"prefix": 1}]})


def test_many_stars_take_no_longer_than_the_text_is_long() -> None:
    pattern = compiled({"data": {"t": [{"wildcard": "*a" * 1_000 + "*b"}]}})
    begun = time.monotonic()
    assert pattern({"data": {"t": "a" * 100_000}}) is False
    assert time.monotonic() - begun < 1


@given(st.lists(st.sampled_from(["a", "b", "ab", "*"]), max_size=8), st.text("ab*", max_size=12))
def test_a_wildcard_fits_what_the_regular_expression_fits(parts: list[str], text: str) -> None:
    wildcard = re.sub(r"\*+", "*", "".join(parts))
    expression = ".*".join(map(re.escape, wildcard.split("*")))
    assert compiled({"t": [{"wildcard": wildcard}]})({"t": text}) is bool(re.fullmatch(expression, text, re.DOTALL))


SCALARS = st.none() | st.booleans() | st.integers(-100, 100) | st.text(max_size=3)
EVENTS = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner)
)


@given(EVENTS, SCALARS)
def test_a_value_and_anything_but_it_part_the_scalars_between_them(found: Any, value: Any) -> None:
    if not isinstance(found, list | dict) and isinstance(value, str):
        is_it, is_not = compiled({"a": [value]}), compiled({"a": [{"anything-but": value}]})
        assert is_it({"a": found}) is not is_not({"a": found})


@given(EVENTS)
def test_no_event_breaks_a_pattern(found: Any) -> None:
    operators = [{"prefix": "a"}, {"numeric": [">", 1]}, {"cidr": "10.0.0.0/8"}, {"wildcard": "*a"}, {"exists": True}]
    for operator in operators:
        assert compiled({"data": {"a": [operator], "b": {"c": [operator]}}})({"data": found}) in (True, False)
