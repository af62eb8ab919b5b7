"""What can happen in an execution.

Outputs are stored by port: a list of items, or, where they are items that came in, which of them:
`{"from": port}` for all, `{"from": port, "pick": [0, 2]}` for some. Times within data are milliseconds UTC.
"""

from dataclasses import dataclass, field
from typing import Any

from penstock.events.personal import emptied, without_text
from penstock.events.types import EventTypes
from penstock.json import JSON, JSONObject

EVENTS = EventTypes("execution")
StoredOutputs = dict[str, Any]


@EVENTS.type
@dataclass(frozen=True, slots=True)
class ExecutionStarted:
    """Run `trigger` of the workflow, as it stood at `revision`, on the items. `parent` waits for the end, if given."""

    workflow: str
    revision: int
    trigger: str
    items: list[JSONObject]
    mode: str
    deadline: int | None = None
    parent: JSONObject | None = None


@EVENTS.type
@dataclass(frozen=True, slots=True)
class NodeCompleted:
    """A run of a node gave its outputs. `took` is in milliseconds."""

    node: str
    run: int
    outputs: StoredOutputs
    took: int = 0
    memory: JSON = None
    response: JSONObject | None = None


@EVENTS.type
@dataclass(frozen=True, slots=True)
class NodeFailed:
    """A run of a node failed. `then` is retry (at `retry_at`), stop, or pass: the failure went out as `outputs`."""

    node: str
    run: int
    attempt: int
    error: JSONObject
    then: str
    retry_at: int | None = None
    outputs: StoredOutputs = field(default_factory=dict)


@EVENTS.type
@dataclass(frozen=True, slots=True)
class NodeWaiting:
    """A run of a node waits: for a `timer`, a `callback` (by its token) or a `child` execution."""

    node: str
    run: int
    reason: str
    until: int | None = None
    token: str | None = None
    details: JSONObject = field(default_factory=dict)


@EVENTS.type
@dataclass(frozen=True, slots=True)
class NodeResumed:
    """What a run waited for has come: a `timer`, a `retry`, a `callback` or a `child`."""

    node: str
    run: int
    signal: str
    payload: JSON = None


@EVENTS.type
@dataclass(frozen=True, slots=True)
class ExecutionCompleted:
    """Nothing is left to run."""


@EVENTS.type
@dataclass(frozen=True, slots=True)
class ExecutionFailed:
    """A node's failure, or the time limit, ended it. `node` is None for the time limit."""

    error: JSONObject
    node: str | None = None


@EVENTS.type
@dataclass(frozen=True, slots=True)
class ExecutionCancelled:
    """Somebody ended it."""

    reason: str = ""


@EVENTS.type
@dataclass(frozen=True, slots=True)
class ExecutionRetried:
    """A failed execution goes on from the node that failed, with a new time limit."""

    deadline: int | None = None


def _without_items(outputs: StoredOutputs) -> StoredOutputs:
    """Which items were sent on stays, and how many: the nodes after them ran because of that."""
    return {port: emptied(items) if isinstance(items, list) else items for port, items in outputs.items()}


def _without_answer(details: JSONObject) -> JSONObject:
    """What is waited for stays; not what is asked, nor a child's items."""
    items = _without_items({"items": details["items"]}) if "items" in details else {}
    return {**without_text("kind", "workflow")(details), **items}


EVENTS.personal("ExecutionStarted", items=emptied)
EVENTS.personal("NodeCompleted", outputs=_without_items, memory=emptied, response=without_text("status"))
EVENTS.personal("NodeFailed", error=without_text("type"), outputs=_without_items)
EVENTS.personal("NodeWaiting", details=_without_answer)
EVENTS.personal("NodeResumed", payload=emptied)
EVENTS.personal("ExecutionFailed", error=without_text("type"))
EVENTS.personal("ExecutionCancelled", reason="")
