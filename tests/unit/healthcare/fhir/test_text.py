"""FHIR JSON whose decimals keep their digits."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock_healthcare.fhir.text import read, write

decimals = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=4)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=10,
)


@pytest.mark.parametrize("text", ["1.00", "0.0", "-0.50", "100", "12345678901234567890.123456789"])
def test_a_quantity_that_travels_as_text_is_written_as_the_number(text: str) -> None:
    assert write({"valueQuantity": {"value": text}}) == f'{{"valueQuantity":{{"value":{text}}}}}'


def test_text_elsewhere_stays_text() -> None:
    assert json.loads(write({"identifier": [{"value": "123"}], "valueQuantity": {"unit": "1", "value": "high"}})) == {
        "identifier": [{"value": "123"}],
        "valueQuantity": {"unit": "1", "value": "high"},
    }


def test_a_quantity_in_a_list_is_one_too() -> None:
    assert '"value":1.0}' in write({"referenceRange": [{"low": {"value": "1.0"}}]})


@given(decimals)
def test_a_decimal_survives_reading_and_writing(value: Decimal) -> None:
    text = write({"valueQuantity": {"value": format(value, "f")}})
    assert write(read(text)) == text
    assert read(text)["valueQuantity"]["value"] == value


@given(st.dictionaries(st.text(max_size=6), values, max_size=4))
def test_what_is_written_is_json_that_says_the_same(value: dict[str, Any]) -> None:
    assert json.loads(write(value)) == value


@pytest.mark.parametrize("value", [{"a": float("nan")}, {"a": object()}])
def test_what_json_cannot_hold_is_refused(value: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        write(value)


def test_what_is_nested_without_end_is_refused() -> None:
    value: dict[str, Any] = {}
    for _ in range(100):
        value = {"a": value}
    with pytest.raises(ValueError, match="deep"):
        write(value)


@pytest.mark.parametrize("text", ["[]", "1", "{"])
def test_a_resource_is_an_object(text: str) -> None:
    with pytest.raises(ValueError):
        read(text)
