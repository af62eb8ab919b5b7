"""Workflows that several tests run."""

import itertools
from typing import Any

from tests.functions.cloud import Answer, Cloud

MANUAL = {"name": "start", "type": "core.trigger.manual"}
SET = {
    "name": "set",
    "type": "core.set",
    "parameters": {"fields": [{"name": "b", "value": "{{ $json.a + 1 }}"}]},
}
STOP = {"name": "stop", "type": "core.stop", "parameters": {"message": "no more"}}
ASK = {"name": "ask", "type": "core.approval", "parameters": {"message": "Seen?"}}


def workflow(cloud: Cloud, *nodes: dict[str, Any], trigger: dict[str, Any] = MANUAL, publish: bool = True) -> str:
    """A workflow of the nodes in a row after the trigger; returns its id."""
    names = [trigger["name"], *(node["name"] for node in nodes)]
    connections = [{"from": one, "to": other} for one, other in itertools.pairwise(names)]
    definition = {"name": "Tested", "nodes": [trigger, *nodes], "connections": connections}
    made = cloud.request("workflows", "POST", "/v1/workflows", definition)
    assert made.status == 201, made.body
    if publish:
        cloud.request("workflows", "POST", f"/v1/workflows/{made.body['id']}/publish")
        cloud.catch_up()
    return str(made.body["id"])


def start(
    cloud: Cloud, workflow_id: str, wait: float = 5, headers: dict[str, str] | None = None, **body: Any
) -> Answer:
    """Start a workflow, and wait for it within the request."""
    query, order = {"wait": str(wait)}, {"workflow": workflow_id, **body}
    return cloud.request("executions", "POST", "/v1/executions", order, query=query, headers=headers)


def executions(cloud: Cloud) -> list[str]:
    """The ids of all executions."""
    return [stream.key for stream in cloud.streams() if stream.kind == "execution"]
