"""Node requests and outcomes as JSON: how the engine and a wing's function speak to each other."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from penstock.clock import iso
from penstock.json import JSONObject, dumps
from penstock.workflows.execution.running import NodeRequest
from penstock.workflows.execution.state import Items
from penstock.workflows.node import (
    AwaitCallback,
    Emit,
    NodeFailure,
    Outcome,
    Response,
    Signal,
    StartWorkflow,
    WaitUntil,
)


def request_to_json(request: NodeRequest) -> JSONObject:
    """A request as JSON."""
    return {**asdict(request), "now": iso(request.now)}


def request_from_json(data: JSONObject) -> NodeRequest:
    """The inverse of `request_to_json`."""
    signal = Signal(**data["signal"]) if data["signal"] else None
    return NodeRequest(**{**data, "now": datetime.fromisoformat(data["now"]), "signal": signal})


def outcome_to_json(outcome: Outcome) -> JSONObject:
    """An outcome as JSON, under the name of what it is."""
    return {"outcome": type(outcome).__name__, **asdict(outcome)}


def outcome_from_json(data: JSONObject) -> Outcome:
    """The inverse of `outcome_to_json` and `failure_to_json`. Raises the NodeFailure that the node raised."""
    values = dict(data)
    return _OUTCOMES[values.pop("outcome")](values)


def recognised(outcome: Outcome, inputs: Mapping[str, Items]) -> Outcome:
    """The outcome with items that came in and went out unchanged as the same objects, so that they are stored once."""
    if not isinstance(outcome, Emit):
        return outcome
    known = {dumps(item): item for items in inputs.values() for item in items}
    outputs = {port: [known.get(dumps(item), item) for item in items] for port, items in outcome.outputs.items()}
    return replace(outcome, outputs=outputs)


def failure_to_json(failure: Exception) -> JSONObject:
    """What a node raised, as JSON."""
    kind = failure.kind if isinstance(failure, NodeFailure) else type(failure).__name__
    permanent = isinstance(failure, NodeFailure) and failure.permanent
    return {"outcome": "Failure", "kind": kind, "message": str(failure), "permanent": permanent}


def _emit(values: Mapping[str, Any]) -> Outcome:
    response = Response(**values["response"]) if values["response"] else None
    return Emit(values["outputs"], values["memory"], response)


def _fail(values: Mapping[str, Any]) -> Outcome:
    raise NodeFailure(values["kind"], values["message"], permanent=values["permanent"])


_OUTCOMES: Mapping[str, Callable[[Mapping[str, Any]], Outcome]] = {
    "Emit": _emit,
    "WaitUntil": lambda values: WaitUntil(datetime.fromisoformat(values["until"])),
    "AwaitCallback": lambda values: AwaitCallback(
        datetime.fromisoformat(values["until"]) if values["until"] else None, values["details"]
    ),
    "StartWorkflow": lambda values: StartWorkflow(**values),
    "Failure": _fail,
}
