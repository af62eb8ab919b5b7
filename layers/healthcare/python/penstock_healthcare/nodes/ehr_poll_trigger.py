"""healthcare.trigger.ehr_poll"""

from typing import Annotated, Any

from pydantic import Field

from penstock.json import JSONObject
from penstock.workflows.node import Call, Emit, Kind, Listens, NodeFailure, NodeParameters, Outcome, node_type
from penstock_healthcare.fhir.polling.events import EVENTS

_Name = Annotated[str, Field(min_length=1, max_length=64)]
_SHOWN = ("poll", "connection", "resource_type", "version", "last_updated", "resource")


class Parameters(NodeParameters):
    """Which changes."""

    polls: tuple[_Name, ...] = Field(
        default=(), max_length=100, description="Names of polls, as `healthcare.ehr.poll` has them. Empty: all"
    )
    connections: tuple[_Name, ...] = Field(default=(), max_length=100, description="Names of connections. Empty: all")
    resource_types: tuple[_Name, ...] = Field(default=(), max_length=100, description="Observation, … Empty: all")


@node_type(
    "healthcare.trigger.ehr_poll",
    kind=Kind.TRIGGER,
    parameters=Parameters,
    per_item=False,
    listens=Listens(
        kind=EVENTS.kind,
        types=("EhrResourceChanged",),
        match={
            "data.poll": "polls",
            "data.connection": "connections",
            "data.resource_type": "resource_types",
        },
    ),
)
def ehr_resource_changed(call: Call[Parameters]) -> Outcome:
    """Start when a poll finds a resource that is new at an outside FHIR server, or has another version.

    Each version starts it once. Emits one item: `reference`, `resource`, `resource_type`, `version`, `last_updated`,
    `connection` and `poll`. An execution that is started by hand with an item that has a `resource` gets that item as
    it is: so a workflow can be tried out.
    """
    return Emit.main([item if "resource" in item else _changed(item) for item in call.items])


def _changed(event: JSONObject) -> JSONObject:
    data: Any = event.get("data")
    if event.get("kind") != EVENTS.kind or not isinstance(data, dict) or not set(_SHOWN) <= data.keys():
        reason = "the item is neither a polled resource's event nor has it a resource"
        raise NodeFailure("NoResource", reason, permanent=True)
    reference = f"{data['resource_type']}/{data.get('resource_id', '')}"
    return {"reference": reference, **{name: data[name] for name in _SHOWN}}
