"""core.if"""

from pydantic import Field

from penstock.json import JSONObject
from penstock.workflows.node import Call, Emit, Kind, NodeParameters, Outcome, node_type


class Parameters(NodeParameters):
    """What decides."""

    condition: bool = Field(description="Decides for each item, as in {{ $json.flag === 'H' }}")


@node_type("core.if", kind=Kind.CONTROL, parameters=Parameters, outputs=("true", "false"))
def if_(call: Call[Parameters]) -> Outcome:
    """Send each item one of two ways.

    Items that meet the condition leave by `true`, the others by `false`, in their order.
    """
    ways: dict[bool, list[JSONObject]] = {True: [], False: []}
    for item, parameters in call.each():
        ways[parameters.condition].append(item)
    return Emit({"true": ways[True], "false": ways[False]})
