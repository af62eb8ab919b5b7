"""healthcare.ehr.read"""

from pydantic import Field

from penstock.json import Items, JSONObject
from penstock.workflows.node import Call, Emit, Kind, Outcome, node_type
from penstock_healthcare.nodes.ehr_calls import REFERENCE, EhrParameters, Servers, servers, told


class Parameters(EhrParameters):
    """Which resource."""

    reference: str = Field(pattern=REFERENCE, description="Type and id: Patient/123")
    version: str = Field(
        default="", pattern=r"^[A-Za-z0-9.-]{0,64}$", description="A version of it; left out, the newest"
    )


@node_type("healthcare.ehr.read", kind=Kind.ACTION, parameters=Parameters, outputs=("main", "missing"))
def read_from_ehr(call: Call[Parameters]) -> Outcome:
    """Read a resource from an outside FHIR server.

    Adds `resource` to the item. Items whose resource is not there, or was deleted, leave by `missing` as they came.
    """
    ports: dict[str, Items] = {"main": [], "missing": []}
    with servers(call) as known:
        for index, (item, parameters) in enumerate(call.each()):
            found = _found(known, index, parameters)
            ports["missing" if found is None else "main"].append(item if found is None else {**item, "resource": found})
    return Emit(ports)


def _found(known: Servers, index: int, parameters: Parameters) -> JSONObject | None:
    from penstock_healthcare.fhir.client.errors import NotThere

    kind, _, key = parameters.reference.partition("/")
    with told(index):
        try:
            return known.client(parameters.connection).read(kind, key, parameters.version)
        except NotThere:
            return None
