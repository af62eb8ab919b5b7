"""core.projection.rebuild"""

from pydantic import Field

from penstock.events import Origin
from penstock.json import JSONObject
from penstock.rebuilds.catalogue import known_projections
from penstock.rebuilds.errors import RebuildRunning, UnknownProjection
from penstock.rebuilds.standing import AGGREGATE, StartRebuild, commands
from penstock.workflows.node import Call, Emit, Kind, NodeFailure, NodeParameters, Outcome, node_type


class Parameters(NodeParameters):
    """Which read models."""

    projections: tuple[str, ...] = Field(
        default=(),
        max_length=100,
        description="Their names: executions, metrics, search …; all of them when none is named",
    )


@node_type("core.projection.rebuild", kind=Kind.ACTION, parameters=Parameters)
def projection_rebuild(call: Call[Parameters]) -> Outcome:
    """Rebuild read models from all that ever happened, beside what is live, which is shown until they are complete.

    Gives one item for each read model: its name, and whether a rebuild was begun or was under way already.
    """
    named = [name for _, parameters in call.each() for name in parameters.projections or known_projections()]
    return Emit.main([_rebuild(call, name) for name in dict.fromkeys(named)])


def _rebuild(call: Call[Parameters], name: str) -> JSONObject:
    known = known_projections().get(name)
    if known is None:
        raise NodeFailure("UnknownProjection", str(UnknownProjection(name)), permanent=True)
    command = StartRebuild.of(known, call.services.feed.head(call.tenant))
    origin = Origin(f"workflow:{call.workflow}", call.execution)
    handling = commands(call.services.store, lambda: call.now)
    try:
        handling.handle(AGGREGATE.stream(call.tenant, name), command, origin, command_id=call.key)
    except RebuildRunning:
        return {"projection": name, "begun": False}
    return {"projection": name, "begun": True}
