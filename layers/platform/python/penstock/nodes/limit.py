"""core.limit"""

from typing import Literal

from pydantic import Field

from penstock.workflows.node import Call, Emit, Kind, NodeParameters, Outcome, node_type


class Parameters(NodeParameters):
    """How many, and which."""

    count: int = Field(default=1, ge=0, le=1_000_000, description="How many items to keep")
    keep: Literal["first", "last"] = Field(default="first", description="Which end to keep them from")


@node_type("core.limit", kind=Kind.QUERY, parameters=Parameters, per_item=False)
def limit(call: Call[Parameters]) -> Outcome:
    """Keep the first or the last items, in their order."""
    items, count = call.items, call.parameters.count
    start = max(len(items) - count, 0) if call.parameters.keep == "last" else 0
    return Emit.main(items[start : start + count])
