"""core.loop"""

from pydantic import Field

from penstock.workflows.node import Call, Emit, Kind, NodeParameters, Outcome, node_type


class Parameters(NodeParameters):
    """How many at a time."""

    batch_size: int = Field(default=1, ge=1, le=10_000, description="How many items go through the loop at once")


@node_type(
    "core.loop",
    kind=Kind.CONTROL,
    parameters=Parameters,
    inputs=("main", "next"),
    outputs=("batch", "done"),
    join="loop",
    per_item=False,
)
def loop_over_items(call: Call[Parameters]) -> Outcome:
    """Go through the items in batches.

    Each batch leaves by `batch`; connect the end of what is done with it to the input `next`. When a batch's work has
    come to its end, with items or without, the next one leaves. All that came back leaves by `done`, in order.
    """
    items, begun = call.items, call.memory or 0
    batch = items[begun : begun + call.parameters.batch_size]
    if not batch:
        return Emit({"done": call.inputs.get("next", ())})
    return Emit({"batch": batch}, memory=begun + len(batch))
