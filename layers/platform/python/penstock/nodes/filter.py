"""core.filter"""

from pydantic import Field

from penstock.json import JSONObject
from penstock.workflows.node import Call, Emit, Kind, NodeParameters, Outcome, node_type


class Parameters(NodeParameters):
    """What decides."""

    condition: bool = Field(description="Kept when true, as in {{ $json.age >= 18 }}")


@node_type("core.filter", kind=Kind.CONTROL, parameters=Parameters, outputs=("kept", "dropped"))
def filter_items(call: Call[Parameters]) -> Outcome:
    """Keep the items that meet a condition.

    Items that meet it leave by `kept`, the others by `dropped`, in their order.
    """
    kept: list[JSONObject] = []
    dropped: list[JSONObject] = []
    for item, parameters in call.each():
        (kept if parameters.condition else dropped).append(item)
    return Emit({"kept": kept, "dropped": dropped})
