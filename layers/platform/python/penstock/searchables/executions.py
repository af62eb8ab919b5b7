"""Executions as they are found, and the errors of those that failed. Nothing of their items is in either."""

from collections.abc import Iterable, Iterator

from penstock.clock import to_millis
from penstock.events import Commit, StreamId
from penstock.events.projection import fold
from penstock.json import JSONObject
from penstock.projections.executions import EXECUTIONS
from penstock.search.model import Document
from penstock.search.searchable import Read, Searchable
from penstock.workflows.execution.events import EVENTS
from penstock.workflows.execution.state import Status
from penstock.workflows.lifecycle import AGGREGATE
from penstock.workflows.lifecycle import EVENTS as WORKFLOW


def documents(stream: StreamId, read: Read) -> Iterator[Document]:
    """The execution; and its error, while it is failed."""
    commits = tuple(read(stream))
    row = fold(EXECUTIONS, stream, None, commits)
    if row is None or row.document is None:
        return
    shown, definition = row.document, _definition(stream, row.document, read)
    node = _failed_node(commits)
    yield _execution(stream, shown, definition)
    if shown["status"] == Status.FAILED:
        time = to_millis(commits[-1].events[-1].time)
        yield _error(stream, shown, definition, node, time)


def _execution(stream: StreamId, shown: JSONObject, definition: JSONObject) -> Document:
    error = shown["error"] or {}
    lines = [shown["status"], shown["mode"], error.get("type"), error.get("message"), stream.key, shown["correlation"]]
    return Document(
        id=f"execution:{stream.key}",
        type="execution",
        title=str(definition.get("name", shown["workflow"])),
        body="\n".join(str(line) for line in lines if line),
        url=f"/v1/executions/{stream.key}",
        time=shown["started_ms"],
        fields={
            "status": [shown["status"]],
            "workflow": [shown["workflow"]],
            "trigger": [shown["mode"]],
            "error": [error.get("type", "")],
        },
    )


def _error(stream: StreamId, shown: JSONObject, definition: JSONObject, node: str | None, time: int) -> Document:
    error, types = shown["error"] or {}, {each["name"]: each["type"] for each in definition.get("nodes", ())}
    kind = error.get("type", "")
    return Document(
        id=f"error:{stream.key}",
        type="error",
        title=f"{kind} in {node}" if node else kind,
        body="\n".join(filter(None, [error.get("message"), definition.get("name"), types.get(node), stream.key])),
        url=f"/v1/executions/{stream.key}",
        time=time,
        fields={
            "status": [shown["status"]],
            "workflow": [shown["workflow"]],
            "error": [kind],
            "node": [node or ""],
            "node_type": [types.get(node, "")],
        },
    )


def _failed_node(commits: Iterable[Commit]) -> str | None:
    failures = [event for commit in commits for event in commit.events if event.type == "ExecutionFailed"]
    return failures[-1].data.get("node") if failures else None


def _definition(stream: StreamId, shown: JSONObject, read: Read) -> JSONObject:
    """The workflow's definition as it stood at the revision that ran; empty when there is none."""
    home = StreamId(stream.tenant, WORKFLOW.kind, shown["workflow"])
    workflow = AGGREGATE.initial(home)
    for commit in read(home):
        events = [event for event in commit.events if event.version <= shown["revision"]]
        workflow = AGGREGATE.fold(workflow, events)
    return workflow.definition


RUNS = Searchable("executions", EVENTS.kind, documents)
