"""What an expression found, as JSON: for people, and for the items of workflows."""

import json
from typing import Any

from penstock.json import JSONObject
from penstock_healthcare.fhir.formats import write_json
from penstock_healthcare.fhir.node import Node
from penstock_healthcare.fhir.path.texts import written
from penstock_healthcare.fhir.path.values import system_type


def described(item: Any) -> JSONObject:
    """A node or a value with its `path`, `type` and `value`; decimals as text, so that they keep their digits."""
    if not isinstance(item, Node):
        value = item if isinstance(item, bool | int) else written(item)
        return {"path": None, "type": system_type(item), "value": value}
    return {"path": item.location(), "type": item.type, "value": json.loads(write_json(item.value), parse_float=str)}
