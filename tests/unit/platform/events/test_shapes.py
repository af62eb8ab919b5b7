"""No stored event's shape changes without an upcaster."""

from pathlib import Path

import pytest

from penstock.events.shapes import known_types, merged, refusals, shapes
from penstock.json import loads

FILE = Path(__file__).parents[4] / "functions" / "event_types" / "shapes.json"
STORED = {"order": {"OrderPlaced": {"1": {"sku": "str"}}}}


def test_every_stored_event_can_still_be_read() -> None:
    """When this fails: add an upcaster, then run `python -m penstock.events.shapes functions/event_types/shapes.json`."""
    stored, current = loads(FILE.read_bytes()), shapes(known_types())
    assert list(refusals(stored, current)) == []
    assert merged(stored, current) == stored


@pytest.mark.parametrize(
    ("current", "word"),
    [
        ({"order": {"OrderPlaced": {"1": {"sku": "int"}}}}, "upcaster"),
        ({"order": {"OrderPlaced": {"1": {"sku": "str", "quantity": "int"}}}}, "upcaster"),
        ({"order": {}}, "gone"),
        ({}, "gone"),
    ],
)
def test_a_changed_shape_without_a_new_version_is_refused(current: dict, word: str) -> None:
    (reason,) = refusals(STORED, current)
    assert "order.OrderPlaced" in reason
    assert word in reason


def test_a_new_version_is_added_and_the_old_one_kept() -> None:
    current = {"order": {"OrderPlaced": {"2": {"sku": "str", "quantity": "int"}}, "OrderShipped": {"1": {}}}}
    assert list(refusals(STORED, current)) == []
    assert merged(STORED, current) == {
        "order": {
            "OrderPlaced": {"1": {"sku": "str"}, "2": {"sku": "str", "quantity": "int"}},
            "OrderShipped": {"1": {}},
        }
    }


def test_going_back_behind_a_stored_version_is_refused() -> None:
    stored = {"order": {"OrderPlaced": {"1": {}, "2": {"sku": "str"}}}}
    (reason,) = refusals(stored, {"order": {"OrderPlaced": {"1": {}}}})
    assert "schema version 1" in reason
