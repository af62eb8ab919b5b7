"""What the JavaScript sees, and what comes back of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest

from penstock.workflows.expressions import ExpressionError, ExpressionRuntimeError

Value = Callable[..., Any]

NODES = {"A": [{"y": 1}, {"y": 2}], "Three": [{"y": 1}, {"y": 2}, {"y": 3}], "Empty": []}
ITEMS = [{"x": 1}, {"x": 2}]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("$json.x", 2),
        ("$item.json.x", 2),
        ("$itemIndex", 1),
        ("$item.json === $input.item.json", False),
        ("$input.first()", {"json": {"x": 1}}),
        ("$input.last()", {"json": {"x": 2}}),
        ("$input.item", {"json": {"x": 2}}),
        ("$input.all()", [{"json": {"x": 1}}, {"json": {"x": 2}}]),
        ("$input.all().map(i => i.json.x)", [1, 2]),
        ("[$input.first().json.x, $input.all().length, $input.last().json.x]", [1, 2, 2]),
        ("$input.port('right').first().json", {"r": 1}),
        ("$input.port('right').all().length", 1),
        ("$items", ITEMS),
        ("$items.map(i => i.x)", [1, 2]),
        ("$items('A')", [{"json": {"y": 1}}, {"json": {"y": 2}}]),
        ("$items('A')[1].json.y", 2),
        ("$items()[0].json.x", 1),
        ("[$items('A').length, $items.length, $items[1].x, [...$items].length]", [2, 2, 2, 2]),
        ("({all: $items, first: $items()[0]})", {"all": ITEMS, "first": {"json": {"x": 1}}}),
        ("$items('A') && $items.filter(i => i.x > 1)", [{"x": 2}]),
        ("$('A').first().json.y", 1),
        ("$('A').last().json", {"y": 2}),
        ("$('A').item.json.y + 0", 2),
        ("$('A').all().map(i => i.json.y)", [1, 2]),
        ("$('A').all().length + $('Three').last().json.y", 5),
        ("$('Three').first().json.y + $('A').last().json.y", 3),
        ("$('Empty').first()", None),
        ("$('Empty').all()", []),
        ("$('A').isExecuted", True),
        ("$('Absent').isExecuted", False),
        ("$('toString').isExecuted", False),
        ("['A', 'Three'].map(n => $(n).all().length)", [2, 3]),
        ("$(`A`).first().json.y", 1),
        ('$node["A"].json.y', 2),
        ("$node.A.json.y", 2),
        ("$node['A'].isExecuted", True),
        ("$workflow.name + ' v' + $workflow.version", "Labs v3"),
        ("[$workflow.id, $execution.mode][1]", "test"),
        ("Object.keys($vars)", ["region"]),
    ],
)
def test_the_roots_give_the_scopes_data(value: Value, source: str, expected: Any) -> None:
    found = value(
        "{{ " + source + " }}",
        ITEMS[1],
        items=ITEMS,
        item_index=1,
        inputs={"main": ITEMS, "right": [{"r": 1}]},
        nodes=NODES,
        workflow={"id": "w1", "name": "Labs", "version": 3},
        execution={"id": "e1", "mode": "test"},
        vars={"region": "eu"},
    )
    assert found == expected


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("$('Absent').first().json.y", 'node "Absent" has no output yet'),
        ("$('Absent').all()", 'node "Absent" has no output yet'),
        ("$node.Absent.json.y", 'node "Absent" has no output yet'),
        ("$items('Absent')", 'node "Absent" has no output yet'),
        ("$input.port('absent').first()", 'input port "absent" has no output yet'),
        ("$('Empty').first().json.y", "cannot read property 'json' of undefined"),
        (
            "$('Three').item.json.y",
            'node "Three" and this input differ in length: use .first(), .last() or .all()',
        ),
        (
            "$('Three').item && $('Three').all()",
            'node "Three" and this input differ in length: use .first(), .last() or .all()',
        ),
        ("$json.a.b.c", "cannot read property 'b' of undefined"),
        ("nope + 1", "nope is not defined"),
        ("$env.HOME", "$env is not defined"),
        ("x = 1", "x is not defined"),
        ("$json.toFixed()", "not a function"),
        ("() => 1", "the result holds a function"),
        ("[{f() {}}]", "the result holds a function"),
        ("Symbol('s')", "the result holds a symbol"),
        ("Promise.resolve(1)", "the result holds a promise"),
        ("(() => { const a = []; a.push(a); return a; })()", "circular reference"),
    ],
)
def test_what_cannot_be_read_or_returned_says_why(value: Value, source: str, reason: str) -> None:
    with pytest.raises(ExpressionRuntimeError) as failed:
        value("{{ " + source + " }}", ITEMS[1], items=ITEMS, item_index=1, nodes=NODES)
    assert failed.value.reason == reason


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("[NaN, Infinity, undefined]", [None, None, None]),
        ("0 / 0", None),
        ("({a: undefined, b: 1})", {"b": 1}),
        ("new Date(0)", "1970-01-01T00:00:00.000Z"),
        ("[2 ** 53, 2 ** 69, 1e21]", [9007199254740992, 590295810358705700000, 1e21]),
        ("'\\ud83d' + '\\ude00'", "😀"),
        ("'\\ud83d'", "\ud83d"),
        ("'a\\u0000b'", "a\0b"),
        ("{a: {b: 1}}", {"a": {"b": 1}}),
        ("`${1 + 1}`", "2"),
        ("/\\d+$/.test('a1')", True),
        ("1 // one", 1),
        ("1, 2", 2),
        ("{...$json, b: 2}", {"a": 1, "b": 2}),
        ("(() => { let s = 0; for (const n of [1, 2, 3]) s += n; return s; })()", 6),
        ("Object.entries($json).map(([k, v]) => k + v)", ["a1"]),
        ("[3, 1, 2].toSorted()", [1, 2, 3]),
        ("$json.z?.y ?? 'none'", "none"),
        ("'\u00e9'.normalize('NFD').length", 2),
    ],
)
def test_results_come_out_as_json_stringify_writes_them(value: Value, source: str, expected: Any) -> None:
    assert value("{{ " + source + " }}", {"a": 1}) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("$now", "2026-11-24T10:02:15.123Z"),
        ("$now.toISO()", "2026-11-24T10:02:15.123Z"),
        ("$now.toMillis()", 1795514535123),
        ("$today", "2026-11-24T00:00:00.000Z"),
        ("$now.plus({ hours: 1, days: 1 })", "2026-11-25T11:02:15.123Z"),
        ("$now.minus({ month: 9 })", "2026-02-24T10:02:15.123Z"),
        ("DateTime.fromISO('2024-01-31').plus({ months: 1 }).toISODate()", "2024-02-29"),
        ("DateTime.fromISO('2024-02-29').plus({ years: 1 }).toISODate()", "2025-02-28"),
        ("DateTime.fromISO('2024-03-31').minus({ months: 1 }).toISODate()", "2024-02-29"),
        ("DateTime.fromISO('2024-05-06T07:08:09')", "2024-05-06T07:08:09.000Z"),
        ("DateTime.fromISO('2024-05-06T07:08:09+02:00')", "2024-05-06T05:08:09.000Z"),
        ("DateTime.fromMillis(0)", "1970-01-01T00:00:00.000Z"),
        ("$now.toFormat('yyyy-MM-dd')", "2026-11-24"),
        ("$now.toFormat('yyyyMMddHHmmss.SSSZZZ')", "20261124100215.123+0000"),
        ("$now.toFormat(\"cccc d MMMM yyyy 'at' h:mm a\")", "Tuesday 24 November 2026 at 10:02 AM"),
        ("$now.startOf('week')", "2026-11-23T00:00:00.000Z"),
        ("$now.startOf('month')", "2026-11-01T00:00:00.000Z"),
        ("$now.endOf('day')", "2026-11-24T23:59:59.999Z"),
        ("$now.endOf('year')", "2026-12-31T23:59:59.999Z"),
        ("$now.diff($today, 'hours').hours > 10", True),
        ("($now - $today) / 1000", 36135.123),
        ("$now > $today", True),
        ("[$now.year, $now.month, $now.day, $now.weekday]", [2026, 11, 24, 2]),
        ("new Date()", "2026-11-24T10:02:15.123Z"),
        ("Date.now() - $now", 0),
        ("new Date($now - 1000).toISOString()", "2026-11-24T10:02:14.123Z"),
        ("new Date(2020, 0) instanceof Date", True),
        ("new Date().constructor === Date", True),
        ("Date.UTC(1970, 0, 2)", 86400000),
    ],
)
def test_time_is_the_scopes_own_and_utc(value: Value, source: str, expected: Any) -> None:
    assert value("{{ " + source + " }}") == expected


@pytest.mark.parametrize("source", ["DateTime.fromISO('soon')", "$now.plus({ eons: 1 })", "$now.startOf('eon')"])
def test_times_that_make_no_sense_are_refused(value: Value, source: str) -> None:
    with pytest.raises(ExpressionRuntimeError, match=r"invalid date or time|unknown unit of time"):
        value("{{ " + source + " }}")


class _Watched(Mapping[str, Sequence[Any]]):
    """Outputs of earlier nodes that remember which were read."""

    def __init__(self, outputs: Mapping[str, Sequence[Any]]) -> None:
        self._outputs = outputs
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> Sequence[Any]:
        self.read.add(name)
        return self._outputs[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._outputs)

    def __len__(self) -> int:
        return len(self._outputs)


@pytest.mark.parametrize(
    ("source", "read"),
    [
        ("$json.x", set()),
        ("$json.x.toFixed()", set()),
        ("$('A').first().json.y", {"A"}),
        ("$('A').first().json.y.toFixed()", {"A"}),
        ("/\\d$/.test($json.x)", set()),
        ("$([['A'][0]]).first().json.y", {"A", "Three", "Empty"}),
    ],
)
def test_only_the_nodes_that_an_expression_names_are_read(value: Value, source: str, read: set[str]) -> None:
    nodes = _Watched(NODES)
    value("{{ " + source + " }}", {"x": 1}, nodes=nodes)
    assert nodes.read == read


def test_data_that_an_expression_does_not_mention_need_not_be_json(value: Value) -> None:
    odd = {"A": [{"y": object()}]}
    assert value("{{ $json.x.toFixed(1) }}", {"x": 1}, nodes=odd, vars=odd) == "1.0"


@pytest.mark.parametrize("json", [{"x": object()}, {"x": float("nan")}, {"x": {1, 2}}])
def test_data_that_is_not_json_is_an_error(value: Value, json: Any) -> None:
    with pytest.raises(ExpressionError, match="the data it reads is not JSON"):
        value("{{ $json.x }}", json)
