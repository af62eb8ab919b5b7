"""FHIR JSON whose decimals keep their digits (FHIR R4, section 2.24.0.1: 1.00 is not 1.0).

In workflow items a decimal is text, as everywhere on the platform: `{"valueQuantity": {"value": "1.00"}}`. `write`
makes it the number 1.00. Which texts are decimals is told by the element around them.
"""

import json
from decimal import Decimal
from math import isinf

from penstock.fields import DECIMAL
from penstock.json import JSON, JSONObject

_DEEPEST = 64
_VALUE = "value"
QUANTITIES = frozenset(
    {
        "valueQuantity",
        "low",
        "high",
        "numerator",
        "denominator",
        "quantity",
        "doseQuantity",
        "rateQuantity",
        "valueAge",
        "onsetAge",
        "valueDuration",
        "length",
        "origin",
        "capacity",
        "minimumVolumeQuantity",
        "strengthQuantity",
        "valueMoney",
        "allowedMoney",
        "usedMoney",
        "quantityQuantity",
        "priceOverride",
    }
)
"""Elements whose type is Quantity, one of its profiles, or Money, in R4."""


def write(resource: JSONObject) -> str:
    """The resource as FHIR JSON. Raises TypeError, ValueError for what JSON cannot hold or what is nested too deep."""
    return _write(resource, "", 0)


def read(text: str) -> JSONObject:
    """A resource with its decimals as `Decimal`, for `write` to write again. Raises ValueError."""
    value = json.loads(text, parse_float=Decimal)
    if not isinstance(value, dict):
        raise ValueError("a resource is a JSON object")
    return value


def as_item(resource: JSONObject) -> JSONObject:
    """A resource as items hold it: decimals are text where `write` makes numbers of them again, else floats."""
    held: JSONObject = _held(resource, "", "")
    return held


def _held(value: JSON, around: str, name: str) -> JSON:
    if isinstance(value, dict):
        return {key: _held(part, name, key) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_held(part, around, name) for part in value]
    return _number(value, is_quantity=name == _VALUE and around in QUANTITIES) if isinstance(value, Decimal) else value


def _number(value: Decimal, *, is_quantity: bool) -> str | float:
    """As text where that is told from other texts; what no float can hold is text too."""
    written = format(value, "f")
    is_text = (is_quantity and DECIMAL.match(written)) or isinf(float(value))
    return written if is_text else float(value)


def _write(value: JSON, name: str, depth: int) -> str:
    if depth > _DEEPEST:
        raise ValueError(f"nested more than {_DEEPEST} deep")
    if isinstance(value, dict):
        parts = (f"{_text(key)}:{_member(part, name, key, depth)}" for key, part in value.items())
        return "{" + ",".join(parts) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(_write(part, name, depth + 1) for part in value) + "]"
    return format(value, "f") if isinstance(value, Decimal) else _text(value)


def _member(value: JSON, around: str, key: str, depth: int) -> str:
    """A member of an object: the value of a quantity is a number, also where it travelled as text."""
    if key == _VALUE and around in QUANTITIES and isinstance(value, str) and DECIMAL.match(value):
        return format(Decimal(value), "f")
    return _write(value, key, depth + 1)


def _text(value: JSON) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
