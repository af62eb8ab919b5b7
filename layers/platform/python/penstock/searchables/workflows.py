"""Workflows as they are found: by name, description, and by their nodes' names, types and notes."""

from collections.abc import Iterator

from penstock.clock import to_millis
from penstock.events import StreamId
from penstock.search.model import Document
from penstock.search.searchable import Read, Searchable
from penstock.workflows.lifecycle import AGGREGATE, EVENTS


def documents(stream: StreamId, read: Read) -> Iterator[Document]:
    """The draft of a workflow that is not deleted."""
    workflow, time = AGGREGATE.initial(stream), 0
    for commit in read(stream):
        workflow = AGGREGATE.fold(workflow, commit.events)
        time = to_millis(commit.events[-1].time)
    if not workflow.is_there:
        return
    definition = workflow.definition
    lines = [definition.get("description", ""), stream.key]
    lines += [f"{node['name']} ({node['type']}) {node.get('notes') or ''}".rstrip() for node in definition["nodes"]]
    yield Document(
        id=f"workflow:{stream.key}",
        type="workflow",
        title=definition["name"],
        body="\n".join(line for line in lines if line),
        url=f"/v1/workflows/{stream.key}",
        time=time,
        fields={
            "status": [workflow.status],
            "workflow": [stream.key],
            "node": [node["name"] for node in definition["nodes"]],
            "node_type": [node["type"] for node in definition["nodes"]],
            "wing": [node["type"].partition(".")[0] for node in definition["nodes"]],
        },
    )


WORKFLOWS = Searchable("workflows", EVENTS.kind, documents)
