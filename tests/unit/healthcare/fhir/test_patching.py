"""JSON Patch of resources, and decimals on their way into items and back."""

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from penstock_healthcare.fhir import text
from penstock_healthcare.fhir.formats import json_text
from penstock_healthcare.fhir.patching import operations, patched

NAMES = st.sampled_from(["a", "b", "~", "/", "c~1"])
LEAVES = st.integers(0, 9) | st.booleans() | st.text(max_size=3)
PARTS = st.dictionaries(NAMES, LEAVES | st.lists(LEAVES, min_size=1, max_size=3), min_size=1, max_size=4)


def pointer(*steps: str) -> str:
    return "/" + "/".join(step.replace("~", "~0").replace("/", "~1") for step in steps)


@given(PARTS, PARTS)
def test_a_patch_from_one_resource_to_another_arrives(one: dict[str, Any], other: dict[str, Any]) -> None:
    removed = [{"op": "remove", "path": pointer(name)} for name in one]
    added = [{"op": "add", "path": pointer(name), "value": value} for name, value in other.items()]
    tested = [{"op": "test", "path": pointer(name), "value": value} for name, value in other.items()]
    kept = {**one}
    assert patched(one, operations([*removed, *added, *tested])) == other
    assert one == kept


@given(PARTS)
def test_moving_there_and_back_changes_nothing(one: dict[str, Any]) -> None:
    name = next(iter(one))
    there = {"op": "move", "from": pointer(name), "path": "/elsewhere"}
    back = {"op": "move", "from": "/elsewhere", "path": pointer(name)}
    assert patched(one, operations([there, back])) == one


def test_lists_grow_where_it_is_said_and_empty_ones_go() -> None:
    resource = {"given": ["b"], "old": ["x"]}
    patch = [
        {"op": "add", "path": "/given/0", "value": "a"},
        {"op": "add", "path": "/given/-", "value": "c"},
        {"op": "copy", "from": "/given/1", "path": "/given/3"},
        {"op": "remove", "path": "/old/0"},
    ]
    assert patched(resource, operations(patch)) == {"given": ["a", "b", "c", "b"]}


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**6), max_value=10**6))
def test_a_quantity_keeps_its_digits_through_an_item(value: Decimal) -> None:
    written = f'{{"resourceType":"Observation","valueQuantity":{{"value":{value:f}}}}}'
    held = text.as_item(json_text.read(written.encode()).resource or {})
    assert isinstance(held["valueQuantity"]["value"], str)
    assert text.write(held) == written


def test_other_decimals_are_numbers_in_items() -> None:
    written = '{"resourceType":"Location","position":{"longitude":8.50,"latitude":1E999}}'
    held = text.as_item(json_text.read(written.encode()).resource or {})
    assert held["position"]["longitude"] == 8.5
    assert held["position"]["latitude"].startswith("1000")
