"""Nodes that change, order and count items: set, split out, aggregate, sort, limit, deduplicate."""

import pytest

from penstock.workflows.node import NodeFailure


def main(outcome) -> list:
    return list(outcome.outputs["main"])


def test_set_puts_values_at_dotted_paths_and_keeps_the_rest(run) -> None:
    item = {"patient": {"id": 7, "name": [{"family": "Bos"}]}, "x": 1}
    fields = [{"name": "patient.name.0.family", "value": "Vos"}, {"name": "seen.by", "value": "dr b"}]
    assert main(run("core.set", [item], {"fields": fields})) == [
        {"patient": {"id": 7, "name": [{"family": "Vos"}]}, "x": 1, "seen": {"by": "dr b"}}
    ]
    assert item == {"patient": {"id": 7, "name": [{"family": "Bos"}]}, "x": 1}


def test_set_can_leave_only_what_it_sets(run) -> None:
    parameters = {"mode": "only_these", "fields": [{"name": "a.b", "value": 1}]}
    assert main(run("core.set", [{"x": 1}], parameters)) == [{"a": {"b": 1}}]


def test_set_removes_before_it_sets(run) -> None:
    parameters = {"remove": ["a.b", "gone"], "fields": [{"name": "a.c", "value": 2}]}
    assert main(run("core.set", [{"a": {"b": 1}}], parameters)) == [{"a": {"c": 2}}]


def test_set_passes_an_item_on_that_it_does_not_touch(run) -> None:
    item = {"a": 1}
    assert main(run("core.set", [item], {"remove": ["b", "a.c"]}))[0] is item


def test_set_with_a_value_for_each_item_gives_each_its_own(run) -> None:
    parameters = [{"fields": [{"name": "n", "value": n}]} for n in (1, 2)]
    assert main(run("core.set", [{}, {}], parameters)) == [{"n": 1}, {"n": 2}]


@pytest.mark.parametrize("path", ["a.b", "list.7", "list.x"])
def test_set_refuses_a_path_through_a_value_without_fields(run, path: str) -> None:
    with pytest.raises(NodeFailure, match=f"^{path}: there is no place for") as caught:
        run("core.set", [{"a": "text", "list": []}], {"fields": [{"name": path, "value": 1}]})
    assert caught.value.permanent


def test_split_out_makes_objects_the_items_themselves(run) -> None:
    element = {"code": "K"}
    outcome = main(
        run("core.split_out", [{"r": {"obs": [element]}}, {"r": {}}, {"r": {"obs": None}}], {"field": "r.obs"})
    )
    assert outcome == [{"code": "K"}]
    assert outcome[0] is element


def test_split_out_names_other_values_after_the_list(run) -> None:
    assert main(run("core.split_out", [{"a": {"ids": [1, "x"]}}], {"field": "a.ids"})) == [{"ids": 1}, {"ids": "x"}]


def test_split_out_can_keep_the_other_fields(run) -> None:
    item = {"order": 9, "lines": [{"sku": "a"}, {"sku": "b"}]}
    parameters = {"field": "lines", "include_other_fields": True}
    assert main(run("core.split_out", [item], parameters)) == [{"order": 9, "sku": "a"}, {"order": 9, "sku": "b"}]


def test_split_out_can_put_the_element_in_a_field(run) -> None:
    parameters = {"field": "lines", "include_other_fields": True, "destination": "line"}
    assert main(run("core.split_out", [{"order": 9, "lines": [{"sku": "a"}]}], parameters)) == [
        {"order": 9, "line": {"sku": "a"}}
    ]


def test_split_out_of_what_is_no_list_fails_and_names_the_item(run) -> None:
    with pytest.raises(NodeFailure, match="item 1: lines is not a list") as caught:
        run("core.split_out", [{"lines": []}, {"lines": "x"}], {"field": "lines"})
    assert caught.value.kind == "NotAList"


ORDERS = [
    {"ward": "A", "n": 3, "by": "x"},
    {"ward": "B", "n": 10, "by": None},
    {"ward": "A", "n": 4.5, "by": "y"},
    {"ward": "B", "n": None, "by": "z"},
]


def test_aggregate_counts_and_sums_each_group_in_order_of_appearance(run) -> None:
    operations = [{"function": "count"}, {"function": "sum", "field": "n", "name": "total"}]
    assert main(run("core.aggregate", ORDERS, {"group_by": ["ward"], "operations": operations})) == [
        {"ward": "A", "count": 2, "total": 7.5},
        {"ward": "B", "count": 2, "total": 10},
    ]


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("count", 3),
        ("sum", 17.5),
        ("min", 3),
        ("max", 10),
        ("average", 17.5 / 3),
        ("first", 3),
        ("last", 4.5),
        ("list", [3, 10, 4.5]),
    ],
)
def test_aggregate_leaves_nulls_out(run, function: str, expected) -> None:
    operations = [{"function": function, "field": "n"}]
    assert main(run("core.aggregate", ORDERS, {"operations": operations})) == [{f"{function}_n": expected}]


@pytest.mark.parametrize(
    ("function", "expected"),
    [("count", 0), ("sum", 0), ("min", None), ("max", None), ("average", None), ("first", None), ("list", [])],
)
def test_aggregate_of_no_values_is_defined(run, function: str, expected) -> None:
    operations = [{"function": function, "field": "n", "name": "r"}]
    assert main(run("core.aggregate", [{}], {"operations": operations})) == [{"r": expected}]


def test_aggregate_sums_amounts_that_are_text_exactly(run) -> None:
    items = [{"amount": "0.10"}, {"amount": "0.20"}, {"amount": "99999999999999999999.00"}, {"amount": 1}]
    operations = [{"function": "sum", "field": "amount"}, {"function": "max", "field": "amount"}]
    assert main(run("core.aggregate", items, {"operations": operations})) == [
        {"sum_amount": "100000000000000000000.30", "max_amount": "99999999999999999999.00"}
    ]


def test_aggregate_compares_amounts_that_are_text_as_numbers(run) -> None:
    operations = [{"function": "min", "field": "a"}, {"function": "average", "field": "a"}]
    assert main(run("core.aggregate", [{"a": "10.00"}, {"a": "9.50"}], {"operations": operations})) == [
        {"min_a": "9.50", "average_a": "9.75"}
    ]


@pytest.mark.parametrize("value", ["a lot", True, [1], "1e9", "NaN"])
def test_aggregate_does_not_sum_what_is_no_number(run, value) -> None:
    with pytest.raises(NodeFailure, match="n holds a value that is not a number") as caught:
        run("core.aggregate", [{"n": value}], {"operations": [{"function": "sum", "field": "n"}]})
    assert caught.value.permanent


def test_aggregate_can_collect_the_items_in_one_list(run) -> None:
    assert main(run("core.aggregate", ORDERS[:2], {"collect": "all.items"})) == [{"all": {"items": ORDERS[:2]}}]


def test_aggregate_that_would_give_nothing_is_refused(run) -> None:
    with pytest.raises(NodeFailure, match="give operations"):
        run("core.aggregate", ORDERS, {})


def test_sort_by_several_fields_keeps_equal_items_in_order(run) -> None:
    items = [{"a": 1, "b": 1, "i": 0}, {"a": 2, "b": 1, "i": 1}, {"a": 1, "b": 2, "i": 2}, {"a": 2, "b": 1, "i": 3}]
    parameters = {"by": [{"field": "a", "direction": "desc"}, {"field": "b"}]}
    assert [item["i"] for item in main(run("core.sort", items, parameters))] == [1, 3, 0, 2]


@pytest.mark.parametrize(
    ("direction", "expected"),
    [
        ("asc", [False, True, -1, 2.5, "B", "a", [1], {"k": 1}, None, None]),
        ("desc", [{"k": 1}, [1], "a", "B", 2.5, -1, True, False, None, None]),
    ],
)
def test_sort_orders_mixed_types_the_same_way_always_and_nulls_last(run, direction: str, expected: list) -> None:
    values = ["a", None, 2.5, {"k": 1}, True, "B", -1, [1], False]
    items = [{"v": value} for value in values] + [{}]
    outcome = main(run("core.sort", items, {"by": [{"field": "v", "direction": direction}]}))
    assert [item.get("v") for item in outcome] == expected


def test_sort_can_take_texts_as_numbers(run) -> None:
    items = [{"v": "10"}, {"v": "9.50"}, {"v": 9.75}]
    assert main(run("core.sort", items, {"by": [{"field": "v", "numeric": True}]})) == [items[1], items[2], items[0]]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"count": 2}, [0, 1]),
        ({"count": 2, "keep": "last"}, [1, 2]),
        ({"count": 9, "keep": "last"}, [0, 1, 2]),
        ({"count": 0, "keep": "last"}, []),
    ],
)
def test_limit_keeps_one_end(run, parameters: dict, expected: list) -> None:
    items = [{"i": index} for index in range(3)]
    assert [item["i"] for item in main(run("core.limit", items, parameters))] == expected


@pytest.mark.parametrize(("keep", "expected"), [("first", [0, 2]), ("last", [1, 3])])
def test_deduplicate_by_fields_keeps_one_of_each(run, keep: str, expected: list) -> None:
    items = [{"k": {"id": 1}, "i": 0}, {"k": {"id": 1}, "i": 1}, {"k": None, "i": 2}, {"i": 3}]
    outcome = main(run("core.deduplicate", items, {"fields": ["k.id"], "keep": keep}))
    assert [item["i"] for item in outcome] == expected


def test_deduplicate_of_whole_items_looks_at_values_not_at_the_order_of_fields(run) -> None:
    items = [{"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": True, "b": 2}]
    assert main(run("core.deduplicate", items)) == [items[0], items[2]]
