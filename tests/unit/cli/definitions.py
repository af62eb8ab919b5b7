"""Workflow definitions for the tests of the command line."""

from itertools import pairwise
from typing import Any

START = {"name": "start", "type": "core.trigger.manual"}


def workflow(*nodes: dict[str, Any], connections: list[dict[str, str]] | None = None, **more: Any) -> dict[str, Any]:
    """A definition of the nodes, one after the other behind a manual trigger where no connections are given."""
    names = ["start", *(node["name"] for node in nodes)]
    chain = [{"from": a, "to": b} for a, b in pairwise(names)]
    return {"name": "Tested", "nodes": [START, *nodes], "connections": connections or chain, **more}


def node(name: str, node_type: str, **parameters: Any) -> dict[str, Any]:
    return {"name": name, "type": node_type, "parameters": parameters}


DOUBLE = workflow(node("Double", "core.set", fields=[{"name": "twice", "value": "{{ $json.n * 2 }}"}]))
BROKEN = workflow(node("Bad", "core.stop", message="enough of {{ $json.n }}"))
ASKING = workflow(
    node("Ask", "core.approval", message="Shall it go on?"),
    node("Yes", "core.set", fields=[{"name": "said", "value": "yes"}]),
    node("No", "core.set", fields=[{"name": "said", "value": "no"}]),
    connections=[
        {"from": "start", "to": "Ask"},
        {"from": "Ask", "output": "approved", "to": "Yes"},
        {"from": "Ask", "output": "rejected", "to": "No"},
    ],
)
