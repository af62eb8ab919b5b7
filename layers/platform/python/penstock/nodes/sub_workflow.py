"""core.workflow"""

from pydantic import Field

from penstock.workflows.node import (
    Call,
    Emit,
    Kind,
    NodeFailure,
    NodeParameters,
    Outcome,
    Signal,
    StartWorkflow,
    node_type,
)


class Parameters(NodeParameters):
    """Which workflow."""

    workflow: str = Field(
        min_length=1, max_length=200, pattern=r"^[^\s#]+$", description="The id of a published workflow"
    )


def _ended(call: Call[Parameters], signal: Signal) -> Outcome:
    """What the child came to."""
    ended = signal.payload
    if ended["status"] == "done":
        return Emit.main(ended["items"])
    error = ended["error"] or {}
    reason = ": ".join(filter(None, [error.get("type"), error.get("message")])) or f"it was {ended['status']}"
    child = f"execution {ended['execution']}" if ended["execution"] else f"workflow {call.parameters.workflow}"
    raise NodeFailure("ChildFailed", f"{child}: {reason}")


@node_type("core.workflow", kind=Kind.CONTROL, parameters=Parameters, per_item=False, resume=_ended)
def sub_workflow(call: Call[Parameters]) -> Outcome:
    """Run another workflow on the items, and go on with what it gives.

    It gets all items at once, and gives those of the node that finished last. Its failure is this node's.
    """
    return StartWorkflow(call.parameters.workflow, call.items)
