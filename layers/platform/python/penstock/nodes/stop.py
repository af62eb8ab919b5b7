"""core.stop"""

from pydantic import Field

from penstock.workflows.node import Call, Kind, NodeFailure, NodeParameters, Outcome, node_type


class Parameters(NodeParameters):
    """What went wrong."""

    message: str = Field(
        min_length=1, max_length=1_000, description="A sentence for people: what is wrong, and with what"
    )
    kind: str = Field(
        default="Stopped",
        pattern=r"^[A-Za-z][A-Za-z0-9_]{0,59}$",
        description="A stable word for the kind of error, for error workflows to look at",
    )


@node_type("core.stop", kind=Kind.CONTROL, parameters=Parameters, per_item=False)
def stop_with_error(call: Call[Parameters]) -> Outcome:
    """End the execution as failed, with a message of your own.

    The failure counts as any node's: the error workflow is started, and it is never tried again by itself.
    """
    raise NodeFailure(call.parameters.kind, call.parameters.message, permanent=True)
