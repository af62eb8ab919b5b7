"""Executions as the API shows them."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from pydantic import BaseModel, ConfigDict, Field

from penstock.api.resources.bounds import within
from penstock.clock import from_millis, iso
from penstock.json import JSONObject
from penstock.workflows.execution.state import Execution, Status, Waiting
from penstock.workflows.execution.timeline import Entry

LONGEST_WAIT = 25
MOST_ITEMS = 10_000
SHOWN_ITEMS = 1_000
ExecutionId = Annotated[str, Path(min_length=1, max_length=200, description="The execution's id")]
NodeName = Annotated[str, Path(min_length=1, max_length=360, description="The node's name")]
Wait = Annotated[
    float,
    Query(
        ge=0,
        le=LONGEST_WAIT,
        description="How many seconds to run it within this request; 0 leaves all of it to the queue",
    ),
]


class StartExecution(BaseModel):
    """What to run."""

    model_config = ConfigDict(extra="forbid")

    workflow: str = Field(min_length=1, max_length=200, description="The workflow's id")
    items: list[dict[str, Any]] = Field(default=[{}], max_length=MOST_ITEMS, description="What the trigger is given")
    trigger: str | None = Field(default=None, max_length=120, description="The trigger's name; the first if left out")
    draft: bool = Field(default=False, description="Run the draft instead of the published version")


class Cancellation(BaseModel):
    """Why it is cancelled."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(default="", max_length=1_000)


class WaitingView(BaseModel):
    """A run that waits."""

    node: str
    run: int
    reason: str = Field(description="timer, retry, callback or child")
    until: str | None = Field(description="When the wait ends at the latest")
    details: dict[str, Any] = Field(description="What is asked of whoever calls back")
    callback: str | None = Field(description="The path to call back; shown to who may run workflows")

    @classmethod
    def of(cls, execution: Execution, waiting: Waiting, *, with_callback: bool) -> "WaitingView":
        """The run as it is shown; a child's items are left out."""
        return cls(
            node=waiting.run.node,
            run=waiting.run.number,
            reason=waiting.reason,
            until=None if waiting.until is None else iso(from_millis(waiting.until)),
            details={name: value for name, value in waiting.details.items() if name != "items"},
            callback=callback_path(execution, waiting.token) if waiting.token and with_callback else None,
        )


class Standing(BaseModel):
    """Where an execution stands."""

    id: str
    workflow: str
    revision: int = Field(description="The workflow's revision that runs")
    mode: str = Field(description="What started it: manual, webhook, event, schedule, error or child")
    trigger: str
    status: Status
    items: list[dict[str, Any]] = Field(description="What the run that finished last sent out, the first thousand")
    items_total: int = Field(description="How many there are; read the others at the node's items")
    response: dict[str, Any] | None = Field(description="What a respond node answered")
    error: dict[str, Any] | None
    waiting: list[WaitingView]

    @classmethod
    def of(cls, execution: Execution, *, with_callbacks: bool, **more: Any) -> "Standing":
        """The state as it is shown. It must have started."""
        started, result = execution.started, execution.result()
        if started is None:
            raise ValueError(f"execution {execution.id} has not started")
        waiting = execution.waiting.values() if not execution.ended else ()
        return cls(
            id=execution.id.key,
            workflow=started.workflow,
            revision=started.revision,
            mode=started.mode,
            trigger=started.trigger,
            status=execution.status,
            items=list(within(((item, item) for item in result), SHOWN_ITEMS)),
            items_total=len(result),
            response=execution.response,
            error=execution.error,
            waiting=[WaitingView.of(execution, each, with_callback=with_callbacks) for each in waiting],
            **more,
        )


class ExecutionView(Standing):
    """An execution, as it is or as it was."""

    version: int = Field(description="The number of events so far")
    started_at: str
    ended_at: str | None
    duration_ms: int | None
    actor: str
    correlation: str
    parent: str | None = Field(description="The execution that waits for this one")

    @classmethod
    def of_read(cls, execution: Execution, document: JSONObject, *, with_callbacks: bool) -> "ExecutionView":
        """The state with its times, from the document of its listing."""
        names = ("version", "started_at", "ended_at", "duration_ms", "actor", "correlation", "parent")
        shown = cls.of(execution, with_callbacks=with_callbacks, **{name: document[name] for name in names})
        return cls.model_validate(shown, from_attributes=True)


class ExecutionSummary(BaseModel):
    """An execution as it is listed."""

    model_config = ConfigDict(extra="ignore")

    id: str
    workflow: str
    revision: int
    mode: str
    trigger: str
    status: Status
    started_at: str
    ended_at: str | None
    duration_ms: int | None
    nodes_completed: int
    failures: int
    error: dict[str, Any] | None
    correlation: str
    parent: str | None


class TimelineEntry(BaseModel):
    """One event of an execution."""

    model_config = ConfigDict(from_attributes=True)

    version: int
    time: str
    type: str
    actor: str
    node: str | None
    run: int | None
    attempt: int | None
    took: int | None = Field(description="ms")
    outputs: dict[str, int] = Field(description="How many items went out, by port")
    error: dict[str, Any] | None
    reason: str | None = Field(description="What it waits for, what came, or what a failure leads to")


class Timeline(BaseModel):
    """What happened, oldest first; `next` asks for what follows, null at the end."""

    items: list[TimelineEntry]
    next: int | None = Field(description="Give it back as `after`")


class NodeItems(BaseModel):
    """What one run of a node sent out of one port."""

    node: str
    run: int
    runs: int = Field(description="How many runs of the node have ended")
    port: str | None
    ports: dict[str, int] = Field(description="How many items the run sent out, by port")
    items: list[dict[str, Any]]
    next: int | None = Field(description="Give it back as `offset`")


def callback_path(execution: Execution, token: str) -> str:
    """Where a waiting run is called back."""
    return f"/v1/callbacks/{execution.id.tenant}/{execution.id.key}/{token}"


def execution_timeline(entries: Iterable[Entry], after: int, limit: int) -> Timeline:
    """The entries after an event, `limit` at most."""
    rest = (TimelineEntry.model_validate(entry) for entry in entries if entry.version > after)
    found = list(islice(rest, limit + 1))
    return Timeline(items=found[:limit], next=found[limit - 1].version if len(found) > limit else None)


def node_items(
    node: str,
    runs: dict[int, dict[str, Sequence[JSONObject]]],
    run: int,
    port: str | None,
    offset: int,
    limit: int,
) -> NodeItems:
    """One page of what the run sent out of the port; the first port with items when none is named."""
    outputs = {name: list(items) for name, items in runs[run].items()}
    chosen = port or next((name for name, items in outputs.items() if items), None)
    items = outputs.get(chosen or "", [])
    shown = within(((item, item) for item in items[offset:]), limit)
    end = offset + len(shown)
    return NodeItems(
        node=node,
        run=run,
        runs=len(runs),
        port=chosen,
        ports={name: len(found) for name, found in outputs.items()},
        items=list(shown),
        next=end if end < len(items) else None,
    )
