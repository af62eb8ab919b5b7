"""core.callback"""

from datetime import timedelta

from pydantic import Field

from penstock.fields import FieldPath, put
from penstock.json import JSON, JSONObject
from penstock.workflows.node import AwaitCallback, Call, Emit, Kind, NodeParameters, Outcome, Signal, node_type

DAY = timedelta(days=1)
LONGEST_WAIT = timedelta(days=366)


class Parameters(NodeParameters):
    """What is waited for, and for how long."""

    message: str = Field(default="", max_length=4_000, description="What the callback is for, shown to who calls it")
    timeout_seconds: float = Field(
        default=DAY.total_seconds(),
        gt=0,
        le=LONGEST_WAIT.total_seconds(),
        description="How long to wait; a day when left out",
    )
    payload_field: FieldPath | None = Field(
        default=None,
        description="The field of the waiting items that gets the payload. Left out, the payload becomes the items",
    )


def payload_items(payload: JSON) -> list[JSONObject]:
    """A payload as items: an object is one, a list one an element; what is no object stands in a field `payload`."""
    entries = payload if isinstance(payload, list) else [payload]
    return [entry if isinstance(entry, dict) else {"payload": entry} for entry in entries]


def _called(call: Call[Parameters], signal: Signal) -> Outcome:
    if signal.kind == "timer":
        return Emit({"timed_out": call.items})
    field = call.parameters.payload_field
    if field is None:
        return Emit.main(payload_items(signal.payload))
    return Emit.main([put(item, field, signal.payload) for item in call.items])


@node_type(
    "core.callback",
    kind=Kind.CONTROL,
    parameters=Parameters,
    outputs=("main", "timed_out"),
    per_item=False,
    resume=_called,
)
def wait_for_a_callback(call: Call[Parameters]) -> Outcome:
    """Hold the items until another system calls back.

    What it sends becomes the items, or a field of those that waited. When it does not call in time, those that waited
    leave by `timed_out`, unchanged.
    """
    parameters = call.parameters
    until = call.now + timedelta(seconds=parameters.timeout_seconds)
    return AwaitCallback(until, {"kind": "callback", "message": parameters.message})
