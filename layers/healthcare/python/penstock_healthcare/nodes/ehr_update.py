"""healthcare.ehr.update"""

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pydantic import Field

from penstock.json import JSON, JSONObject
from penstock.workflows.node import Call, Emit, Kind, Outcome, node_type
from penstock_healthcare.fhir import text
from penstock_healthcare.nodes.ehr_calls import EhrParameters, Servers, given, servers, shown, told

if TYPE_CHECKING:
    from penstock_healthcare.fhir.client.answers import Written
    from penstock_healthcare.fhir.client.client import FhirClient

_SERVERS_OWN = ("versionId", "lastUpdated")


class Parameters(EhrParameters):
    """What is written over what."""

    resource: dict[str, Any] | None = Field(
        default=None, description="The whole resource with its id; the item's `resource` when left out"
    )
    version: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9.-]{0,64}$",
        description="The version that it takes the place of; left out, the resource's own; empty: whichever there is",
    )


@node_type("healthcare.ehr.update", kind=Kind.ACTION, parameters=Parameters)
def update_in_ehr(call: Call[Parameters]) -> Outcome:
    """Write a resource over its version at an outside FHIR server.

    When somebody changed it meanwhile the node fails (`ChangedMeanwhile`), unless what stands there is what it would
    write: a run that is done again finds its own work. Adds `ehr` to the item: the `reference`, the new `version`, and
    whether the resource was `created`.
    """
    with servers(call) as known:
        return Emit.main([_updated(known, index, *each) for index, each in enumerate(call.each())])


def _updated(known: Servers, index: int, item: JSONObject, parameters: Parameters) -> JSONObject:
    from penstock_healthcare.fhir.client.answers import own_version

    resource = given(index, item, "resource", parameters.resource)
    version = own_version(resource) if parameters.version is None else parameters.version
    with told(index):
        return {**item, "ehr": shown(_write(known.client(parameters.connection), resource, version))}


def _write(client: "FhirClient", resource: JSONObject, version: str) -> "Written":
    from penstock_healthcare.fhir.client.answers import Written, own_version
    from penstock_healthcare.fhir.client.errors import ChangedMeanwhile

    try:
        return client.update(resource, version)
    except ChangedMeanwhile:
        kind, key = str(resource["resourceType"]), str(resource.get("id", ""))
        stands = client.read(kind, key)
        if _content(stands) != _content(resource):
            raise
        return Written(f"{kind}/{key}", own_version(stands), False, stands)


def _content(resource: JSONObject) -> JSON:
    """What the resource says, without what servers say about it."""
    meta = resource.get("meta")
    said = {name: value for name, value in meta.items() if name not in _SERVERS_OWN} if isinstance(meta, dict) else {}
    rest = {name: value for name, value in resource.items() if name != "meta"}
    return json.loads(text.write({**rest, "meta": said}), parse_float=Decimal)
