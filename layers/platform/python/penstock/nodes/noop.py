"""core.noop"""

from penstock.workflows.node import Call, Emit, Kind, NodeParameters, Outcome, node_type


@node_type("core.noop", kind=Kind.CONTROL, per_item=False)
def no_operation(call: Call[NodeParameters]) -> Outcome:
    """Do nothing: the items pass through.

    A place where branches meet, or the end of one that needs no more.
    """
    return Emit.main(call.items)
