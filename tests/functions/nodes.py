"""A node, run by the function that has its code, as the engine asks for it."""

import json
from typing import Any

from tests.functions.cloud import Context, load


def run_node(kind: str, *, key: str, now: str = "2026-11-24T08:00:00.000Z", item: Any = None, **parameters: Any) -> Any:
    """The answer of `healthcare_nodes` to one item and its parameters."""
    request = {
        "type": f"healthcare.{kind}",
        "inputs": {"main": [item or {}]},
        "parameters": [parameters],
        "key": key,
        "attempt": 1,
        "now": now,
        "tenant": "acme",
        "workflow": "w",
        "execution": "e",
        "memory": None,
        "signal": None,
        "timeout_seconds": None,
    }
    return load("healthcare_nodes").handler(json.loads(json.dumps(request)), Context())
