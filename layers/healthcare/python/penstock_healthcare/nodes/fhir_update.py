"""healthcare.fhir.update"""

from typing import Any

from pydantic import Field

from penstock.json import JSONObject
from penstock.workflows.node import Call, Kind, Outcome, node_type
from penstock_healthcare.nodes.resources import Writing, each, failing, given, identified, interactions, with_told


class Parameters(Writing):
    """What is updated."""

    resource: dict[str, Any] | None = Field(
        default=None, description="The whole FHIR resource, with its id; the item's `resource` when left out"
    )
    version: int | None = Field(
        default=None, ge=1, description="The version that the change is meant for; any when left out"
    )


@node_type("healthcare.fhir.update", kind=Kind.ACTION, parameters=Parameters)
def update_fhir(call: Call[Parameters]) -> Outcome:
    """Keep a FHIR resource as the newest version of itself; as the first one where there is none.

    The resource must be valid R4. With `version`, it fails (`VersionConflict`) when somebody else changed the resource
    since. Adds `written` to the item: its `reference`, `id`, `version`, and whether it was `created` or `changed`.
    """
    return each(call, _updated)


def _updated(call: Call[Parameters], index: int, item: JSONObject, parameters: Parameters) -> JSONObject:
    where, doing = f"item {index}: resource", interactions(call, index)
    resource = identified(given(item, parameters.resource, "resource"), where)
    with failing(where):
        written = doing.update(resource, resource["id"], parameters.version)
    return with_told(item, parameters.into, doing, written)
