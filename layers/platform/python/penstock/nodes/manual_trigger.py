"""core.trigger.manual"""

from penstock.workflows.node import Call, Emit, Kind, NodeParameters, Outcome, node_type


@node_type("core.trigger.manual", kind=Kind.TRIGGER)
def manual_trigger(call: Call[NodeParameters]) -> Outcome:
    """Start when somebody says so: by the API, the command line or the console.

    Emits the items that the start was given.
    """
    return Emit.main(call.items)
